package coordinator

import (
	"fmt"

	"github.com/ewoks-hpc/ewoks-hpc/resource"
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
		text += fmt.Sprintf(" (and %d more nodes)", e.more)
	}
	return text
}

func (e unfitError) Unwrap() error { return e.UnfitError }

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
