package jobscript

import (
	"regexp"
	"strings"
)

var (
	plainWord     = regexp.MustCompile(`^[A-Za-z0-9_./:@%+,][A-Za-z0-9_./:@%+=,-]*$|^-[A-Za-z0-9_./:@%+=,-]*$`)
	shellVariable = regexp.MustCompile(`\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))`)
)

// quote writes one word for the shell, which then stands for itself.
func quote(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// expand writes local_directory for the shell on the node, which puts in its
// variables. One that is not set there ends the job, lest "$SCRATCH/x" be "/x".
func expand(local string) string {
	return `"` + shellVariable.ReplaceAllString(local, `${$1$2:?is needed by local_directory}`) + `"`
}
