package app

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/campaigner"
	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
	"github.com/ewoks-hpc/ewoks-hpc/ledger"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Row implements [dashboard.Rows]: from the ledger what became of the row, and from
// the history what the ledger does not keep, tracebacks and tasks.
func (d campaignDetails) Row(ctx context.Context, name string, number int) (row dashboard.RowDetail, err error) {
	folder := campaigner.Folder{Dir: d.cluster.campaignsPath()}
	attempts, err := folder.Attempts(ctx, name, number)
	if err != nil {
		return row, notFound(err)
	}
	before := number - 1
	err = folder.Rows(ctx, name, ledger.Query{After: &before, Limit: 2}, func(r ledger.Row) error {
		if r.Number != number {
			row.More = true
			return nil
		}
		row = dashboard.RowDetail{
			Campaign: name, Row: number, State: string(r.State), Parameters: pageValues(r.Params), Outputs: pageValues(r.Outputs),
			Attempts: []dashboard.RowAttempt{},
		}
		return nil
	})
	if err != nil {
		return row, err
	}
	known := d.cluster.attemptsOfRow(name, number, attempts)
	for i := range attempts {
		shown := pageAttempt(&attempts[i], known[attempts[i].Run])
		shown.Queued = shown.State == string(campaign.Running) && !d.cluster.executes(shown.Run)
		row.Attempts = append(row.Attempts, shown)
	}
	return row, nil
}

// executes tells whether a worker has a task of the run.
func (c *Cluster) executes(run string) bool {
	for _, node := range c.coordinator.Activity(run) {
		if node.Running > 0 {
			return true
		}
	}
	return false
}

func pageAttempt(a *campaigner.Attempt, known []task.Attempt) dashboard.RowAttempt {
	shown := dashboard.RowAttempt{
		Number: a.Number, State: a.State, Run: a.Run, Worker: a.Worker, Host: a.Node, Job: a.Job, Started: a.Started, PeakMemory: a.PeakMemory,
		Failure: task.Failure{Type: a.Error, Message: a.Message, Node: a.Task},
	}
	if a.Seconds > 0 {
		shown.Ended = a.Started.Add(time.Duration(a.Seconds * float64(time.Second)))
	}
	for _, s := range a.Steps {
		shown.Steps = append(shown.Steps, dashboard.RowStep{Node: s.Node, After: s.After.Seconds(), Seconds: s.Duration.Seconds(), Failed: s.Failed})
	}
	for _, p := range a.Printed {
		shown.Printed = append(shown.Printed, dashboard.Printed(p))
	}
	for i := range known {
		addKnown(&shown, &known[i])
	}
	return shown
}

// addKnown adds what the history has of a task of the attempt, or of all of it if it
// was executed as one task.
func addKnown(shown *dashboard.RowAttempt, a *task.Attempt) {
	shown.PeakMemory = max(shown.PeakMemory, a.PeakMemory)
	if a.Failure.Message != "" && (shown.Failure.Message == "" || a.Failure.Message == shown.Failure.Message) {
		f := shown.Failure
		shown.Failure = a.Failure
		if shown.Failure.Node == "" {
			shown.Failure.Node = f.Node
		}
	}
	if a.Node != "" && !a.Started.IsZero() && !shown.Started.IsZero() {
		shown.Steps = append(shown.Steps, dashboard.RowStep{
			Node: a.Node, After: max(0, a.Started.Sub(shown.Started).Seconds()), Seconds: a.Ended.Sub(a.Started).Seconds(), Failed: a.Status == task.Failed.String(),
		})
	}
}

// maxRowTasks bounds the tasks of a row that are shown.
const maxRowTasks = 2000

// attemptsOfRow is what the history has of the attempts of a row that have ended, by
// their runs. It is incomplete if the file has reached its limits.
func (c *Cluster) attemptsOfRow(name string, number int, attempts []campaigner.Attempt) map[string][]task.Attempt {
	known := map[string][]task.Attempt{}
	if c.history == nil || len(attempts) == 0 {
		return known
	}
	for _, a := range attempts {
		known[a.Run] = nil
	}
	c.history.Sync()
	n := 0
	for a, err := range c.history.ReadRow(name, number) {
		if _, mine := known[a.Run]; err != nil || !mine {
			continue
		}
		known[a.Run] = append(known[a.Run], a)
		if n++; n == maxRowTasks {
			break
		}
	}
	return known
}

// pageValues are the members of a JSON object in the order of their names.
func pageValues(object json.RawMessage) []dashboard.Value {
	var members map[string]json.RawMessage
	if json.Unmarshal(object, &members) != nil {
		return nil
	}
	values := []dashboard.Value{}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		values = append(values, dashboard.Value{Name: name, Value: campaign.CellText(members[name])})
	}
	return values
}
