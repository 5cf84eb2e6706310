package worker

import (
	"fmt"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/resource"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// averages are how long tasks of an identifier take. Short ones are not in it.
type averages map[string]time.Duration

const (
	shortTime      = time.Second
	maxIdentifiers = 1000
)

func (a averages) learn(identifier string, took time.Duration) {
	known, some := a[identifier]
	switch {
	case some:
		a[identifier] = known + (took-known)/4
	case took >= shortTime && len(a) < maxIdentifiers:
		a[identifier] = took
	}
}

// Drain makes the worker give back what it has not begun, and what has begun but will
// not end by the deadline; it finishes the rest, and ends. What is still running at
// the deadline is given back too. Without a deadline everything is finished.
func (w *Worker) Drain(deadline time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.leaving = true
	w.giveBack()
	if !deadline.IsZero() {
		w.ending = true
		w.giveUp(func(h *held) bool {
			took, known := w.known[h.request.Identifier]
			return known && h.since.Add(took).After(deadline) && time.Since(h.since) < took
		})
		if w.deadline != nil {
			w.deadline.Stop()
		}
		w.deadline = time.AfterFunc(time.Until(deadline), func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.giveBack()
			w.giveUp(func(*held) bool { return true })
			w.poke()
		})
	}
	w.done = w.done || len(w.holding) == 0 && len(w.results) == 0 && len(w.returned) == 0
	w.poke()
}

// giveUp stops tasks that are running and returns them as lost.
func (w *Worker) giveUp(match func(*held) bool) {
	var ids []task.ID
	for id, h := range w.holding {
		if !match(h) {
			continue
		}
		ids = append(ids, id)
		ran := time.Since(h.since)
		w.results = append(w.results, task.Result{ID: id, Attempt: h.request.Attempt, Status: task.Lost, Started: h.since, Duration: ran, Failure: task.Failure{
			Cause: task.Walltime,
			Message: fmt.Sprintf("worker %s on %s had to end before the task of node '%s', which was given back after %s",
				w.o.Hello.Worker, w.o.Hello.Host, h.request.Node, ran.Round(time.Second/10)),
		}})
	}
	if len(ids) > 0 {
		w.o.Logger.Info("tasks are given back: there is no time for them", "tasks", len(ids))
	}
	w.stop(ids)
}

// retireInTime drains the worker before its walltime ends, whether or not anybody
// tells it to; it returns how to call off all that is to come.
func (w *Worker) retireInTime() (cancel func()) {
	stop := func() bool { return true }
	if end := w.o.Hello.EndsAt; !end.IsZero() {
		lead := resource.Margin(time.Until(end))
		stop = time.AfterFunc(time.Until(end)-lead, func() {
			w.o.Logger.Info("the walltime is almost over", "ends", end)
			w.Drain(end.Add(-lead / 3))
		}).Stop
	}
	return func() {
		stop()
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.deadline != nil {
			w.deadline.Stop()
		}
	}
}
