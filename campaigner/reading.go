package campaigner

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/ledger"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Rows calls each with rows of a campaign, in their order; it ends at the first error.
func (f Folder) Rows(ctx context.Context, name string, q ledger.Query, each func(ledger.Row) error) error {
	return f.read(ctx, name, func(l *ledger.Ledger) error {
		for row, err := range l.Rows(ctx, q) {
			if err == nil {
				err = each(row)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Export writes the table of a campaign, see [ledger.Ledger.Export].
func (f Folder) Export(ctx context.Context, name string, w io.Writer, o ledger.ExportOptions) error {
	return f.read(ctx, name, func(l *ledger.Ledger) error { return l.Export(ctx, w, o) })
}

// Attempt is one try at a row, with what it printed.
type Attempt struct {
	Number  int          `json:"number"`
	State   string       `json:"state"`
	Cause   ledger.Cause `json:"cause,omitempty"`
	Node    string       `json:"node,omitempty"`
	Job     string       `json:"job,omitempty"`
	Started time.Time    `json:"started,omitzero"`
	Seconds float64      `json:"seconds,omitempty"`
	Error   string       `json:"error,omitempty"`
	Message string       `json:"message,omitempty"`
	Task    string       `json:"task,omitempty"`
	Run     string       `json:"run,omitempty"`
	Worker  string       `json:"worker,omitempty"`
	// PeakMemory is in bytes.
	PeakMemory int64 `json:"peak_memory,omitempty"`
	// Steps are the tasks of the row, if they were executed as one.
	Steps   []task.Step `json:"steps,omitempty"`
	Printed []Printed   `json:"printed,omitempty"`
}

// RowError is a row that a campaign does not have.
type RowError struct{ message, hint string }

func (e *RowError) Error() string { return e.message }

// Hint tells which rows there are.
func (e *RowError) Hint() string { return e.hint }

// Attempts tells of all attempts at a row and what they printed.
func (f Folder) Attempts(ctx context.Context, name string, row int) (list []Attempt, err error) {
	err = f.read(ctx, name, func(l *ledger.Ledger) error {
		if err := exists(ctx, l, name, row); err != nil {
			return err
		}
		attempts, err := l.Attempts(ctx, row)
		if err != nil {
			return err
		}
		for _, a := range attempts {
			shown := Attempt{
				Number: a.Number, State: string(a.State), Cause: a.Cause, Node: a.Node, Job: a.Job, Started: a.Started,
				Seconds: a.Duration().Seconds(), Error: a.ErrorType, Message: a.Message, Task: a.Task,
				Run: a.Run, Worker: a.Worker, PeakMemory: a.PeakMemory, Steps: a.Steps,
			}
			if a.Log != "" {
				if shown.Printed, err = f.readPrinted(name, a.Log); err != nil {
					return err
				}
			}
			list = append(list, shown)
		}
		return nil
	})
	return list, err
}

func exists(ctx context.Context, l *ledger.Ledger, name string, row int) error {
	before := row - 1
	for found, err := range l.Rows(ctx, ledger.Query{After: &before, Limit: 1}) {
		if err != nil {
			return err
		}
		if found.Number == row {
			return nil
		}
	}
	return &RowError{fmt.Sprintf("campaign %s has no row %d", name, row), "rows are counted from 0; ewoks-hpc campaign rows " + name + " lists them"}
}
