package coordinator

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Order is what a client asks for about a run: to cancel, pause or resume it.
type Order struct {
	// Run is an id, the beginning of one, or "last". Without one it is for all runs,
	// if that makes sense.
	Run string `json:"run,omitempty"`
	// Node restricts a cancellation to the tasks of a node.
	Node string `json:"node,omitempty"`
	// All cancels all runs.
	All bool `json:"all,omitempty"`
}

// Answer tells what became of an order.
type Answer struct {
	// Runs are those that were meant, as they are now.
	Runs []RunStatus `json:"runs"`
	// Tasks is the number of tasks that were cancelled, if a node was named.
	Tasks int `json:"tasks,omitempty"`
	// Changed is false if it was so already.
	Changed bool `json:"changed"`
}

// ErrNoRun is the error for a run that the cluster does not know.
var ErrNoRun = errors.New("no such run")

// Last is the name of the run that was submitted last.
const Last = "last"

// noRunError is about the name of a run, or of a node of it, that fits nothing.
type noRunError struct {
	error
	hint string
}

func (e noRunError) Unwrap() error { return e.error }
func (e noRunError) Hint() string  { return e.hint }

// find returns the run of an id, of the unique beginning of one, or the last. The
// caller holds mu.
func (c *Coordinator) find(name string) (*run, error) {
	if r := c.runs[name]; r != nil && r.row == nil {
		return r, nil
	}
	if name == Last && len(c.order) > 0 {
		return c.runs[c.order[len(c.order)-1]], nil
	}
	var found []string
	for _, id := range c.order {
		if name != "" && strings.HasPrefix(id, name) {
			found = append(found, id)
		}
	}
	switch len(found) {
	case 0:
		hint := "ewoks-hpc runs lists those there are; " + Last + " is the last of them"
		if len(c.order) == 0 {
			hint = "the cluster has had no run yet; ewoks-hpc run WORKFLOW --cluster NAME begins one"
		}
		return nil, noRunError{fmt.Errorf("%w: %.128s", ErrNoRun, name), hint}
	case 1:
		return c.runs[found[0]], nil
	}
	return nil, noRunError{fmt.Errorf("%d runs begin with %.128s", len(found), name),
		"give more of the id; the last two are " + strings.Join(found[len(found)-2:], " and ")}
}

// keepTime bounds how long a client waits for its change to be kept.
const keepTime = 30 * time.Second

// ask makes a change that a client asked for, and returns when it is kept.
func (c *Coordinator) ask(f func() (Answer, error)) (Answer, error) {
	kept, failed := make(chan Answer, 1), make(chan error, 1)
	c.step(func() {
		a, err := f()
		if err != nil {
			failed <- err
			return
		}
		c.then(func() { kept <- a })
	})
	timer := time.NewTimer(keepTime)
	defer timer.Stop()
	select {
	case a := <-kept:
		return a, nil
	case err := <-failed:
		return Answer{}, err
	case <-timer.C:
		return Answer{}, errors.New("the change could not be kept: see the log of the launcher")
	}
}

func (c *Coordinator) serveCancel(body []byte) (any, error) {
	var o Order
	if err := task.DecodeJSON(body, &o); err != nil {
		return nil, err
	}
	return c.Cancel(o)
}

// Cancel ends runs, or the tasks of a node.
func (c *Coordinator) Cancel(o Order) (Answer, error) {
	return c.ask(func() (Answer, error) { return c.cancelOrder(o) })
}

const byUser = "cancelled by the user"

func (c *Coordinator) cancelOrder(o Order) (a Answer, err error) {
	if o.All {
		for _, id := range slices.Clone(c.order) {
			if r := c.runs[id]; r.state != nil {
				c.cancel(r, byUser)
				a.Runs = append(a.Runs, r.status())
			}
		}
		a.Changed = len(a.Runs) > 0
		return a, nil
	}
	r, err := c.find(o.Run)
	if err != nil {
		return a, err
	}
	a.Changed = r.state != nil
	switch {
	case o.Node == "":
		c.cancel(r, byUser)
	case a.Changed:
		a.Tasks, err = c.cancelNode(r, o.Node)
	}
	a.Runs = []RunStatus{r.status()}
	return a, err
}

func (c *Coordinator) cancel(r *run, reason string) {
	if r.state != nil {
		if e := c.note(r.topic()); r.row != nil {
			e.Cancelled = append(e.Cancelled, r.id)
		} else {
			e.Cancel = reason
		}
		c.apply(r, engine.Step(r.state, engine.Cancel{Reason: reason}))
	}
}

// cancelNode makes the tasks of a node that wait or are executed fail: the run goes
// on as the workflow says for errors.
func (c *Coordinator) cancelNode(r *run, node string) (n int, err error) {
	all := r.state.Executing()
	for _, request := range all {
		if request.Node != node || r.state == nil {
			continue
		}
		n++
		c.supersede(request.ID)
		c.result(r, task.Result{ID: request.ID, Attempt: request.Attempt, Status: task.Failed, Failure: task.Failure{
			Cause: task.Cancelled, Message: fmt.Sprintf("task of node '%s' was %s", node, byUser),
		}}, nil)
	}
	if n == 0 {
		return 0, noRunError{fmt.Errorf("no task of node %.128q of run %s waits or is executed", node, r.id), hintNodes(all)}
	}
	c.poke()
	return n, nil
}

// hintNodes names some nodes whose tasks could be cancelled.
func hintNodes(requests []*task.Request) string {
	var names []string
	for _, r := range requests {
		if !slices.Contains(names, r.Node) && len(names) < 10 {
			names = append(names, r.Node)
		}
	}
	if len(names) == 0 {
		return "the run does nothing at present"
	}
	return "nodes with such tasks are " + strings.Join(names, ", ")
}

// CancelAll ends all runs.
func (c *Coordinator) CancelAll(reason string) {
	c.step(func() {
		for _, r := range c.runs {
			c.cancel(r, reason)
		}
	})
}
