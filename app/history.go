package app

import (
	"context"
	"path/filepath"

	"github.com/ewoks-hpc/ewoks-hpc/coordinator"
	"github.com/ewoks-hpc/ewoks-hpc/history"
	"github.com/ewoks-hpc/ewoks-hpc/report"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// historyDir is the folder of what became of attempts.
const historyDir = "history"

// openHistory keeps what became of attempts, for the page and for reports, unless the
// cluster is there for one run only.
func (c *Cluster) openHistory(context.Context) error {
	if !c.o.Durability.Runs {
		return nil
	}
	log, err := history.Open(history.Options{Dir: filepath.Join(c.o.StateDir, historyDir), Logger: c.o.Logger.With("service", "history")})
	if err != nil {
		return err
	}
	c.history = log
	c.teardown.push("history", func() error { log.Close(); return nil })
	return nil
}

// watchRuns lets the history know of runs.
func (c *Cluster) watchRuns(o *coordinator.Options) {
	if c.history == nil {
		return
	}
	o.Observe = c.history.Add
	o.Begun = func(r coordinator.RunStatus, wf *workflow.Workflow) {
		document, err := wf.Document()
		if err != nil {
			c.o.Logger.Warn("workflow of a run not recorded", "run", r.Run, "error", err)
		}
		d := c.describe(r)
		d.Workflow = document
		c.record(d)
	}
	o.Over = func(r coordinator.RunStatus) { c.record(c.describe(r)) }
}

func (c *Cluster) describe(r coordinator.RunStatus) report.Description {
	return report.Description{
		Kind: report.KindRun, Name: r.Run, Cluster: c.o.Name, Label: r.Label, User: r.User, Submitted: r.Submitted, Ended: r.Ended,
		Status: string(r.Status), Node: r.Node, Message: r.Message,
		Counts: map[string]int{"nodes": r.Counts.Nodes, "succeeded": r.Counts.Succeeded, "failed": r.Counts.Failed, "lost": r.Counts.Lost, "retried": r.Counts.Retried},
	}
}

func (c *Cluster) record(d report.Description) {
	if err := c.history.Describe(d.Name, d); err != nil {
		c.o.Logger.Warn("run not recorded", "run", d.Name, "error", err)
	}
}

// Attempts are the newest ones, see [dashboard.Attempts].
func (c *Cluster) Attempts(after uint64, most int) ([]task.Attempt, uint64) {
	return c.history.Recent(after, most)
}
