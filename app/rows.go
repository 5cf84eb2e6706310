package app

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"

	"github.com/ewoks-hpc/ewoks-hpc/campaigner"
	"github.com/ewoks-hpc/ewoks-hpc/coordinator"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// campaignsDir is the folder of the ledgers, beside the journal: on a local disk, too.
const campaignsDir = "campaigns"

// makeCampaigns prepares the service of campaigns, which is told of ends from the
// start of the coordinator on.
func (c *Cluster) makeCampaigns(context.Context) error {
	if c.journal == nil {
		return nil // without a journal nothing outlives the launcher, rows neither
	}
	c.campaigns = campaigner.New(campaigner.Options{
		Dir: c.campaignsPath(), Runs: rows{c}, Slots: c.slots,
		Logger: c.o.Logger.With("service", "campaigns"),
	})
	return nil
}

// campaignsPath is the folder of the ledgers.
func (c *Cluster) campaignsPath() string { return filepath.Join(c.o.journalDir(), campaignsDir) }

func (c *Cluster) startCampaigns(context.Context) error {
	if c.campaigns == nil {
		return nil
	}
	c.teardown.push("campaigns", c.campaigns.Stop)
	if err := c.campaigns.Start(); err != nil {
		return err
	}
	return c.serveCampaigns()
}

// slots is how many tasks the workers can execute at a time.
func (c *Cluster) slots() (n int) {
	_, workers := c.coordinator.Demand()
	for _, w := range workers {
		n += w.Slots
	}
	return n
}

// rows is the coordinator as campaigns see it.
type rows struct{ cluster *Cluster }

// maxRowsTogether bounds the rows of one entry of the journal.
const maxRowsTogether = 250

func (r rows) Register(_ context.Context, document json.RawMessage, whole bool) (string, error) {
	return r.cluster.coordinator.KeepDocument(document, whole)
}

func (r rows) Submit(_ context.Context, list []campaigner.Row) error {
	for len(list) > 0 {
		n := min(len(list), maxRowsTogether)
		submissions := make([]*coordinator.Submission, n)
		byRun := make(map[string]campaigner.Row, n)
		for i, row := range list[:n] {
			submissions[i], byRun[row.Run] = rowSubmission(row), row
		}
		refused, err := r.cluster.coordinator.SubmitRows(submissions)
		if err != nil {
			return err
		}
		var ends []campaigner.End
		for run, err := range refused {
			ends = append(ends, refusal(byRun[run], err))
		}
		if len(ends) > 0 {
			r.cluster.campaigns.Ended(ends)
		}
		list = list[n:]
	}
	return nil
}

func rowSubmission(row campaigner.Row) *coordinator.Submission {
	s := &coordinator.Submission{
		Run: row.Run, User: row.User, Priority: row.Priority, Environment: row.Environment, Limit: row.Limit,
		KeepGoing: row.KeepGoing, Context: row.Context,
		Row: &coordinator.Row{Campaign: row.Campaign, Number: row.Number, Document: row.Workflow, Inputs: row.Inputs, Whole: row.Whole},
	}
	if row.Outputs != nil {
		s.Outputs = coordinator.SelectedOutputs(row.Outputs)
	}
	if row.Whole { // a row that is lost is for the campaign to try again
		s.Retry = &engine.Retry{}
	}
	return s
}

// refusal is the end of a row that the cluster did not take.
func refusal(row campaigner.Row, err error) campaigner.End {
	f := task.Failure{Cause: task.Exception, Type: "Refused", Message: err.Error()}
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		f.Advice = hinted.Hint()
	}
	return campaigner.End{Run: row.Run, Campaign: row.Campaign, Row: row.Number, State: campaigner.Failed, Failure: f}
}

func (r rows) Cancel(_ context.Context, runs []string, reason string) error {
	return r.cluster.coordinator.CancelRows(runs, reason)
}

func (r rows) Known(runs []string) map[string]bool {
	all := r.cluster.coordinator.Rows()
	known := map[string]bool{}
	for _, run := range runs {
		if _, ok := all[run]; ok {
			known[run] = true
		}
	}
	return known
}

func (r rows) Taken(runs []string) { r.cluster.coordinator.TakeRows(runs) }

// rowEnded tells the campaigns how a row ended.
func (c *Cluster) rowEnded(e coordinator.End) {
	end := campaigner.End{
		Run: e.Run, Campaign: e.Row.Campaign, Row: e.Row.Number, Failure: e.Outcome.Failure,
		Worker: e.Worker, Host: e.Host, Job: e.Job, Started: e.Started, Ended: e.Ended, PeakMemory: e.PeakMemory, Steps: e.Steps,
	}
	end.Failure.Node = e.Outcome.Node
	switch e.Outcome.Status {
	case engine.Succeeded:
		end.State = campaigner.Succeeded
		end.Outputs = shownOutputs(e.Outcome.Outputs)
	case engine.Cancelled:
		end.State = campaigner.Cancelled
	default:
		end.State = campaigner.Failed
	}
	for _, p := range e.Printed {
		end.Printed = append(end.Printed, campaigner.Printed{Node: p.Node, Stdout: p.Stdout, Stderr: p.Stderr})
	}
	c.campaigns.Ended([]campaigner.End{end})
}

// shownOutputs is a JSON object of the outputs of a run; of one name the last counts.
func shownOutputs(outputs []engine.Output) json.RawMessage {
	shown := map[string]json.RawMessage{}
	for _, o := range outputs {
		if o.Name != "" && o.Shown != "" {
			shown[o.Name] = json.RawMessage(o.Shown)
		}
	}
	text, err := json.Marshal(shown)
	if err != nil {
		return nil
	}
	return text
}
