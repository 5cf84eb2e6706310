package coordinator

import (
	"maps"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/resource"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// estimates are how long tasks of an identifier take, at most: of all but the few
// longest. They rise at once and fall slowly. Short tasks are not in it.
type estimates map[string]time.Duration

const (
	shortTime     = time.Second
	maxIdentifier = 10_000 // identifiers that are known
)

func (e estimates) learn(identifier string, took time.Duration) {
	known, some := e[identifier]
	switch {
	case took >= known && (took >= shortTime || some) && (some || len(e) < maxIdentifier):
		e[identifier] = took
	case some:
		if known -= (known - took) / 32; known < shortTime {
			delete(e, identifier)
		} else {
			e[identifier] = known
		}
	}
}

// expected is how long a task will probably take at most, with a good deal to spare:
// what was declared, else what was learned, else nothing.
func (e estimates) expected(r *task.Request) time.Duration {
	if r.Resources.TimeLimit > 0 {
		return r.Resources.TimeLimit
	}
	known := e[r.Identifier]
	return known + known/2
}

// Learned is how long tasks of an identifier take, for the next coordinator.
func (c *Coordinator) Learned() map[string]time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.known)
}

// walltime is for how long workers like this one live, as far as known.
func (c *Coordinator) walltime(w *worker) time.Duration {
	for _, p := range c.o.Router.Pools {
		if p.Name == w.hello.Pool && p.Walltime > 0 {
			return p.Walltime
		}
	}
	return max(0, w.hello.EndsAt.Sub(w.since))
}

// left is how much time a task may take on the worker, if it began now.
func (c *Coordinator) left(w *worker) time.Duration {
	return w.hello.EndsAt.Sub(w.seen) - resource.Margin(c.walltime(w))
}

// inTime tells whether the first request of a shelf ends before the worker has to. A
// worker that has not executed anything is given what its pool can execute at all:
// no other would have more time. What was learned counts for no more than most of a
// walltime, for the same reason.
func (c *Coordinator) inTime(w *worker, x *shelf) bool {
	if w.hello.EndsAt.IsZero() {
		return true
	}
	left, most := c.left(w), c.walltime(w)*3/4
	fresh := w.done+w.failed == 0 && len(w.held) == 0
	for x.len() > 0 {
		r := x.peek().request
		expected := c.known.expected(r)
		if r.Resources.TimeLimit == 0 {
			expected = min(expected, most)
		}
		if left > 0 && (expected <= left || fresh) {
			return true
		}
		if class(int64(expected/time.Second)) <= x.time {
			break
		}
		c.ready.later(x, expected) // it was not known when it came
	}
	w.late = true
	return false
}

// retire tells a worker to leave that has come to its end: there is no time for
// another task, or none for those that wait and nothing else to do.
func (c *Coordinator) retire(w *worker, given int) bool {
	if w.hello.EndsAt.IsZero() {
		return false
	}
	if c.left(w) <= 0 || w.late && given == 0 && len(w.held) == 0 {
		c.o.Logger.Info("worker has come to the end of its walltime", "worker", w.hello.Worker, "host", w.hello.Host, "ends", w.hello.EndsAt)
		return true
	}
	return false
}
