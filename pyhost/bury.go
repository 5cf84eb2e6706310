package pyhost

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// bury deals with the end of an interpreter: it finds out which task was the
// cause, returns the others to the queue, and starts a replacement.
func (p *Pool) bury(i *interpreter, cause error) {
	status := i.endAfter(cause)
	i.undone.Wait()
	words := i.lastWords()
	i.close()

	p.mu.Lock()
	p.hosts = slices.DeleteFunc(p.hosts, func(h *interpreter) bool { return h == i })
	if p.closed {
		p.mu.Unlock()
		return
	}
	failed, again := p.judge(i, cause, status, words)
	p.queue = slices.Concat(again, p.queue)
	p.mu.Unlock()

	if len(failed) > 0 {
		p.o.Logger.Warn("python interpreter ended", "pid", i.pid, "status", status, "task", failed[0].ID.String())
		p.o.OnResults(failed)
	}
	p.replace()
}

// judge tells which tasks of an interpreter that ended have failed with it, and
// which are to be executed again.
func (p *Pool) judge(i *interpreter, cause error, status, words string) (failed []task.Result, again []*entry) {
	running := i.running()
	newest := &incident{}
	for _, l := range i.lanes {
		for n, e := range l.given {
			switch {
			case e.stopped:
				continue
			case n > 0:
			case p.overtime(e):
				failed = append(failed, timedOut(e))
				continue
			case i.spent:
			case len(running) == 1:
				if e.incident != nil {
					e.incident.solved = true
				}
				failed = append(failed, p.perished(e, i.memory, cause, status, words))
				continue
			default:
				e.incident = newest
				if e.first.IsZero() { // it has only just begun
					e.first = time.Now()
				}
			}
			again = append(again, e)
		}
		l.given = nil
	}
	// What has begun last is the likeliest cause, and has the least to lose.
	slices.SortStableFunc(again, func(a, b *entry) int { return b.first.Compare(a.first) })
	for _, e := range again {
		e.first = time.Time{}
	}
	return failed, again
}

// replace starts an interpreter in place of one that ended.
func (p *Pool) replace() {
	if err := p.add(); err != nil {
		p.o.Logger.Error("python interpreter cannot be replaced", "error", err)
		p.mu.Lock()
		defer p.mu.Unlock()
		if len(p.hosts) == 0 && !p.closed {
			p.broken = err
			p.refuse()
		}
	}
}

// watchLimits ends interpreters in which a task takes longer than it may.
func (p *Pool) watchLimits() {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-p.closing:
			return
		case <-ticker.C:
			p.enforceLimits(time.Now()) // the ticker's own time may be old
		}
	}
}

func (p *Pool) enforceLimits(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range p.hosts {
		for _, e := range i.running() {
			if e.first.IsZero() {
				e.first = now
			}
			if p.overtime(e) {
				i.spent = true
				i.end()
				break
			}
		}
	}
}

func (p *Pool) overtime(e *entry) bool {
	limit := e.request.Limit
	return limit > 0 && !e.first.IsZero() && time.Since(e.first) > limit
}

func timedOut(e *entry) task.Result {
	return failure(e, task.Failure{
		Cause:   task.Timeout,
		Message: fmt.Sprintf("took longer than its limit of %s and was ended", e.request.Limit),
		Advice:  "raise the limit, or look at what the task waits for in its output",
	})
}

func failure(e *entry, f task.Failure) task.Result {
	r := e.request
	f.Message = fmt.Sprintf("Execution failed for ewoks task '%s' (id: '%s', task: '%s'): %s", cmp.Or(r.Label, r.Node), r.Node, r.Identifier, f.Message)
	result := task.Result{ID: r.ID, Attempt: r.Attempt, Status: task.Failed, Failure: f, Started: time.Now()}
	if !e.first.IsZero() { // else it had only just begun
		result.Started, result.Duration = e.first, time.Since(e.first)
	}
	return result
}

// DirError says that the working directory of tasks is not to be had.
type DirError struct {
	Dir   string
	Cause error
}

func (e *DirError) Error() string {
	return fmt.Sprintf("working directory %s does not exist on this machine", e.Dir)
}

func (e *DirError) Unwrap() error { return e.Cause }

// Hint tells what to do about it.
func (e *DirError) Hint() string {
	return "choose a directory that the node can see with --chdir"
}
