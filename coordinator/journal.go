package coordinator

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// The state of the coordinator is the fold of its journal. Each change is
// appended before anybody is told of it: what a worker or a client has heard is
// never taken back, and what was not heard is asked again.
//
// There is a topic for each run that has not ended, one for the outcome of each
// run that has, one for the rows that were submitted together, one for each
// worker, and one for the cluster as a whole.
const (
	runTopic    = "run-"
	endTopic    = "end-"
	workerTopic = "worker-"
)

// entry is what happened to one run in one change, or to a worker.
type entry struct {
	// Number counts the entries of a topic, see numbered; 0 is not known.
	Number uint64      `json:"n,omitempty"`
	Submit *Submission `json:"submit,omitempty"`
	// Worker brought the results and was granted the tasks.
	Worker string `json:"worker,omitempty"`
	// Granted are sequence numbers of tasks that the worker was given.
	Granted []uint64 `json:"granted,omitempty"`
	Cancel  string   `json:"cancel,omitempty"`
	// Rows were submitted together. The rest of their topic tells of all of them:
	// Given are tasks that the worker was given, Cancelled are runs.
	Rows      []*Submission `json:"rows,omitempty"`
	Given     []task.ID     `json:"given,omitempty"`
	Cancelled []string      `json:"cancelled,omitempty"`
	// Pause is of a run or, under the topic of the cluster, of all.
	Pause *bool  `json:"pause,omitempty"`
	Ended *ended `json:"ended,omitempty"`
	// Hello is of a worker that came.
	Hello *task.Hello `json:"hello,omitempty"`

	results []task.Result
}

// ended is all that stays of a run.
type ended struct {
	Ended
	Label     string    `json:"label"`
	User      string    `json:"user,omitempty"`
	Submitted time.Time `json:"submitted"`
	At        time.Time `json:"at"`
	// Aside says that entries of the run could not be used, and are still there.
	Aside bool `json:"aside,omitempty"`
}

func (e *entry) encode() []byte {
	var enc task.Encoder
	enc.Raw(`{"entry":`)
	enc.JSON(e)
	enc.Raw(`,"results":`)
	enc.Results(e.results)
	enc.Raw("}")
	return task.AppendFrame(nil, enc.Frame)
}

func decodeEntry(data []byte) (*entry, error) {
	frame, err := task.DecodeFrame(data)
	if err != nil {
		return nil, err
	}
	var h struct {
		Entry   *entry          `json:"entry"`
		Results json.RawMessage `json:"results"`
	}
	if err := json.Unmarshal(frame.Header, &h); err != nil || h.Entry == nil {
		return nil, fmt.Errorf("malformed entry: %w", err)
	}
	h.Entry.results, err = task.DecodeResults(h.Results, frame.Blobs)
	return h.Entry, err
}

// change is what one step of the coordinator has altered: what is to be kept,
// and what is to be done once it is.
type change struct {
	entries map[string]*entry
	order   []string
	after   []func()
}

// note is the entry of a topic in the change that is being made. Without a journal,
// or while it is read, nobody will look at it.
func (c *Coordinator) note(topic string) *entry {
	if c.o.Journal == nil || c.waiting != nil {
		return &entry{}
	}
	e := c.change.entries[topic]
	if e == nil {
		e = &entry{}
		if c.change.entries == nil {
			c.change.entries = map[string]*entry{}
		}
		c.change.entries[topic] = e
		c.change.order = append(c.change.order, topic)
	}
	return e
}

// then does something once the change that is being made is kept.
func (c *Coordinator) then(f func()) { c.change.after = append(c.change.after, f) }

// step makes a change: f alters the state, under the lock; what it altered is
// kept; then those who wait for it are told.
func (c *Coordinator) step(f func()) {
	c.mu.Lock()
	f()
	made := c.change
	c.change = change{}
	kept, err := c.keep(made)
	if err == nil && kept != nil {
		// Others may take their turn while the disk takes its time.
		c.background(func() { c.tellOnce(kept, made) })
	}
	c.mu.Unlock()
	switch {
	case err != nil:
		c.stuck(err)
	case kept == nil:
		made.tell()
	}
}

// tellOnce tells of a change once it is kept.
func (c *Coordinator) tellOnce(kept *broker.Kept, made change) {
	if err := kept.Wait(); err != nil {
		c.stuck(err)
		return
	}
	made.tell()
}

func (m change) tell() {
	for _, f := range m.after {
		f()
	}
}

// keep appends a change to the journal. The last entry that is kept means that
// all are.
func (c *Coordinator) keep(made change) (last *broker.Kept, err error) {
	if c.o.Journal == nil {
		return nil, nil
	}
	if c.broken != nil && len(made.order) > 0 {
		return nil, c.broken
	}
	for _, topic := range made.order {
		made.entries[topic].Number = c.number(topic)
		kept, err := c.o.Journal.Append(topic, made.entries[topic].encode())
		if err != nil {
			return nil, err
		}
		last = &kept
	}
	return last, nil
}

// stuck notes that the journal takes no more. What was not kept is told to
// nobody: workers keep their results and ask again, until a restart.
func (c *Coordinator) stuck(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken == nil {
		c.broken = fmt.Errorf("nothing can be journaled any more: %w", err)
		c.o.Logger.Error("the journal takes no more: make room and bring the cluster up again", "error", err)
	}
}

// conclude keeps the outcome of a run, tells those who watch it, and lets go of
// how it came about.
func (c *Coordinator) conclude(r *run) {
	c.note(endTopic + r.id).Ended = &ended{
		Ended: Ended{Run: r.id, Outcome: r.outcome, Counts: r.counts}, Label: r.label, User: r.user,
		Submitted: r.submitted, At: r.ended, Aside: r.aside,
	}
	c.then(func() {
		c.mu.Lock()
		r.told = true
		c.publish(r)
		status := r.status()
		c.mu.Unlock()
		if c.o.Over != nil {
			c.o.Over(status)
		}
		if !r.aside {
			c.forget(runTopic + r.id)
		}
	})
}

func (c *Coordinator) forget(topic string) {
	if c.o.Journal == nil {
		return
	}
	c.mu.Lock()
	delete(c.numbers, topic)
	c.mu.Unlock()
	if err := c.o.Journal.Forget(topic); err != nil {
		c.o.Logger.Warn("journal not cleaned", "topic", topic, "error", err)
	}
}

// forgetWorker removes a worker that is gone, unless it has come back meanwhile.
func (c *Coordinator) forgetWorker(id string) {
	c.mu.Lock()
	back := c.workers[id] != nil
	c.mu.Unlock()
	if !back {
		c.forget(workerTopic + id)
	}
}

// noteResult keeps a result of a run; by is the worker that brought it.
func (c *Coordinator) noteResult(r *run, result task.Result, by *worker) {
	e := c.note(r.topic())
	if by != nil {
		e.Worker = by.hello.Worker
	}
	if r.row == nil {
		result.Stdout, result.Stderr = "", "" // they are in a log of their own
	}
	e.results = append(e.results, result)
}

// noteGrant keeps that a worker was given a task.
func (c *Coordinator) noteGrant(w *worker, r *task.Request) {
	run := c.runs[r.Run]
	e := c.note(run.topic())
	e.Worker = w.hello.Worker
	if run.row != nil {
		e.Given = append(e.Given, r.ID)
	} else {
		e.Granted = append(e.Granted, r.Seq)
	}
}
