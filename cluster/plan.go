package cluster

import (
	"fmt"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/scale"
)

// plan is what to do about a pool now.
type plan struct {
	missing, submit int // jobs; missing ones are submitted unless the pool is stopped
	cancel, drain   []Job
}

func (n plan) any() bool { return n.submit > 0 || len(n.cancel) > 0 || len(n.drain) > 0 }

// plan lets scale decide. The caller holds mu.
func (c *Cluster) plan(now time.Time, p *pool) plan {
	snapshot, byID := c.snapshot(now, p)
	d := scale.Decide(now, snapshot)
	n := plan{missing: d.Submit, cancel: c.ledger.unheeded(p.Name, now)}
	if p.stopped == nil && !now.Before(p.retryAt) {
		n.submit = d.Submit
	}
	for _, id := range d.Cancel {
		n.cancel = append(n.cancel, byID[id])
	}
	for _, id := range d.Drain {
		n.drain = append(n.drain, byID[id])
	}
	return n
}

// snapshot is the pool as scale sees it. The caller holds mu.
func (c *Cluster) snapshot(now time.Time, p *pool) (scale.Snapshot, map[string]Job) {
	s := scale.Snapshot{
		Min: p.Size.Min, Max: p.Size.Max, Demand: p.demand, Peak: p.recent.Peak(), SlotsPerJob: p.Slots,
		IdleTimeout: p.IdleTimeout, Backlog: p.Backlog, Reduced: p.reduced,
	}
	jobs := map[string]Job{}
	for _, r := range c.ledger.live(p.Name) {
		id := fmt.Sprintf("%s_%d", r.Key, r.Index)
		jobs[id] = r.Job
		phase := r.scalePhase()
		if r.unjudged(now) {
			phase = scale.Running
		}
		s.Jobs = append(s.Jobs, scale.JobView{
			ID: id, Phase: phase, SubmittedAt: r.Submitted,
			Busy: !r.Greeted || r.crew.holding > 0, IdleSince: r.idle,
		})
	}
	return s, jobs
}

// scalePhase takes a job that is not listed for what it was before, and one whose
// worker has said hello for running.
func (r *record) scalePhase() scale.Phase {
	phase := r.Phase
	if phase == Unknown {
		phase = r.last
	}
	switch {
	case phase == Ending || r.expiring || !r.told.IsZero() || !r.drained.IsZero():
		return scale.Ending
	case phase == Queued && !r.Greeted:
		return scale.Queued
	}
	return scale.Running
}

// judgeTime is how long a job may give its nodes back until another takes its place,
// though how it ended is not known.
const judgeTime = time.Minute

// unjudged says that a job ends before its worker said hello: how it ended may tell
// that the next job would, too, there or anywhere.
func (r *record) unjudged(now time.Time) bool {
	return r.Phase == Ending && !r.Greeted && r.told.IsZero() && now.Sub(r.Since) < judgeTime
}

// tellAgain is how long a cancelled job may go on until it is cancelled again: that
// a cancellation succeeded does not mean that it arrived. A drained job whose
// workers have left may take as long to end by itself.
const tellAgain = 15 * time.Second

// unheeded are cancelled jobs that go on, and drained ones that nobody works in.
func (l *ledger) unheeded(pool string, now time.Time) (jobs []Job) {
	for _, r := range l.live(pool) {
		cancelled := !r.told.IsZero() && now.Sub(r.told) > tellAgain
		empty := !r.drained.IsZero() && now.Sub(r.drained) > tellAgain && r.crew.workers == 0 && (r.Greeted || r.Phase == Queued)
		if r.Phase != Ending && (cancelled || empty && r.told.IsZero()) {
			jobs = append(jobs, r.Job)
		}
	}
	return jobs
}

// urgent says that there is something to do before the next look is due: tasks
// that wait for jobs, or jobs that are not needed any more. It asks the backend
// nothing. While that does not answer, nothing is urgent.
func (c *Cluster) urgent() bool {
	c.meet()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.pools {
		if c.trouble == "" && c.plan(time.Now(), p).any() {
			return true
		}
	}
	return false
}
