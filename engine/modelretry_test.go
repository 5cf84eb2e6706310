package engine_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// flaky is the exception of tasks that would succeed; others raise ValueError.
const flaky = "Flaky"

// forEver is more often than a run needs.
const forEver = 1000

// randomRetry is one of: no retries, a few of what fails, and as many as it takes
// of what fails by accident.
func randomRetry(random *rand.Rand) engine.Retry {
	o := engine.Retry{Lost: pick(random, 0, 1, 2, forEver, forEver, forEver, forEver)}
	few := func() int { return random.IntN(3) }
	switch random.IntN(4) {
	case 0:
		o.Exceptions, o.Timeouts, o.OutOfMemory = few(), few(), few()
		o.On = pick(random, nil, []string{flaky}, []string{"Other", "ValueError"})
	case 1:
		o.Exceptions, o.Timeouts, o.OutOfMemory, o.On = forEver, forEver, forEver, []string{flaky}
	}
	o.Delay = pick(random, 0, time.Second, 4*time.Minute, time.Hour)
	return o
}

// retryLimit is how often an attempt that failed like this may be made again.
func (h *hostile) retryLimit(f task.Failure) int {
	o := h.o.Retry
	switch {
	case f.Cause == task.Timeout:
		return o.Timeouts
	case f.Cause == task.OutOfMemory:
		return o.OutOfMemory
	case o.On != nil && !slices.Contains(o.On, f.Type):
		return 0
	}
	return o.Exceptions
}

// kind is what a failure counts as.
func kind(f task.Failure) task.Cause {
	if f.Cause == task.Died {
		return task.Exception
	}
	return f.Cause
}

// failOnce is the failure of the current attempt.
func (h *hostile) failOnce(x *exec, r task.Result) expected {
	x.failed[kind(r.Failure)]++
	if x.failed[kind(r.Failure)] > h.retryLimit(r.Failure) {
		h.spoiled = h.spoiled || r.Failure.Type == flaky
		return h.fail(x, r)
	}
	h.counts.Retried++
	h.stats.retried++
	e := h.again(x)
	e.after = h.o.Retry.Delay
	for range x.failures() - 1 {
		e.after = min(2*e.after, max(10*time.Minute, h.o.Retry.Delay))
	}
	return e
}

func (x *exec) failures() (n int) {
	for _, times := range x.failed {
		n += times
	}
	return n
}

// fatal tells whether no exception of the next attempt can be followed by another.
func (h *hostile) fatal(x *exec) bool {
	o := h.o.Retry
	if x.failed[task.Exception] < o.Exceptions || x.failed[task.OutOfMemory] < o.OutOfMemory {
		return false
	}
	return x == h.saver || !h.o.KeepGoing && !handlesErrors(h.wf, x.node)
}

// stumble lets an attempt fail that would succeed.
func (h *hostile) stumble(f *flight) bool {
	o := h.o.Retry
	if o.Exceptions+o.Timeouts+o.OutOfMemory == 0 || h.IntN(6) > 0 {
		return false
	}
	cause := pick(h.Rand, task.Exception, task.Died, task.Timeout, task.OutOfMemory)
	if o.Exceptions == forEver && cause == task.Died {
		cause = task.Exception // a crash has no type to be tried again for
	}
	r := task.Result{ID: f.ID, Attempt: f.Attempt, Status: task.Failed, Failure: task.Failure{Cause: cause, Type: flaky, Message: "flaky"}}
	h.mail = append(h.mail, r)
	return true
}

// supersede tells whoever holds an attempt that it is of no use any more, who may
// hear it too late.
func (h *hostile) supersede(id task.ID) {
	h.stats.superseded++
	if h.IntN(2) == 0 {
		h.flying = slices.DeleteFunc(h.flying, func(f *flight) bool { return f.ID == id })
	}
}

// told is the message of a run that the failure of a task has ended.
func (x *exec) told(f task.Failure) string {
	if n := x.failures(); n > 1 && f.Cause != task.Gone {
		return fmt.Sprintf("failed %d times, last: %s", n, f.Message)
	}
	return f.Message
}
