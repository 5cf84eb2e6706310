// Package scale decides how many jobs a pool should have now. It is pure: no
// clock, no I/O, no memory of its own. Today a pool has a fixed size and jobs
// that end are replaced; adaptive scaling will come here, from Demand, and
// nothing else has to change.
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
// its resources up (it drains, or Slurm is completing it) and is replaced.
const (
	Queued Phase = iota
	Running
	Ending
)

// JobView is what a decision needs to know of one job.
type JobView struct {
	ID          string
	Phase       Phase
	Busy        bool // its worker has a task, or has not told yet
	SubmittedAt time.Time
}

// Snapshot is the state of one pool.
type Snapshot struct {
	Target int       // jobs wanted; negative counts as 0
	Jobs   []JobView // jobs not ended, with those being submitted
	Demand int       // slots that tasks wait for; a fixed size does not depend on it
	// Reduced says that somebody asked for fewer jobs (scale --jobs), so that
	// busy workers are to be drained. Else they finish at their own pace.
	Reduced bool
}

// Decision is what to do now. Jobs in Cancel lose nothing. Jobs in Drain finish
// their tasks, take no more, and end by themselves: until then they are Running.
type Decision struct {
	Submit int
	Cancel []string
	Drain  []string
}

// Decide compares the jobs that are queued or running with the target. It
// submits what is missing. Of what is too much it cancels queued jobs first,
// the youngest first, since they have waited least; then idle running ones; a
// busy job is never cancelled. The result depends on its arguments only; now is
// for rules that depend on the age of jobs, of which there is none yet.
func Decide(now time.Time, s Snapshot) Decision {
	var queued, idle, busy []JobView
	for _, job := range s.Jobs {
		switch {
		case job.Phase == Queued:
			queued = append(queued, job)
		case job.Phase == Running && job.Busy:
			busy = append(busy, job)
		case job.Phase == Running:
			idle = append(idle, job)
		}
	}
	excess := len(queued) + len(idle) + len(busy) - max(0, s.Target)
	if excess <= 0 {
		return Decision{Submit: -excess}
	}
	var d Decision
	d.Cancel, excess = take(queued, excess)
	more, excess := take(idle, excess)
	d.Cancel = append(d.Cancel, more...)
	if s.Reduced {
		d.Drain, _ = take(busy, excess)
	}
	return d
}

// take picks up to n jobs, the youngest first, and returns how many lack.
func take(jobs []JobView, n int) (ids []string, lack int) {
	slices.SortFunc(jobs, func(a, b JobView) int {
		return cmp.Or(b.SubmittedAt.Compare(a.SubmittedAt), cmp.Compare(b.ID, a.ID))
	})
	jobs = jobs[:min(n, len(jobs))]
	for _, job := range jobs {
		ids = append(ids, job.ID)
	}
	return ids, n - len(jobs)
}
