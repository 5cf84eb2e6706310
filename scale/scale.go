// Package scale decides how many jobs a pool should have now. It is pure: no
// clock and no I/O. [Decide] has no memory either; what it has to know of the
// past, a [Window] keeps.
//
// A pool has between Min and Max jobs. It grows as soon as tasks need more slots
// than its jobs have, and shrinks only when less was enough for a whole idle
// timeout: to wait in Slurm's queue once more costs more than to idle. A fixed
// size is Min equal to Max.
package scale

import (
	"cmp"
	"slices"
	"time"
)

// Phase says where a job is in its life. A job that has ended is not in a
// Snapshot.
type Phase int

// A queued job waits in Slurm. A running one has resources. An ending one gives
// its resources up (it drains, or Slurm is completing it) and is no capacity any
// more.
const (
	Queued Phase = iota
	Running
	Ending
)

// JobView is what a decision needs to know of one job.
type JobView struct {
	ID    string
	Phase Phase
	Busy  bool // its worker has a task, or has not told yet
	// IdleSince is when a job that is not busy had its last task, or came.
	IdleSince   time.Time
	SubmittedAt time.Time
}

// Snapshot is the state of one pool.
type Snapshot struct {
	Min, Max int // jobs wanted at least and at most; negative counts as 0
	// Demand is the number of slots that tasks need now: tasks that wait, and
	// tasks of jobs that are not ending. Peak is the highest Demand of the last
	// IdleTimeout; less than Demand counts as Demand.
	Demand, Peak int
	SlotsPerJob  int // less than 1 counts as 1
	IdleTimeout  time.Duration
	// Backlog is how many jobs may be queued on account of demand, so that a short
	// burst of tasks does not flood Slurm's queue; 0 is no limit. Min jobs are
	// submitted in any case.
	Backlog int
	Jobs    []JobView // jobs not ended, with those being submitted
	// Reduced says that somebody asked for fewer jobs (scale --jobs), so that
	// busy workers are to be drained. Else they finish at their own pace.
	Reduced bool
}

// Decision is what to do now. Jobs in Cancel are queued and lose nothing. Jobs in
// Drain finish their tasks, take no more, and end by themselves: even if a task
// reached an idle one in the meantime, nothing is lost.
type Decision struct {
	Submit int
	Cancel []string
	Drain  []string
}

// Decide compares the jobs that are queued or running with those that are needed.
// It either submits what is missing or takes away what is too much, never both.
//
// More than Max go at once: queued jobs first, the youngest first, since they have
// waited least; then idle running ones; busy ones only if Reduced. Of the others
// go those that were not needed for the IdleTimeout: queued ones if the demand was
// never that high, running ones if they were idle for as long, too. A busy job is
// never among them.
func Decide(now time.Time, s Snapshot) Decision {
	jobs := sorted(s.Jobs)
	alive := len(jobs.queued) + len(jobs.idle) + len(jobs.busy)
	if missing := s.jobsFor(s.Demand) - alive; missing > 0 {
		return Decision{Submit: s.ration(missing, alive, len(jobs.queued))}
	}
	if excess := alive - s.bound(alive); excess > 0 {
		return jobs.shed(excess, s.Reduced)
	}
	jobs.idle = slices.DeleteFunc(jobs.idle, func(j JobView) bool { return now.Sub(j.IdleSince) < s.IdleTimeout })
	return jobs.shed(alive-s.jobsFor(max(s.Demand, s.Peak)), false)
}

// jobsFor is how many jobs have the slots that a demand needs, within the bounds.
func (s Snapshot) jobsFor(demand int) int {
	demand = max(0, demand)
	slots := max(1, s.SlotsPerJob)
	jobs := demand / slots
	if demand%slots > 0 {
		jobs++
	}
	return s.bound(jobs)
}

// bound brings a number of jobs within Min and Max; Max wins.
func (s Snapshot) bound(jobs int) int { return min(max(jobs, s.Min, 0), max(s.Max, 0)) }

// ration is how many of the missing jobs to submit now.
func (s Snapshot) ration(missing, alive, queued int) int {
	if s.Backlog <= 0 {
		return missing
	}
	return min(missing, max(s.bound(0)-alive, s.Backlog-queued, 0))
}

// jobsBy are the jobs that count, by what it costs to end one.
type jobsBy struct{ queued, idle, busy []JobView }

func sorted(jobs []JobView) (by jobsBy) {
	for _, job := range jobs {
		switch {
		case job.Phase == Queued:
			by.queued = append(by.queued, job)
		case job.Phase == Running && job.Busy:
			by.busy = append(by.busy, job)
		case job.Phase == Running:
			by.idle = append(by.idle, job)
		}
	}
	return by
}

// shed takes n jobs away, or as many as there are.
func (j jobsBy) shed(n int, busyToo bool) (d Decision) {
	d.Cancel, n = take(j.queued, n)
	d.Drain, n = take(j.idle, n)
	if busyToo {
		more, _ := take(j.busy, n)
		d.Drain = append(d.Drain, more...)
	}
	return d
}

// take picks up to n jobs, the youngest first, and returns how many lack.
func take(jobs []JobView, n int) (ids []string, lack int) {
	slices.SortFunc(jobs, func(a, b JobView) int {
		return cmp.Or(b.SubmittedAt.Compare(a.SubmittedAt), cmp.Compare(b.ID, a.ID))
	})
	for _, job := range jobs[:min(max(n, 0), len(jobs))] {
		ids = append(ids, job.ID)
	}
	return ids, n - len(ids)
}
