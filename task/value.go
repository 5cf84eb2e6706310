package task

import "encoding/json"

// Kind says where a value is.
type Kind byte

const (
	// Missing is ewoks' MISSING_DATA: no value at all, which is not None.
	Missing Kind = iota
	// Literal is a value given in a document or on a command line, as JSON.
	Literal
	// Pickled is a small Python object that travels with the message.
	Pickled
	// Stored is a Python object in a file of the value store.
	Stored
	// Held is a Python object that stayed in the interpreter that made it.
	Held
	// Passed is an output of the task before, in a request that follows another.
	Passed
	// Group is a mapping of names to values: the whole outputs of a task.
	Group
)

// Value is one datum that a task takes or gives. Which fields count depends on
// Kind.
type Value struct {
	Kind Kind
	// JSON is the text of a Literal.
	JSON json.RawMessage
	// Blobs are the pickle of a Pickled value, followed by its out-of-band
	// buffers.
	Blobs [][]byte
	// Path names the file of a Stored value.
	Path string
	// Size is the number of bytes of a Stored value.
	Size int64
	// Seq is the task that made a Held value, and Output its name there, or the
	// name of a Passed value.
	Seq    uint64
	Output string
	// Members are the values of a Group.
	Members []Named
}

// Named is a value under the name of an input or output.
type Named struct {
	Name  string
	Value Value
}
