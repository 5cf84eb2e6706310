package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Halt ends the watch over the jobs, so that none is started in place of one that
// ends. Only Stop makes sense after it.
func (c *Cluster) Halt() {
	c.mu.Lock()
	c.stopping = true
	halt, done := c.halt, c.done
	c.mu.Unlock()
	if halt != nil {
		halt()
		<-done
	}
}

// leaveTime is how long a job whose workers have left may take to end by itself,
// as completed, before it is cancelled.
const leaveTime = 3 * time.Second

// Stop cancels every job of the cluster, queued ones first, and looks until none
// is left or ctx ends. It drains nothing. It returns what is left, and then also
// an error; another Stop goes on from there. Slurm gives jobs 30 s (KillWait) to
// end, so ctx should last for longer.
func (c *Cluster) Stop(ctx context.Context) (left []Job, err error) {
	c.Halt()
	if err := c.begin(ctx); err != nil {
		return c.left(), err
	}
	defer c.end()
	var last error
	patience := time.Now().Add(min(leaveTime, c.o.Interval))
	for poll := c.soonest() / 4; ; poll = min(2*poll, c.soonest()) {
		if len(c.left()) == 0 {
			return nil, nil
		}
		if err := c.sweep(ctx, patience); err != nil && ctx.Err() == nil {
			last = err
		}
		if left = c.left(); len(left) == 0 {
			return nil, nil
		}
		if err := c.rest(ctx, poll); err != nil {
			return left, errors.Join(fmt.Errorf("%d cancelled jobs are not confirmed gone: %w", len(left), err), last)
		}
	}
}

// left are the jobs that are not known to have ended.
func (c *Cluster) left() (left []Job) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.ledger.live("") {
		left = append(left, r.Job)
	}
	return left
}

// sweep cancels what was not cancelled lately, and looks. Until the end of
// patience it leaves alone what is about to end.
func (c *Cluster) sweep(ctx context.Context, patience time.Time) error {
	_, settleErr := c.settle(ctx)
	now := time.Now()
	workers := c.o.Coordinator.Work().Workers
	leaving := func(j Job) bool {
		return j.Greeted && now.Before(patience) && !slices.ContainsFunc(workers, func(w WorkerView) bool { return j.Is(w.Hello) })
	}
	var jobs []Job
	c.mu.Lock()
	for _, r := range c.ledger.live("") {
		if r.ID != "" && now.Sub(r.told) > tellAgain && !leaving(r.Job) {
			jobs = append(jobs, r.Job)
		}
	}
	c.mu.Unlock()
	slices.SortStableFunc(jobs, func(a, b Job) int { return cmp.Compare(rank(a), rank(b)) })
	c.cancel(ctx, jobs)
	_, err := c.look(ctx)
	return errors.Join(settleErr, err)
}

// rank is 0 for queued jobs: they must not start when others make room.
func rank(j Job) int {
	if j.Phase == Queued {
		return 0
	}
	return 1
}

// rest waits for news, or for a time.
func (c *Cluster) rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-c.o.Backend.Changed():
	case <-timer.C:
	}
	return nil
}
