package campaigner

import (
	"context"
	"encoding/json"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// Runs is the cluster that executes rows.
type Runs interface {
	// Register keeps the flat document of a workflow for the rows that name it, and
	// returns what they name. It fails if the cluster can never execute such rows: as a
	// whole, in one interpreter, or task by task.
	Register(ctx context.Context, document json.RawMessage, whole bool) (id string, err error)
	// Submit hands rows to the cluster. When it returns without an error they are known
	// there, also those that were known already; what the cluster refuses comes back
	// through Ended.
	Submit(ctx context.Context, rows []Row) error
	// Cancel ends runs; that they have ended comes through Ended.
	Cancel(ctx context.Context, runs []string, reason string) error
	// Known tells which runs the cluster knows: they go on, or have ended and will be
	// told again.
	Known(runs []string) map[string]bool
	// Taken says that the ends of these runs are kept, and need not be told again.
	Taken(runs []string)
}

// Row is an attempt at a row of a campaign.
type Row struct {
	// Run is the id of the attempt; no two have the same.
	Run      string
	Campaign string
	Number   int
	// Workflow is what Register returned, Inputs a list of ewoks graph inputs as JSON.
	Workflow string
	Inputs   json.RawMessage
	Outputs  []workflow.Selected
	// Whole rows are executed in one interpreter.
	Whole       bool
	Priority    int
	Environment task.Environment
	Limit       time.Duration
	KeepGoing   bool
	Context     json.RawMessage
	// User is who submitted the campaign, for people to read.
	User string
}

// Outcome is how an attempt at a row ended.
type Outcome string

// The ways to end. Lost is through no fault of the row: its worker vanished.
const (
	Succeeded Outcome = "succeeded"
	Failed    Outcome = "failed"
	Cancelled Outcome = "cancelled"
	Lost      Outcome = "lost"
)

// End is how an attempt ended.
type End struct {
	Run      string
	Campaign string
	Row      int
	State    Outcome
	// Failure is why it did not succeed, with the node of the workflow.
	Failure           task.Failure
	Worker, Host, Job string
	Started, Ended    time.Time
	// PeakMemory is in bytes, 0 if it is not known.
	PeakMemory int64
	// Outputs is a JSON object of names and values.
	Outputs json.RawMessage
	// Printed is what tasks printed.
	Printed []Printed
	Steps   []task.Step
}

// Printed is what a task printed. Node is empty if that is not known.
type Printed struct {
	Node   string `json:"node,omitempty"`
	Stdout string `json:"stdout,omitempty"`
	Stderr string `json:"stderr,omitempty"`
}

// lost tells whether the attempt ended through no fault of the row.
func (e *End) lost() bool {
	return e.State == Lost || e.State == Failed && (e.Failure.Cause == task.Gone || e.Failure.Cause == task.Walltime)
}
