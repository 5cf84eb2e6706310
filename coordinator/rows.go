package coordinator

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Row says that a run is one row of a campaign: not a run that people look for by
// itself, and one of very many.
type Row struct {
	Campaign string `json:"campaign"`
	Number   int    `json:"number"`
	// Document is the identifier of the workflow, see [Coordinator.KeepDocument].
	Document string `json:"document"`
	// Inputs are a list of ewoks graph inputs, as JSON.
	Inputs json.RawMessage `json:"inputs,omitempty"`
	// Whole rows are executed as one task, in one interpreter.
	Whole bool `json:"whole,omitempty"`
}

// End is how a row ended.
type End struct {
	Row     Row
	Run     string
	Outcome engine.Outcome
	// Worker, Host and Job are those of the last attempt.
	Worker, Host, Job string
	Started, Ended    time.Time
	// PeakMemory is in bytes; 0 is not known.
	PeakMemory int64
	// Printed is what tasks printed, the first part of it.
	Printed []Printed
	// Steps are the tasks that were executed.
	Steps []task.Step
}

// trace is what is gathered of a row while it runs.
type trace struct {
	End
	batch string
}

// maxSteps bounds what is gathered of a row.
const maxSteps = 1000

// rowsTopic begins the topic of rows that were submitted together. What happens to
// them in one step is one entry, and all is removed together.
const rowsTopic = "rows-"

// SubmitRows takes rows. When it returns without an error, they are kept, but for
// those that it returns, with the reason: they were refused.
func (c *Coordinator) SubmitRows(rows []*Submission) (refused map[string]error, err error) {
	refused = map[string]error{}
	var taken []*Submission
	var runs []*run
	for _, s := range rows {
		s.Version, s.At = task.Version, time.Now()
		r, err := c.begin(s)
		if err != nil {
			refused[s.Run] = err
			continue
		}
		taken, runs = append(taken, s), append(runs, r)
	}
	if c.o.Journal != nil {
		if err := c.o.Journal.Room(); err != nil {
			return nil, err
		}
	}
	topic := rowsTopic + task.NewKey()
	_, err = c.ask(func() (Answer, error) {
		if c.broken != nil {
			return Answer{}, c.broken
		}
		e := c.note(topic)
		for i, r := range runs {
			if c.runs[r.id] == nil {
				e.Rows = append(e.Rows, taken[i])
				c.addRow(r, topic)
				c.apply(r, engine.Step(r.state, engine.Begin{}))
			}
		}
		c.poke()
		return Answer{}, nil
	})
	return refused, err
}

func (c *Coordinator) addRow(r *run, topic string) {
	r.row.batch = topic
	c.runs[r.id] = r
	c.batches[topic]++
}

// topic is where the journal has what happens to a run.
func (r *run) topic() string {
	if r.row != nil {
		return r.row.batch
	}
	return runTopic + r.id
}

// TakeRows lets go of rows whose end is recorded elsewhere.
func (c *Coordinator) TakeRows(runs []string) {
	c.step(func() {
		for _, id := range runs {
			r := c.runs[id]
			if r == nil || r.row == nil || r.state != nil {
				continue
			}
			delete(c.runs, id)
			topic := r.row.batch
			if c.batches[topic]--; c.batches[topic] == 0 {
				delete(c.batches, topic)
				c.then(func() { c.forget(topic) })
			}
		}
	})
}

// Rows are the runs of rows that the coordinator knows. Those that have ended are told
// again to Options.Ended.
func (c *Coordinator) Rows() map[string]Row {
	c.mu.Lock()
	defer c.mu.Unlock()
	rows := map[string]Row{}
	for id, r := range c.runs {
		if r.row == nil {
			continue
		}
		rows[id] = r.row.Row
		if r.told {
			c.background(func() { c.o.Ended(r.row.end(r)) })
		}
	}
	return rows
}

// CancelRows ends rows.
func (c *Coordinator) CancelRows(runs []string, reason string) error {
	_, err := c.ask(func() (Answer, error) {
		for _, id := range runs {
			if r := c.runs[id]; r != nil && r.row != nil {
				c.cancel(r, reason)
			}
		}
		return Answer{}, nil
	})
	return err
}

// concludeRow tells of the end of a row, once all that led to it is kept.
func (c *Coordinator) concludeRow(r *run) {
	c.then(func() {
		c.mu.Lock()
		r.told = true
		e := r.row.end(r)
		c.mu.Unlock()
		c.o.Ended(e)
	})
}

func (t *trace) end(r *run) End {
	e := t.End
	e.Run, e.Outcome, e.Printed = r.id, r.outcome, r.printed
	if e.Outcome.Failure.Node != "" {
		e.Outcome.Node = e.Outcome.Failure.Node
	}
	if e.Ended.IsZero() {
		e.Ended = r.ended
	}
	return e
}

// gather notes what an attempt at a task of a row tells of the row.
func (t *trace) gather(a task.Attempt, r *task.Result) {
	t.Worker, t.Host, t.Job = a.Worker, a.Host, a.Job
	if t.Started.IsZero() {
		t.Started = a.Started
	}
	t.Ended = a.Ended
	t.PeakMemory = max(t.PeakMemory, a.PeakMemory)
	steps := r.Steps
	if !t.Row.Whole {
		steps = []task.Step{{Node: a.Node, After: a.Started.Sub(t.Started), Duration: r.Duration, Failed: r.Status != task.Succeeded}}
	}
	if room := maxSteps - len(t.Steps); room > 0 {
		t.Steps = append(t.Steps, steps[:min(room, len(steps))]...)
	}
}

var errNoRows = errors.New("this launcher takes no rows of campaigns")

// beginRow makes a run from the submission of a row.
func (c *Coordinator) beginRow(s *Submission) (*run, error) {
	if c.o.Ended == nil {
		return nil, errNoRows
	}
	d, err := c.document(s.Row.Document)
	if err != nil {
		return nil, err
	}
	retry, err := c.retry(s)
	if err != nil {
		return nil, err
	}
	plan, err := d.plan(s)
	if err != nil {
		return nil, fmt.Errorf("row %d: %w", s.Row.Number, err)
	}
	return &run{
		id: s.Run, label: s.Row.Campaign, user: s.User, environment: s.Environment, submitted: s.At, priority: s.Priority,
		row:   &trace{End: End{Row: *s.Row}},
		state: engine.New(plan, engine.Options{Run: s.Run, Retry: retry, Limit: s.taskLimit(), KeepGoing: s.KeepGoing, Context: s.Context, Window: window}),
	}, nil
}

// taskLimit is the time that each task of the run may take, as its own engine has it.
func (s *Submission) taskLimit() time.Duration {
	if s.Row != nil && s.Row.Whole {
		return 0 // it is that of the tasks within
	}
	return s.Limit
}
