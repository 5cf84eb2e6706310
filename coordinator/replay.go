package coordinator

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// replayed are requests that were started and not yet given away, while the
// journal is read: by id, with the order in which they came.
type replayed struct {
	request *task.Request
	order   int
}

// replay makes the state again from the journal. Workers have as long to come
// back as if they had been heard of just now, and keep what they hold.
func (c *Coordinator) replay(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting, c.aside = map[task.ID]replayed{}, map[string]error{}
	entries := 0
	err := c.o.Journal.Replay(ctx, func(topic string, data []byte) error {
		entries++
		c.read(topic, data)
		return nil
	})
	if err != nil {
		return fmt.Errorf("the journal of the cluster cannot be read: %w", err)
	}
	c.settleReplay()
	if entries > 0 {
		c.o.Logger.Info("state restored from the journal", "entries", entries, "runs", len(c.runs), "workers", len(c.workers), "ready", c.ready.len(), "leased", len(c.leases))
	}
	return nil
}

// wait notes a request that was started, while the journal is read.
func (c *Coordinator) wait(r *task.Request) {
	c.replays++
	c.waiting[r.ID] = replayed{r, c.replays}
}

// redo does again what an entry tells.
func (c *Coordinator) redo(topic string, e *entry) error {
	switch {
	case e.Hello != nil:
		w := newWorker(*e.Hello)
		c.workers[e.Hello.Worker] = w
		c.idle.add(w)
		return nil
	case e.Ended != nil:
		c.redoEnd(e.Ended)
		return nil
	case strings.HasPrefix(topic, rowsTopic):
		return c.redoRows(topic, e)
	case e.Submit != nil:
		r, err := c.begin(e.Submit)
		if err == nil {
			c.add(r)
			c.apply(r, engine.Step(r.state, engine.Begin{}))
		}
		return err
	}
	r := c.runs[strings.TrimPrefix(topic, runTopic)]
	if e.Pause != nil && (r != nil || topic == clusterTopic) {
		c.redoPause(r, *e.Pause)
	}
	if r == nil || r.state == nil {
		return nil // it has ended: the rest of its journal was about to be removed
	}
	c.redoWork(r, e)
	return nil
}

func (c *Coordinator) redoWork(r *run, e *entry) {
	for _, result := range e.results {
		c.redoResult(r, result, e.Worker)
	}
	for _, seq := range e.Granted {
		c.redoGrant(task.ID{Run: r.id, Seq: seq}, e.Worker)
	}
	if e.Cancel != "" && r.state != nil {
		c.apply(r, engine.Step(r.state, engine.Cancel{Reason: e.Cancel}))
	}
}

// redoRows is for an entry of rows that were submitted together.
func (c *Coordinator) redoRows(topic string, e *entry) error {
	for _, s := range e.Rows {
		r, err := c.begin(s)
		if err != nil {
			return err
		}
		c.addRow(r, topic)
		c.apply(r, engine.Step(r.state, engine.Begin{}))
	}
	for _, result := range e.results {
		if r := c.runs[result.Run]; r != nil {
			c.redoResult(r, result, e.Worker)
		}
	}
	for _, id := range e.Given {
		c.redoGrant(id, e.Worker)
	}
	for _, id := range e.Cancelled {
		if r := c.runs[id]; r != nil && r.state != nil {
			c.apply(r, engine.Step(r.state, engine.Cancel{Reason: byUser}))
		}
	}
	return nil
}

func (c *Coordinator) redoResult(r *run, result task.Result, worker string) {
	var request *task.Request
	delete(c.waiting, result.ID)
	if l := c.leases[result.ID]; l != nil && l.request.Attempt == result.Attempt {
		request = l.request
		c.end(l)
	}
	if r.state == nil {
		return
	}
	by := c.workers[worker]
	c.observe(r, by, &result, request)
	c.result(r, result, by)
}

func (c *Coordinator) redoGrant(id task.ID, worker string) {
	given, ok := c.waiting[id]
	if l := c.leases[id]; l != nil { // it was given back, or never arrived
		given, ok = replayed{request: l.request}, true
		c.end(l)
	}
	if !ok {
		return
	}
	delete(c.waiting, id)
	if by := c.workers[worker]; by != nil {
		c.lease(by, 0, given.request)
		return
	}
	c.earlier.add(id, worker, given.request.Attempt)
	c.waiting[id] = given
}

func (c *Coordinator) redoEnd(e *ended) {
	r := c.runs[e.Run]
	if r == nil {
		r = &run{id: e.Run}
		c.add(r)
	}
	r.label, r.user, r.state = e.Label, e.User, nil
	r.submitted, r.ended = e.Submitted, e.At
	r.outcome, r.counts, r.kept, r.told, r.aside = e.Outcome, e.Counts, true, true, e.Aside
}

// settleReplay puts what nobody holds into the queue, in its order, and drops
// what the journal would keep twice.
func (c *Coordinator) settleReplay() {
	dropped := c.settleAside()
	var left []replayed
	for id, w := range c.waiting {
		if r := c.runs[id.Run]; r != nil && r.state != nil {
			left = append(left, w)
		}
	}
	slices.SortFunc(left, func(a, b replayed) int { return cmp.Compare(a.order, b.order) })
	c.waiting = nil
	for _, w := range left {
		c.enqueue(w.request)
	}
	for id, l := range c.leases {
		if r := c.runs[id.Run]; r == nil || r.state == nil {
			c.end(l)
		}
	}
	slices.SortStableFunc(c.order, func(a, b string) int { return c.runs[a].submitted.Compare(c.runs[b].submitted) })
	c.change = change{} // it is all in the journal already
	for _, topic := range dropped {
		c.then(func() { c.forget(topic) })
	}
	for _, r := range c.runs {
		switch {
		case r.row != nil:
			r.told = r.state == nil // see Rows
		case r.state != nil:
		case r.kept && r.aside:
		case r.kept:
			c.then(func() { c.forget(runTopic + r.id) })
		default: // its end was not kept any more
			c.conclude(r)
		}
	}
}

// recover restores the state, if there is a journal.
func (c *Coordinator) recover() error {
	if c.o.Journal == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), replayTime)
	defer cancel()
	if err := c.replay(ctx); err != nil {
		return err
	}
	c.step(func() {}) // keeps the ends of runs that were not
	return nil
}

// replayTime bounds the reading of a journal.
const replayTime = 10 * time.Minute
