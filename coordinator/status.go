package coordinator

import (
	"cmp"
	"slices"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Status is a picture of the cluster's work.
type Status struct {
	Workers []WorkerStatus `json:"workers"`
	Runs    []RunStatus    `json:"runs"`
	// Ready is the number of tasks that wait for a worker, Leased of those that
	// a worker has.
	Ready  int    `json:"ready"`
	Leased int    `json:"leased"`
	Totals Totals `json:"totals"`
}

// WorkerStatus is a picture of a worker.
type WorkerStatus struct {
	task.Hello
	Since     time.Time `json:"since"`
	Seen      time.Time `json:"seen"`
	Holding   int       `json:"holding"`
	Succeeded uint64    `json:"succeeded"`
	Failed    uint64    `json:"failed"`
	Leaving   bool      `json:"leaving,omitempty"`
}

// RunStatus is a picture of a run.
type RunStatus struct {
	Run       string        `json:"run"`
	Label     string        `json:"label"`
	User      string        `json:"user,omitempty"`
	Status    engine.Status `json:"status"`
	Counts    engine.Counts `json:"counts"`
	Submitted time.Time     `json:"submitted"`
	Ended     time.Time     `json:"ended,omitzero"`
	Node      string        `json:"node,omitempty"`
	Message   string        `json:"message,omitempty"`
}

// shownRuns is the number of runs in a status, the newest.
const shownRuns = 100

// Status takes a picture.
func (c *Coordinator) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Status{Ready: c.ready.len(), Leased: len(c.leases), Totals: c.totals}
	for _, w := range c.workers {
		s.Workers = append(s.Workers, WorkerStatus{
			Hello: w.hello, Since: w.since, Seen: w.seen, Holding: len(w.held),
			Succeeded: w.done, Failed: w.failed, Leaving: w.leave,
		})
	}
	slices.SortFunc(s.Workers, func(a, b WorkerStatus) int { return cmp.Compare(a.Worker, b.Worker) })
	for _, id := range c.order[max(0, len(c.order)-shownRuns):] {
		s.Runs = append(s.Runs, c.runs[id].status())
	}
	return s
}

func (r *run) status() RunStatus {
	s := RunStatus{
		Run: r.id, Label: r.label, User: r.user, Submitted: r.submitted, Ended: r.ended,
		Status: r.outcome.Status, Counts: r.counts, Node: r.outcome.Node, Message: r.outcome.Failure.Message,
	}
	if r.state != nil {
		s.Status, s.Counts = engine.Running, r.state.Counts()
	}
	return s
}
