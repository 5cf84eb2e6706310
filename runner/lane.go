package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// lane executes one run after another in one interpreter. It is the executor of the
// run, and knows which of its tasks are in the interpreter.
type lane struct {
	whole       *Whole
	interpreter Interpreter // nil until it is needed
	runs        int

	mu    sync.Mutex
	id    string          // of the run, for the interpreter; never used again
	run   *Runner         // nil when the run is over
	given []*task.Request // without a result yet; the first one is being executed
	empty chan struct{}   // to be closed when nothing is given any more; may be nil
}

// work executes runs until there will be none.
func (l *lane) work() {
	defer l.close()
	for {
		ctx, request := l.whole.take(l)
		if request == nil {
			return
		}
		result := l.execute(ctx, request)
		stopped := ctx.Err() != nil
		l.whole.done(l)
		if !stopped {
			l.whole.outbox.add(result)
		}
		if stopped || ended(result.Failure.Cause) {
			l.close()
		} else {
			l.clear()
		}
	}
}

// ended tells of what the interpreter that was there may have come to an end. Another
// is there by now, unless it could not be started: it is not worth to find out.
func ended(c task.Cause) bool {
	return c == task.Died || c == task.OutOfMemory || c == task.Timeout
}

func (l *lane) close() {
	if l.interpreter == nil {
		return
	}
	l.interpreter.Close()
	l.interpreter = nil
	l.mu.Lock()
	defer l.mu.Unlock()
	l.given, l.empty = nil, nil
}

// execute executes one run to its end, or to that of ctx.
func (l *lane) execute(ctx context.Context, r *task.Request) task.Result {
	begun := time.Now()
	if l.interpreter == nil {
		var err error
		if l.interpreter, err = l.whole.o.Start(l.onResults); err != nil {
			l.interpreter = nil
			return refused(r, begun, task.Died, err)
		}
		begun = time.Now()
	}
	l.runs++
	id := fmt.Sprintf("%s.%d.%d.%d", r.Run, r.Seq, r.Attempt, l.runs)
	state, err := l.whole.prepare(r, id)
	if err != nil {
		return refused(r, begun, task.Exception, err)
	}
	log := &record{begun: begun}
	run := New(state, log.take)
	if r.Limit > 0 {
		var cancel func()
		ctx, cancel = context.WithTimeoutCause(ctx, r.Limit, errLimit)
		defer cancel()
	}
	l.begin(id, run)
	outcome := run.Run(ctx, l)
	node := l.end()
	if outcome.Status == engine.Cancelled {
		outcome = overtime(r, node)
	}
	return log.result(r, outcome)
}

var errLimit = errors.New("the time is over")

// overtime is the outcome of a run that took too long.
func overtime(r *task.Request, node string) engine.Outcome {
	return engine.Outcome{Status: engine.Failed, Node: node, Failure: task.Failure{
		Cause:   task.Timeout,
		Message: fmt.Sprintf("the run took longer than its limit of %s and was ended during the task of node '%s'", r.Limit, node),
		Advice:  "raise the limit, or look at what the task waits for in its output",
	}}
}

func (l *lane) begin(id string, run *Runner) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.id, l.run, l.given = id, run, nil
}

// end says that no result of the run counts any more. It returns the node that was
// being executed.
func (l *lane) end() (node string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.run = nil
	if len(l.given) > 0 {
		node = l.given[0].Node
	}
	return node
}

// Submit is for the runner, like Stop and Drop.
func (l *lane) Submit(reqs []*task.Request) {
	l.mu.Lock()
	l.given = append(l.given, reqs...)
	l.mu.Unlock()
	l.interpreter.Submit(reqs)
}

// Stop ends tasks.
func (l *lane) Stop(ids []task.ID) {
	l.interpreter.Stop(ids)
	l.remove(ids)
}

// Drop forgets values.
func (l *lane) Drop(run string, seqs []uint64) { l.interpreter.Drop(run, seqs) }

func (l *lane) remove(ids []task.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.given = slices.DeleteFunc(l.given, func(r *task.Request) bool { return slices.Contains(ids, r.ID) })
	l.tell()
}

// tell tells who waits for it that nothing is given any more.
func (l *lane) tell() {
	if len(l.given) == 0 && l.empty != nil {
		close(l.empty)
		l.empty = nil
	}
}

// onResults takes the results of tasks.
func (l *lane) onResults(results []task.Result) {
	l.mu.Lock()
	results = slices.DeleteFunc(results, func(r task.Result) bool { return r.Run != l.id })
	for i := range results {
		l.settle(&results[i])
	}
	l.tell()
	run := l.run
	l.mu.Unlock()
	if run != nil && len(results) > 0 {
		run.OnResults(results)
	}
}

// settle takes a task off the list. Another may have taken its place.
func (l *lane) settle(r *task.Result) {
	i := slices.IndexFunc(l.given, func(g *task.Request) bool { return g.ID == r.ID })
	switch {
	case i < 0:
	case r.Begun && l.given[i].Then != nil:
		l.given[i] = l.given[i].Then
	default:
		l.given = slices.Delete(l.given, i, i+1)
	}
}

// grace is how long tasks that were read ahead of a failure may take to be skipped.
const grace = 50 * time.Millisecond

// clear makes sure that nothing of a run that is over is left in the interpreter. One
// that is busy with it is ended.
func (l *lane) clear() {
	if l.interpreter == nil {
		return
	}
	empty, left := l.left()
	if left {
		l.remove(l.interpreter.Withdraw(func(*task.Request) bool { return true }))
		select {
		case <-empty:
		case <-time.After(grace):
			l.close()
			return
		}
	}
	l.interpreter.Forget(l.id)
}

// left tells whether tasks are left. If so, the channel is closed when none are.
func (l *lane) left() (empty <-chan struct{}, left bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.given) == 0 {
		return nil, false
	}
	l.empty = make(chan struct{})
	return l.empty, true
}
