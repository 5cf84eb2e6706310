package coordinator

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
	kept        bool           // its end is in the journal
	told        bool           // its end may be told: it is kept
	aside       bool           // entries of it could not be used, see aside.go
	paused      bool           // nothing new of it is given to workers
	counts      engine.Counts  // once the run is over
	outcome     engine.Outcome // once the run is over
	priority    int
	row         *trace // of a campaign, if it is a row of one
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
		c.submit(body, func(err error) { c.respond(m, encodeAnswer(struct{}{}, err)) })
	}
}

func (c *Coordinator) submit(body []byte, answer func(error)) {
	var s Submission
	if err := json.Unmarshal(body, &s); err != nil {
		answer(fmt.Errorf("submission: %w", err))
		return
	}
	s.At = time.Now()
	r, err := c.begin(&s)
	if err == nil && c.o.Journal != nil {
		err = c.o.Journal.Room()
	}
	if err != nil {
		answer(err)
		return
	}
	c.step(func() {
		if c.broken != nil {
			go answer(c.broken)
			return
		}
		c.then(func() { answer(nil) })
		if c.runs[s.Run] != nil {
			return
		}
		c.add(r)
		c.prune(time.Now())
		c.note(runTopic + r.id).Submit = &s
		c.o.Logger.Info("run submitted", "run", s.Run, "workflow", r.label, "nodes", r.state.Counts().Nodes, "user", s.User)
		c.tellBegun(r)
		c.apply(r, engine.Step(r.state, engine.Begin{}))
		c.poke()
	})
}

// begin makes a run from a submission; nobody knows it yet.
func (c *Coordinator) begin(s *Submission) (*run, error) {
	if s.Version != task.Version {
		return nil, fmt.Errorf("the submission is of version %d, the cluster is of version %d: use the same ewoks-hpc for both", s.Version, task.Version)
	}
	if err := broker.CheckToken(s.Run); err != nil {
		return nil, err
	}
	if s.Row != nil {
		return c.beginRow(s)
	}
	wf := new(workflow.Workflow)
	if err := wf.UnmarshalJSON(s.Workflow); err != nil { // unlike Parse it opens no file
		return nil, err
	}
	if err := c.place(s.Run, wf); err != nil {
		return nil, err
	}
	selected, err := s.selected(wf)
	if err != nil {
		return nil, err
	}
	retry, err := c.retry(s)
	if err != nil {
		return nil, err
	}
	plan := engine.NewPlan(wf, engine.PlanOptions{Outputs: selected, Save: s.Save, Apart: s.Apart, Values: s.Values})
	return &run{
		id: s.Run, label: wf.Label, user: s.User, environment: s.Environment, submitted: s.At, priority: s.Priority,
		state: engine.New(plan, engine.Options{
			Run: s.Run, Retry: retry, Limit: s.Limit, KeepGoing: s.KeepGoing, Context: s.Context, Window: window,
		}),
	}, nil
}

// retry says how often attempts of a run are made again.
func (c *Coordinator) retry(s *Submission) (engine.Retry, error) {
	retry := engine.Retry{Lost: c.o.MaxLost}
	if s.Retry != nil {
		retry = *s.Retry
	}
	return retry, retry.Check()
}

// window bounds the tasks of a run that wait as requests: a million would fill the
// memory, and so many are enough for any number of workers.
const window = 50_000

func (c *Coordinator) add(r *run) {
	c.runs[r.id] = r
	c.order = append(c.order, r.id)
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
	c.noteResult(r, result, by)
	before := r.state.Counts()
	actions := engine.Step(r.state, engine.Ended{Result: result})
	for _, a := range actions {
		begun, ok := a.(engine.Begun)
		switch {
		case !ok:
		case by != nil:
			c.lease(by, by.turn, begun.Request)
		case c.waiting != nil: // of a worker that is gone: it was lost since then
			c.wait(begun.Request)
		}
	}
	c.apply(r, actions)
	after := r.counts
	if r.state != nil {
		after = r.state.Counts()
	}
	c.totals.Succeeded += uint64(after.Succeeded - before.Succeeded)
	c.totals.Failed += uint64(after.Failed - before.Failed)
	c.totals.Retried += uint64(after.Retried - before.Retried)
	r.changed = true
}

func (c *Coordinator) apply(r *run, actions []engine.Action) {
	over := r.state.Outcome().Status != engine.Running
	stopped := false
	for _, a := range actions {
		switch a := a.(type) {
		case engine.Start:
			c.start(a)
		case engine.Stop:
			stopped = true
			if !over { // else all leases of the run are revoked together
				c.supersede(a.ID)
			}
		case engine.Release:
			for _, v := range a.Values {
				if v.Kind == task.Stored {
					_ = os.Remove(v.Path) // the run's directory goes at its end
				}
			}
		case engine.Finish:
			c.finish(r, a.Outcome, stopped)
		}
	}
}

// finish deals with the end of a run. Stopped says that tasks of it were under way: they
// may wait somewhere, or a worker has them.
func (c *Coordinator) finish(r *run, o engine.Outcome, stopped bool) {
	delete(c.earlier, r.id)
	r.counts, r.outcome, r.ended = r.state.Counts(), o, time.Now()
	r.state = nil // its memory is that of the whole graph
	if r.row != nil {
		if stopped || !r.row.Row.Whole { // else nobody has anything of it
			c.revoke(r.id)
			c.sweep(r.id, engine.Outcome{})
		}
		c.concludeRow(r)
		return
	}
	c.revoke(r.id)
	c.sweep(r.id, o)
	c.o.Logger.Info("run ended", "run", r.id, "status", o.Status, "tasks", r.counts.Succeeded, "node", o.Node, "message", o.Failure.Message)
	c.conclude(r)
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

// prune forgets runs that ended long ago, and the oldest if there are too many.
func (c *Coordinator) prune(now time.Time) {
	surplus := len(c.order) - keptRuns
	c.order = slices.DeleteFunc(c.order, func(id string) bool {
		r := c.runs[id]
		old := r.told && (surplus > 0 || c.o.KeepRuns > 0 && now.Sub(r.ended) > c.o.KeepRuns)
		if old {
			surplus--
			c.drop(r)
		}
		return old
	})
	c.pruned = now
}

// drop forgets a run that has ended.
func (c *Coordinator) drop(r *run) {
	c.sweep(r.id, engine.Outcome{})
	delete(c.runs, r.id)
	c.then(func() {
		c.forget(endTopic + r.id)
		if r.aside {
			c.forget(runTopic + r.id)
		}
	})
}

// Knows tells whether a run is known: it has not ended, or not long ago.
func (c *Coordinator) Knows(run string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.runs[run] != nil
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
	if c.asked.run == id {
		return c.asked.text, nil
	}
	e := Ended{Run: id, Outcome: r.outcome, Counts: r.counts}
	switch {
	case r.state != nil:
		e.Outcome, e.Counts = engine.Outcome{Status: engine.Running}, r.state.Counts()
	case !r.told:
		e.Outcome = engine.Outcome{Status: engine.Running}
	}
	text, err := json.Marshal(e)
	if err == nil && r.told {
		c.asked.run, c.asked.text = id, text
	}
	return text, err
}
