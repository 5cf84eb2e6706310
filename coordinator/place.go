package coordinator

import (
	"errors"
	"fmt"

	"github.com/ewoks-hpc/ewoks-hpc/resource"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// unfitError is that of the first node that no pool can ever run.
type unfitError struct {
	*resource.UnfitError
	more int
}

func (e unfitError) Error() string {
	text := "no pool can run it: " + e.UnfitError.Error()
	if e.more > 0 {
		nodes := "nodes"
		if e.more == 1 {
			nodes = "node"
		}
		text += fmt.Sprintf(" (and %d more %s)", e.more, nodes)
	}
	return text
}

func (e unfitError) Unwrap() error { return e.UnfitError }

// Mistake tells that the user must change something.
func (e unfitError) Mistake() bool { return true }

// place decides for each node what it needs and which pool it goes to. When the
// journal is read, the pools may not be those of before: then what fits nowhere waits
// for a launcher that has its pool.
func (c *Coordinator) place(run string, wf *workflow.Workflow) error {
	var first *resource.UnfitError
	unfit := 0
	for i := range wf.Nodes {
		n := &wf.Nodes[i]
		need, err := c.o.Router.Place(resource.Subject{Node: n.ID.String(), Label: n.Label, Task: n.Identifier}, n.Resources)
		if err != nil {
			if unfit++; first == nil {
				first = err
			}
		}
		n.Resources = need
	}
	switch {
	case first == nil:
		return nil
	case c.waiting != nil:
		c.o.Logger.Warn("tasks of a run wait for a pool that the cluster does not have", "run", run, "error", first, "nodes", unfit)
		return nil
	}
	return unfitError{first, unfit - 1}
}

// enlarge finds a place for an attempt that asks for more memory than the one before, which
// ran out of it. Without one it returns nil, and the task fails: in a step of its own, since
// this is in the middle of one. The request itself is the engine's.
func (c *Coordinator) enlarge(r *task.Request) *task.Request {
	if !r.Resources.Starved {
		return r
	}
	need, err := c.o.Router.More(resource.Subject{Node: r.Node, Label: r.Label, Task: r.Identifier}, r.Resources)
	if err != nil {
		f := task.Failure{Cause: task.Unfit, Message: err.Error()}
		var hinted interface{ Hint() string }
		if errors.As(err, &hinted) {
			f.Advice = hinted.Hint()
		}
		c.later(r.ID, 0, func() { c.fail(r, f) })
		return nil
	}
	larger := *r
	larger.Resources = need
	c.o.Logger.Info("a task ran out of memory and asks for more", "run", r.Run, "node", r.Node, "memory", need.Memory.String(), "pool", need.Pool)
	return &larger
}
