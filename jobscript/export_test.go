package jobscript

// What the tests of the outside look at.
var (
	SbatchWords    = sbatchWords
	GeneratedNames = generatedNames
)
