package runner

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Interpreter executes the tasks of a run, one at a time and in the order in which
// they are submitted.
type Interpreter interface {
	Executor
	// Withdraw takes back requests that have not been begun.
	Withdraw(func(*task.Request) bool) []task.ID
	// Forget drops all that is known of a run that is over.
	Forget(run string)
	Close()
}

// WholeOptions configure a Whole.
type WholeOptions struct {
	// Lanes is the number of runs that are executed at a time. Each lane has an
	// interpreter of its own, from when it is needed.
	Lanes int
	// Store is the value store, in which documents are, see task.DocumentPath.
	Store string
	// Start starts an interpreter, which gives its results to the function.
	Start func(onResults func([]task.Result)) (Interpreter, error)
	// OnResults takes the results of runs, in the order in which they end and by one
	// goroutine. It may call the Whole, but not Close.
	OnResults func([]task.Result)
}

// Whole executes requests of task.RunType: each is a whole run of a workflow, whose
// values never leave the interpreter that executes it.
//
// Runs are begun in the order in which they were submitted. All methods may be called
// from any goroutine.
type Whole struct {
	o         WholeOptions
	documents documents
	outbox    *outbox
	lanes     sync.WaitGroup

	mu      sync.Mutex
	changed sync.Cond // the queue, or closed
	queue   []*task.Request
	started int // lanes
	running map[*lane]occupied
	closed  bool
}

// occupied is what a lane does.
type occupied struct {
	id   task.ID
	stop context.CancelCauseFunc
}

// NewWhole makes an executor. It starts no interpreter yet.
func NewWhole(o WholeOptions) *Whole {
	w := &Whole{o: o, documents: documents{store: o.Store}, outbox: newOutbox(o.OnResults), running: map[*lane]occupied{}}
	w.o.Lanes = max(1, o.Lanes)
	w.changed.L = &w.mu
	return w
}

// Submit adds requests to the queue.
func (w *Whole) Submit(reqs []*task.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	w.queue = append(w.queue, reqs...)
	for w.started < w.o.Lanes && w.started-len(w.running) < len(w.queue) {
		w.started++
		w.lanes.Go((&lane{whole: w}).work)
	}
	w.changed.Broadcast()
}

// Withdraw takes back requests that have not been begun, and returns their ids.
func (w *Whole) Withdraw(match func(*task.Request) bool) (ids []task.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queue = slices.DeleteFunc(w.queue, func(r *task.Request) bool {
		if !match(r) {
			return false
		}
		ids = append(ids, r.ID)
		return true
	})
	return ids
}

var (
	errStopped = errors.New("stopped")
	errClosed  = errors.New("closed")
)

// Stop ends runs at once, with the tasks that are being executed. They have no result.
func (w *Whole) Stop(ids []task.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queue = slices.DeleteFunc(w.queue, func(r *task.Request) bool { return slices.Contains(ids, r.ID) })
	for _, at := range w.running {
		if slices.Contains(ids, at.id) {
			at.stop(errStopped)
		}
	}
}

// Drop does nothing: a run that is executed as a whole leaves no values.
func (w *Whole) Drop(string, []uint64) {}

// Forget does nothing: when a run is over, its interpreter is told.
func (w *Whole) Forget(string) {}

// Close ends all runs and interpreters at once and waits until they are gone. Runs
// that were not done have no result.
func (w *Whole) Close() {
	w.mu.Lock()
	w.closed, w.queue = true, nil
	for _, at := range w.running {
		at.stop(errClosed)
	}
	w.changed.Broadcast()
	w.mu.Unlock()
	w.lanes.Wait()
	w.outbox.close()
}

// take waits for a run for a lane; nil means that there will be none.
func (w *Whole) take(l *lane) (context.Context, *task.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.queue) == 0 && !w.closed {
		w.changed.Wait()
	}
	if w.closed {
		return nil, nil
	}
	r := w.queue[0]
	w.queue[0] = nil
	w.queue = w.queue[1:]
	ctx, stop := context.WithCancelCause(context.Background())
	w.running[l] = occupied{r.ID, stop}
	return ctx, r
}

// done says that a lane has done what it had taken.
func (w *Whole) done(l *lane) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running[l].stop(nil)
	delete(w.running, l)
}
