package app

import (
	"context"
	"errors"

	"github.com/ewoks-hpc/ewoks-hpc/cluster"
	"github.com/ewoks-hpc/ewoks-hpc/coordinator"
	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Order is what a person asks for about runs: to cancel, pause or resume them.
type Order = coordinator.Order

// Answer tells what became of an order.
type Answer struct {
	Runs    []dashboard.Run `json:"runs"`
	Tasks   int             `json:"tasks,omitempty"` // that were cancelled, if a node was named
	Changed bool            `json:"changed"`         // false if it was so already
	// Pools are those that submit jobs again, or use nodes again.
	Pools []cluster.Resumed `json:"pools,omitempty"`
}

func answer(a coordinator.Answer) Answer {
	b := Answer{Runs: []dashboard.Run{}, Tasks: a.Tasks, Changed: a.Changed}
	for _, r := range a.Runs {
		b.Runs = append(b.Runs, dashboard.Run(r))
	}
	return b
}

// Give sends an order to the cluster: cancel, pause or resume. A run that does not
// exist is an [InvalidError].
func (c *Client) Give(ctx context.Context, verb string, o Order) (a Answer, err error) {
	err = c.Call(ctx, verb, o, &a)
	var remote *coordinator.RemoteError
	if errors.As(err, &remote) && remote.Mistake() {
		return a, &InvalidError{Cause: err, Advice: remote.Hint()}
	}
	return a, err
}

func (c *Cluster) servePause(body []byte) (any, error) {
	var o Order
	if err := task.DecodeJSON(body, &o); err != nil {
		return nil, err
	}
	a, err := c.coordinator.Pause(o)
	return answer(a), err
}

// serveResume also lets pools submit jobs again that had stopped, if it is for the
// whole cluster.
func (c *Cluster) serveResume(body []byte) (any, error) {
	var o Order
	if err := task.DecodeJSON(body, &o); err != nil {
		return nil, err
	}
	return c.resume(o)
}

func (c *Cluster) resume(o Order) (Answer, error) {
	resumed, err := c.coordinator.Resume(o)
	a := answer(resumed)
	if err != nil || o.Run != "" {
		return a, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	a.Pools, err = c.pools.Resume(ctx)
	a.Changed = a.Changed || len(a.Pools) > 0
	return a, err
}
