package cluster

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/scale"
)

// round looks at the jobs and does what scale decides. Its error is a refusal of
// jobs, or that ctx ended before there was a round.
func (c *Cluster) round(ctx context.Context) error {
	_, _, err := c.roundNews(ctx)
	return err
}

// roundNews also says whether anything changed, and whether the backend answered.
func (c *Cluster) roundNews(ctx context.Context) (changed, answered bool, err error) {
	if err := c.begin(ctx); err != nil {
		return false, false, err
	}
	defer c.end()
	c.mu.Lock()
	stopping := c.stopping
	c.looked = time.Now()
	c.mu.Unlock()
	if stopping {
		return false, false, ErrStopped
	}
	changed, err = c.look(ctx)
	if err != nil {
		// What to do about a picture that is old is not known.
		return changed, false, nil
	}
	acted, err := c.act(ctx)
	return changed || acted, true, err
}

// begin waits for the turn to talk to the backend.
func (c *Cluster) begin(ctx context.Context) error {
	select {
	case c.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (c *Cluster) end() { <-c.turn }

// look brings the ledger up to date and tells the coordinator who is gone.
func (c *Cluster) look(ctx context.Context) (changed bool, err error) {
	c.meet()
	settled, adoptErr := c.settle(ctx)
	c.mu.Lock()
	confirmed, _ := c.ledger.byID()
	c.mu.Unlock()
	var jobs []Job
	complete := true
	if len(confirmed) > 0 {
		jobs, complete, err = c.o.Backend.List(ctx, confirmed)
	}
	if err != nil {
		c.note(ctx, errors.Join(adoptErr, err))
		return settled, err
	}
	c.note(ctx, adoptErr)
	c.mu.Lock()
	ends, changed := c.ledger.fold(time.Now(), confirmed, jobs, complete, c.o.Grace)
	c.mu.Unlock()
	c.revokeEnded(ends)
	for _, e := range ends {
		c.bury(ctx, e)
	}
	return changed || settled, nil
}

// meet notes which jobs have workers, what those do, and what there is to do.
func (c *Cluster) meet() {
	work := c.o.Coordinator.Work()
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	for _, w := range work.Workers {
		c.ledger.greet(now, w.Hello, c.relent)
	}
	c.ledger.attend(now, work.Workers)
	for i, p := range c.pools {
		p.demand = work.Ready[p.Name]
		if i == 0 {
			p.demand += work.Ready[""]
		}
		for _, r := range c.ledger.live(p.Name) {
			if r.scalePhase() != scale.Ending {
				p.demand += r.crew.slots
			}
		}
		p.recent.Add(now, p.demand, p.IdleTimeout)
	}
}

// settle finds out what became of submissions of unknown fate.
func (c *Cluster) settle(ctx context.Context) (changed bool, err error) {
	c.mu.Lock()
	_, uncertain := c.ledger.byID()
	c.mu.Unlock()
	var failed []error
	for _, l := range uncertain {
		adopted, found, err := c.o.Backend.Adopt(ctx, l)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		changed = true
		c.o.Logger.Info("submission settled", "launch", l.Key, "name", l.Name, "found", found, "id", adopted.ID)
		if !found {
			c.forsake(l)
			continue
		}
		c.mu.Lock()
		c.ledger.confirm(adopted)
		c.mu.Unlock()
	}
	return changed, errors.Join(failed...)
}

// note remembers why the picture is old, or that it is not.
func (c *Cluster) note(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return // nobody's fault
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.trouble, c.troubled = "", time.Time{}
		return
	}
	if c.trouble = advised(err); c.troubled.IsZero() {
		c.troubled = time.Now()
	}
	c.o.Logger.Warn("the state of jobs is not known", "error", err)
}

// bury tells the coordinator about a job that has ended, and judges it.
func (c *Cluster) bury(ctx context.Context, e end) {
	log := ""
	if !e.told {
		log = tail(c.o.Backend.Log(e.Job), logLines)
	}
	reason := epitaph(e, log)
	c.o.Logger.Info("job ended", "pool", e.Pool, "job", e.Job.String(), "greeted", e.Greeted, "reason", reason)
	c.o.Coordinator.Gone(e.Is, reason)
	c.judge(ctx, e, log)
}

// act does what scale decides for each pool.
func (c *Cluster) act(ctx context.Context) (acted bool, err error) {
	c.meet()
	var refused []error
	for _, p := range c.pools {
		c.mu.Lock()
		n := c.plan(time.Now(), p)
		if n.missing == 0 {
			p.pending = ""
		}
		c.mu.Unlock()
		c.cancel(ctx, n.cancel)
		c.drain(n.drain)
		if err := c.submit(ctx, p, n.submit); err != nil {
			refused = append(refused, err)
		}
		acted = acted || n.any()
	}
	return acted, errors.Join(refused...)
}

// cancel ends jobs; what failed is tried again in the next round, and so are those
// whose submission is not settled yet.
func (c *Cluster) cancel(ctx context.Context, jobs []Job) {
	jobs = slices.DeleteFunc(jobs, func(j Job) bool { return j.ID == "" })
	if len(jobs) == 0 {
		return
	}
	if err := c.o.Backend.Cancel(ctx, jobs); err != nil {
		c.note(ctx, err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, j := range jobs {
		if r := c.ledger.jobs[jobKey{j.Key, j.Index}]; r != nil {
			r.told = time.Now()
		}
	}
}

// drain asks the workers of jobs to leave. Those of jobs that were asked before are
// asked again: one that was lost and came back was not told.
func (c *Cluster) drain(jobs []Job) {
	c.mu.Lock()
	for _, j := range jobs {
		c.ledger.jobs[jobKey{j.Key, j.Index}].drained = time.Now()
	}
	var leaving []Job
	for _, r := range c.ledger.live("") {
		if !r.drained.IsZero() {
			leaving = append(leaving, r.Job)
		}
	}
	c.mu.Unlock()
	for _, j := range leaving {
		c.o.Coordinator.Drain(j.Is)
	}
}
