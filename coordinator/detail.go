package coordinator

import (
	"maps"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Activity is how many tasks of a node wait for a worker, and are with one.
type Activity struct {
	Ready, Running int
}

// Activity tells by node what a run does now. A run that is over does nothing.
func (c *Coordinator) Activity(run string) map[string]Activity {
	c.mu.Lock()
	defer c.mu.Unlock()
	nodes := map[string]Activity{}
	r := c.runs[run]
	if r == nil || r.state == nil {
		return nodes
	}
	for request := range r.state.Underway() {
		a := nodes[request.Node]
		if c.leases[request.ID] != nil {
			a.Running++
		} else {
			a.Ready++
		}
		nodes[request.Node] = a
	}
	return nodes
}

// Run is the status of one run, by its full id.
func (c *Coordinator) Run(id string) (RunStatus, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.runs[id]
	if r == nil {
		return RunStatus{}, noRunError{ErrNoRun, "ewoks-hpc runs lists those there are"}
	}
	return r.status(), nil
}

// causes count attempts that did not succeed.
type causes map[task.Cause]uint64

func (c causes) count(r *task.Result) {
	if r.Status == task.Failed || r.Status == task.Lost {
		c[r.Failure.Cause]++
	}
}

func (c causes) words() map[string]uint64 {
	words := map[string]uint64{}
	for cause, n := range maps.All(c) {
		words[string(cause)] = n
	}
	return words
}

// tellBegun tells that a run was submitted, once that is kept.
func (c *Coordinator) tellBegun(r *run) {
	if c.o.Begun == nil {
		return
	}
	status, wf := r.status(), r.state.Workflow()
	c.then(func() { c.o.Begun(status, wf) })
}
