// Package runner executes one run on interpreters of this machine, with no
// broker and no other process in between: the schedulers "sequential",
// "multithreading" and "multiprocessing".
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
}

// New prepares a run. watch, which may be nil, is told of each result with the
// node it is of; it must not block for long.
func New(state *engine.State, watch func(r task.Result, node string, c engine.Counts)) *Runner {
	if watch == nil {
		watch = func(task.Result, string, engine.Counts) {}
	}
	return &Runner{state: state, watch: watch, done: make(chan struct{})}
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
	events := make([]engine.Event, len(results))
	nodes := make([]string, len(results))
	for i, result := range results {
		events[i] = engine.Ended{Result: result}
		nodes[i], _ = r.state.Node(result.Seq)
	}
	r.step(events...)
	for i, result := range results {
		r.watch(result, nodes[i], r.state.Counts())
	}
}

// step folds events into the state and does what follows from them, with as
// few calls of the executor as possible.
func (r *Runner) step(events ...engine.Event) {
	var start []*task.Request
	var drop []uint64
	var run string
	for _, e := range events {
		for _, a := range engine.Step(r.state, e) {
			switch a := a.(type) {
			case engine.Start:
				start = append(start, a.Request)
			case engine.Release:
				run = a.ID.Run
				drop = append(drop, a.ID.Seq)
				remove(a.Values)
			case engine.Finish:
				close(r.done)
			}
		}
	}
	if len(start) > 0 {
		r.executor.Submit(start)
	}
	if len(drop) > 0 {
		r.executor.Drop(run, drop)
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
