package workflow

import (
	"strconv"
	"strings"
)

// ID identifies a node. A node that came from a subgraph has a nested id: the
// path from the outermost graph node down to it. IDs are comparable.
type ID string

const pathSeparator = "\x00"

// NewID makes an id from its path, outermost graph node first.
func NewID(path ...string) ID { return ID(strings.Join(path, pathSeparator)) }

// Path returns the components of the id, outermost first.
func (id ID) Path() []string { return strings.Split(string(id), pathSeparator) }

// Nested reports whether the id has more than one component.
func (id ID) Nested() bool { return strings.Contains(string(id), pathSeparator) }

// Within returns the id that this node has once its graph is the node parent
// of another graph.
func (id ID) Within(parent ID) ID { return parent + pathSeparator + id }

// String joins the components with colons: "s:t:x".
func (id ID) String() string { return strings.ReplaceAll(string(id), pathSeparator, ":") }

// split separates the outermost graph node from the rest of a nested id.
func (id ID) split() (parent, child ID, nested bool) {
	outer, inner, nested := strings.Cut(string(id), pathSeparator)
	return ID(outer), ID(inner), nested
}

// MarshalJSON writes a plain id as a string and a nested one as nested pairs:
// ["s", ["t", "x"]].
func (id ID) MarshalJSON() ([]byte, error) { return appendID(nil, id), nil }

// UnmarshalJSON reads what MarshalJSON writes, and integers as their decimal
// text.
func (id *ID) UnmarshalJSON(data []byte) error {
	var r report
	d := newDecoder(data, DefaultMaxDepth, &r)
	d.peek()
	value, _, ok, err := d.id("id")
	if err != nil {
		return err
	}
	if !ok {
		return r.err()
	}
	*id = value
	return nil
}

// Arg names an argument of a task: an identifier, or a position in decimal
// ("0", "1"). A name of digits is that position.
type Arg string

// Position returns the argument's position when it is positional.
func (a Arg) Position() (int, bool) {
	if a == "" || len(a) > 9 {
		return 0, false
	}
	for _, c := range a {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	n, err := strconv.Atoi(string(a))
	return n, err == nil
}
