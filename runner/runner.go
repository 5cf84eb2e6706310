// Package runner executes one run on interpreters of this machine, with no
// broker and no other process in between: the schedulers "sequential",
// "multithreading" and "multiprocessing". A worker has many runs executed here, each
// as one task of its launcher: see Whole.
package runner

import (
	"context"
	"os"
	"sync"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Executor executes requests; it hands their results to OnResults.
type Executor interface {
	Submit([]*task.Request)
	// Stop ends tasks at once, also those that are being executed.
	Stop([]task.ID)
	// Drop forgets values that tasks left in interpreters.
	Drop(run string, seqs []uint64)
}

// Runner drives one run.
type Runner struct {
	watch func(task.Result, string, engine.Counts)
	done  chan struct{}

	mu       sync.Mutex
	state    *engine.State
	executor Executor
	delayed  delayed
}

// New prepares a run. watch, which may be nil, is told of each result with the
// node it is of; it must not block for long.
func New(state *engine.State, watch func(r task.Result, node string, c engine.Counts)) *Runner {
	if watch == nil {
		watch = func(task.Result, string, engine.Counts) {}
	}
	return &Runner{state: state, watch: watch, done: make(chan struct{}), delayed: delayed{}}
}

// Run executes the run and returns how it ended; a cancelled context cancels it.
func (r *Runner) Run(ctx context.Context, x Executor) engine.Outcome {
	r.mu.Lock()
	r.executor = x
	r.step(engine.Begin{})
	r.mu.Unlock()
	select {
	case <-r.done:
	case <-ctx.Done():
		r.mu.Lock()
		r.step(engine.Cancel{Reason: context.Cause(ctx).Error()})
		r.mu.Unlock()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state.Outcome()
}

// OnResults takes the results of tasks. It may be called by several goroutines.
func (r *Runner) OnResults(results []task.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var o orders
	nodes := make([]string, len(results))
	for i, result := range results {
		nodes[i], _ = r.state.Node(result.Seq) // one may be of a task that the one before has begun
		r.fold(engine.Ended{Result: result}, &o)
	}
	r.carryOut(&o)
	for i, result := range results {
		r.watch(result, nodes[i], r.state.Counts())
	}
}

// step folds an event into the state and does what follows from it.
func (r *Runner) step(e engine.Event) {
	var o orders
	r.fold(e, &o)
	r.carryOut(&o)
}

// fold adds what follows from an event, so that the executor is called as rarely as
// possible.
func (r *Runner) fold(e engine.Event, o *orders) {
	for _, a := range engine.Step(r.state, e) {
		r.follow(a, o)
	}
}

func (r *Runner) carryOut(o *orders) {
	if o.over {
		close(r.done)
		r.delayed.clear()
		o.start, o.stop = nil, nil // the executor is about to be closed, or cleared
	}
	o.give(r.executor)
}

func (r *Runner) follow(a engine.Action, o *orders) {
	switch a := a.(type) {
	case engine.Start:
		if a.After > 0 {
			r.delay(a)
			return
		}
		o.start = append(o.start, a.Request)
	case engine.Stop:
		r.delayed.remove(a.ID)
		o.stop = append(o.stop, a.ID)
	case engine.Release:
		o.run = a.ID.Run
		o.drop = append(o.drop, a.ID.Seq)
		remove(a.Values)
	case engine.Finish:
		o.over = true
	}
}

// orders are what an executor is to do.
type orders struct {
	start []*task.Request
	stop  []task.ID
	run   string
	drop  []uint64
	over  bool
}

func (o *orders) give(x Executor) {
	if len(o.stop) > 0 {
		x.Stop(o.stop)
	}
	if len(o.start) > 0 {
		x.Submit(o.start)
	}
	if len(o.drop) > 0 {
		x.Drop(o.run, o.drop)
	}
}

// remove deletes values that nobody will read from the value store.
func remove(values []task.Value) {
	for _, v := range values {
		if v.Kind == task.Stored {
			_ = os.Remove(v.Path) // the whole store goes at the end of the run
		}
	}
}
