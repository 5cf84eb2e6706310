package coordinator

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// run is one run of the cluster.
type run struct {
	id          string
	label       string
	user        string
	environment task.Environment
	state       *engine.State
	submitted   time.Time
	ended       time.Time
	printed     []Printed
	changed     bool
	counts      engine.Counts  // once the run is over
	outcome     engine.Outcome // once the run is over
}

// keptRuns is the number of runs that stay known after their end.
const keptRuns = 1000

// serveSubmit gathers the parts of a submission. Parts before the last are
// answered with nothing.
func (c *Coordinator) serveSubmit(m broker.Msg) {
	body, done, err := c.uploads.Add(m.Data)
	switch {
	case err != nil:
		c.respond(m, encodeAnswer(nil, err))
	case !done:
		c.respond(m, nil)
	default:
		c.respond(m, encodeAnswer(struct{}{}, c.submit(body)))
	}
}

func (c *Coordinator) submit(body []byte) error {
	var s Submission
	if err := json.Unmarshal(body, &s); err != nil {
		return fmt.Errorf("submission: %w", err)
	}
	if s.Version != task.Version {
		return fmt.Errorf("the submission is of version %d, the cluster is of version %d: use the same ewoks-hpc for both", s.Version, task.Version)
	}
	if err := broker.CheckToken(s.Run); err != nil {
		return err
	}
	wf := new(workflow.Workflow)
	if err := wf.UnmarshalJSON(s.Workflow); err != nil { // unlike Parse it opens no file
		return err
	}
	selected, err := s.selected(wf)
	if err != nil {
		return err
	}
	plan := engine.NewPlan(wf, engine.PlanOptions{Outputs: selected, Save: s.Save, Apart: s.Apart, Values: s.Values})
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.runs[s.Run] != nil {
		return nil
	}
	r := &run{
		id: s.Run, label: wf.Label, user: s.User, environment: s.Environment, submitted: time.Now(),
		state: engine.New(plan, engine.Options{
			Run: s.Run, MaxLost: c.o.MaxLost, Limit: s.Limit, KeepGoing: s.KeepGoing, Context: s.Context,
		}),
	}
	c.runs[s.Run] = r
	c.order = append(c.order, s.Run)
	c.prune()
	c.o.Logger.Info("run submitted", "run", s.Run, "workflow", wf.ID, "nodes", len(wf.Nodes), "user", s.User)
	c.apply(r, engine.Step(r.state, engine.Begin{}))
	c.poke()
	return nil
}

// result folds the end of an attempt into its run; by is the worker that
// brought it, if one did.
func (c *Coordinator) result(r *run, result task.Result, by *worker) {
	if r.state == nil {
		return
	}
	if result.Stdout != "" || result.Stderr != "" {
		c.print(r, result)
	}
	before := r.state.Counts()
	actions := engine.Step(r.state, engine.Ended{Result: result})
	for _, a := range actions {
		if begun, ok := a.(engine.Begun); ok && by != nil {
			c.lease(by, by.turn, begun.Request)
		}
	}
	c.apply(r, actions)
	after := r.counts
	if r.state != nil {
		after = r.state.Counts()
	}
	c.totals.Succeeded += uint64(after.Succeeded - before.Succeeded)
	c.totals.Failed += uint64(after.Failed - before.Failed)
	r.changed = true
}

func (c *Coordinator) apply(r *run, actions []engine.Action) {
	for _, a := range actions {
		switch a := a.(type) {
		case engine.Start:
			c.ready.push(a.Request)
		case engine.Release:
			for _, v := range a.Values {
				if v.Kind == task.Stored {
					_ = os.Remove(v.Path) // the run's directory goes at its end
				}
			}
		case engine.Finish:
			c.finish(r, a.Outcome)
		}
	}
}

func (c *Coordinator) finish(r *run, o engine.Outcome) {
	r.counts, r.outcome, r.ended = r.state.Counts(), o, time.Now()
	r.state = nil // its memory is that of the whole graph
	c.revoke(r.id)
	c.sweep(r.id, o)
	c.o.Logger.Info("run ended", "run", r.id, "status", o.Status, "tasks", r.counts.Succeeded, "node", o.Node, "message", o.Failure.Message)
	c.publish(r)
}

// sweep removes the values of a run, but for those that are its outcome: they are
// the client's, or go when the run is forgotten.
func (c *Coordinator) sweep(run string, o engine.Outcome) {
	if c.o.Store == "" {
		return
	}
	dir := filepath.Join(c.o.Store, run)
	kept := map[string]bool{o.Exception.Path: o.Exception.Kind == task.Stored}
	for _, output := range o.Outputs {
		kept[output.Path] = kept[output.Path] || output.Kind == task.Stored
	}
	files, _ := os.ReadDir(dir)
	for _, f := range files {
		if path := filepath.Join(dir, f.Name()); !kept[path] {
			_ = os.RemoveAll(path)
		}
	}
	_ = os.Remove(dir) // if it is empty
}

func (c *Coordinator) prune() {
	for len(c.order) > keptRuns {
		if r := c.runs[c.order[0]]; r != nil && r.state != nil {
			return // still running: everything after it is newer
		}
		c.sweep(c.order[0], engine.Outcome{})
		delete(c.runs, c.order[0])
		c.order = c.order[1:]
	}
}

// ErrNoRun is the error for a run that the cluster does not know.
var ErrNoRun = errors.New("no such run")

func (c *Coordinator) serveCancel(body []byte) (any, error) {
	var id string
	if err := task.DecodeJSON(body, &id); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.runs[id]
	if r == nil {
		return nil, fmt.Errorf("%w: %s", ErrNoRun, id)
	}
	if r.state != nil {
		c.apply(r, engine.Step(r.state, engine.Cancel{Reason: "cancelled by the user"}))
	}
	return struct{}{}, nil
}

// CancelAll ends all runs.
func (c *Coordinator) CancelAll(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.runs {
		if r.state != nil {
			c.apply(r, engine.Step(r.state, engine.Cancel{Reason: reason}))
		}
	}
}

// Ended is how a run ended, as a client gets it.
type Ended struct {
	Run     string         `json:"run"`
	Outcome engine.Outcome `json:"outcome"`
	Counts  engine.Counts  `json:"counts"`
}

func (c *Coordinator) findOutcome(id string) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.runs[id]
	if r == nil {
		return nil, fmt.Errorf("%w: %s", ErrNoRun, id)
	}
	e := Ended{Run: id, Outcome: r.outcome, Counts: r.counts}
	if r.state != nil {
		e.Outcome.Status, e.Counts = engine.Running, r.state.Counts()
	}
	return json.Marshal(e)
}
