package task

import (
	"fmt"

	"github.com/oklog/ulid/v2"
)

// ID names one task: one execution of one node within a run. Seq counts the
// executions of the run from 1.
type ID struct {
	Run string
	Seq uint64
}

// String is "run/seq", for logs.
func (id ID) String() string { return fmt.Sprintf("%s/%d", id.Run, id.Seq) }

// NewKey makes a fresh sortable identifier of 26 letters and digits, for runs,
// workers and launches.
func NewKey() string { return ulid.Make().String() }
