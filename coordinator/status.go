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
	// a worker has, Delayed of those that are to be tried again later.
	Ready int `json:"ready"`
	// Waiting is how many slots of each pool those need; see Demand.
	Waiting map[string]int `json:"waiting,omitempty"`
	// Paused means that nothing is given to workers.
	Paused bool `json:"paused,omitempty"`
	// Stuck tells why nothing can be journaled any more, until a restart.
	Stuck   string `json:"stuck,omitempty"`
	Leased  int    `json:"leased"`
	Delayed int    `json:"delayed"`
	Totals  Totals `json:"totals"`
	// Causes count attempts that did not succeed by their [task.Cause], since the
	// launcher started.
	Causes map[string]uint64 `json:"causes,omitempty"`
}

// WorkerStatus is a picture of a worker.
type WorkerStatus struct {
	task.Hello
	Since     time.Time `json:"since"`
	Seen      time.Time `json:"seen"`
	Holding   int       `json:"holding"`
	Busy      int       `json:"busy"` // slots that those take
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
	// Paused means that nothing new of it is given to workers.
	Paused bool `json:"paused,omitempty"`
}

// shownRuns is the number of runs in a status, the newest.
const shownRuns = 100

// Status takes a picture.
func (c *Coordinator) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Status{Workers: c.workerStatus(), Ready: c.ready.len() + c.parked.count(), Waiting: c.slotsWaiting(), Paused: c.paused, Leased: len(c.leases), Delayed: len(c.delayed), Totals: c.totals, Causes: c.causes.words()}
	s.Stuck = c.whyStuck()
	slices.SortFunc(s.Workers, func(a, b WorkerStatus) int { return cmp.Compare(a.Worker, b.Worker) })
	for _, r := range c.runs {
		if r.state != nil {
			s.Ready += r.state.Later()
		}
	}
	for _, id := range c.order[max(0, len(c.order)-shownRuns):] {
		s.Runs = append(s.Runs, c.runs[id].status())
	}
	return s
}

// Stuck tells why nothing can be journaled any more; it is empty if all is well.
func (c *Coordinator) Stuck() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.whyStuck()
}

func (c *Coordinator) whyStuck() string {
	if c.broken == nil {
		return ""
	}
	return c.broken.Error()
}

// Demand is the part of a status that says how many slots tasks need, at one moment:
// the number of those that tasks of each pool need which wait for a worker and are not
// paused, where "" is for any pool, and the workers with what they hold, in any order. It is cheap enough to be asked for several times a second.
func (c *Coordinator) Demand() (ready map[string]int, workers []WorkerStatus) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.paused {
		ready = c.slotsWaiting()
	}
	return ready, c.workerStatus()
}

// workerStatus describes the workers. The caller holds mu.
func (c *Coordinator) workerStatus() (workers []WorkerStatus) {
	for _, w := range c.workers {
		workers = append(workers, WorkerStatus{
			Hello: w.hello, Since: w.since, Seen: w.seen, Holding: len(w.held), Busy: w.busy(),
			Succeeded: w.done, Failed: w.failed, Leaving: w.leave,
		})
	}
	return workers
}

func (r *run) status() RunStatus {
	s := RunStatus{
		Run: r.id, Label: r.label, User: r.user, Submitted: r.submitted, Ended: r.ended,
		Status: r.outcome.Status, Counts: r.counts, Node: r.outcome.Node, Message: r.outcome.Failure.Message,
	}
	if r.state != nil {
		s.Status, s.Counts, s.Paused = engine.Running, r.state.Counts(), r.paused
	}
	return s
}
