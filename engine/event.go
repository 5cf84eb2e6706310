package engine

import (
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Event is something that happened to a run: Begin, Ended or Cancel.
type Event interface{ event() }

// Begin starts the run.
type Begin struct{}

// Ended reports how one attempt at a task ended.
type Ended struct{ Result task.Result }

// Cancel ends the run because somebody asked for it.
type Cancel struct{ Reason string }

func (Begin) event()  {}
func (Ended) event()  {}
func (Cancel) event() {}

// Action is something to be done for a run: Start, Begun, Stop, Release or Finish.
type Action interface{ action() }

// Start asks for an attempt at a task, to be begun some time later if After is
// not zero.
type Start struct {
	Request *task.Request
	After   time.Duration
}

// Begun says that a task is being executed already, by the interpreter that
// executed the one before it.
type Begun struct{ Request *task.Request }

// Stop says that no attempt at a task is of any use any more, whether it is being
// executed or still waits: the run is over, or an older attempt has succeeded.
type Stop struct{ ID task.ID }

// Release says that nobody will read the outputs of a task any more. Values
// are those of its outputs that take room somewhere.
type Release struct {
	ID     task.ID
	Values []task.Value
}

// Finish says that the run is over. It is the last action of a run.
type Finish struct{ Outcome Outcome }

func (Start) action()   {}
func (Begun) action()   {}
func (Stop) action()    {}
func (Release) action() {}
func (Finish) action()  {}

// Outcome is how a run ended.
type Outcome struct {
	Run    string
	Status Status
	// Node is the node that failed, if one did.
	Node string
	// Failure tells why the run did not succeed.
	Failure task.Failure
	// Exception is the Python exception that ended the run, if values are wanted.
	Exception task.Value
	// Outputs are the selected outputs of the run, in the order in which they
	// are to be merged: later ones replace earlier ones of the same name.
	Outputs []Output
}

// Status is how a run ended, or that it has not.
type Status string

const (
	Running   Status = "running"
	Succeeded Status = "succeeded"
	Failed    Status = "failed"
	Cancelled Status = "cancelled"
)

// Output is one output of a run. Without a name it stands for a selected node
// that was executed and has no outputs.
type Output struct {
	// Position is that of the node in the workflow, Node its id as text.
	Position int
	Node     string
	Name     string
	task.Value
	// Shown is the value as JSON text.
	Shown string
}

// Counts are numbers of tasks of a run.
type Counts struct {
	// Nodes is the number of nodes of the workflow.
	Nodes int `json:"nodes"`
	// Started and Succeeded count tasks, not attempts.
	Started   int `json:"started"`
	Succeeded int `json:"succeeded"`
	Failed    int `json:"failed"`
	// Lost counts attempts that vanished, Retried those that failed and were
	// followed by another.
	Lost    int `json:"lost"`
	Retried int `json:"retried"`
}
