package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
	"github.com/ewoks-hpc/ewoks-hpc/ledger"
)

// pageOrders carries out what people ask for on the page.
type pageOrders struct{ cluster *Cluster }

// Order implements [dashboard.Orders].
func (p pageOrders) Order(ctx context.Context, o dashboard.Order) (dashboard.Ordered, error) {
	switch o.Kind {
	case dashboard.OfCluster:
		return p.onRuns(o.Verb, Order{})
	case dashboard.OfRun:
		return p.onRuns(o.Verb, Order{Run: o.Name})
	case dashboard.OfCampaign:
		return p.onCampaign(ctx, o.Verb, o.Name)
	}
	return dashboard.Ordered{}, fmt.Errorf("there is nothing of kind %.80q", o.Kind)
}

func (p pageOrders) onRuns(verb dashboard.Verb, o Order) (dashboard.Ordered, error) {
	c := p.cluster.coordinator
	give := c.Pause
	switch verb {
	case dashboard.Cancel:
		if o.Run == "" {
			return dashboard.Ordered{}, errors.New("a cluster is not cancelled: ewoks-hpc down ends it")
		}
		give = c.Cancel
	case dashboard.Resume:
		a, err := p.cluster.resume(o)
		return dashboard.Ordered{Changed: a.Changed}, err
	}
	a, err := give(o)
	return dashboard.Ordered{Changed: a.Changed}, err
}

func (p pageOrders) onCampaign(ctx context.Context, verb dashboard.Verb, name string) (done dashboard.Ordered, err error) {
	s := p.cluster.campaigns
	if s == nil {
		return done, fmt.Errorf("campaign %.80q: %w", name, dashboard.ErrNotFound)
	}
	switch verb {
	case dashboard.Pause:
		done.Changed, err = s.Pause(ctx, name)
	case dashboard.Resume:
		done.Changed, err = s.Resume(ctx, name)
	case dashboard.Cancel:
		var waiting, running int
		waiting, running, err = s.Cancel(ctx, name)
		done.Changed = waiting+running > 0
	case dashboard.Retry:
		done.Rows, err = s.Reset(ctx, name, ledger.InState(campaign.Failed), ledger.Retry)
		done.Changed = done.Rows > 0
	}
	return done, err
}
