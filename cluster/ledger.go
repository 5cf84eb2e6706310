package cluster

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// ledger is what the cluster knows of its launches and jobs. It is pure: no
// clock, no I/O.
type ledger struct {
	launches map[string]Launch // by key
	jobs     map[jobKey]*record
}

type jobKey struct {
	launch string
	index  int
}

// record is a job with what only the cluster knows of it.
type record struct {
	Job
	listed bool // at least once
	// inherited is a job of an earlier launcher that was not seen alive since: that one
	// may have judged its end.
	inherited bool
	last      Phase     // before it became Unknown
	told      time.Time // when it was cancelled last
	// drained is when its workers were first asked to leave.
	drained time.Time
	crew    crew
	idle    time.Time // since when its workers have no task, as far as seen
	hello   time.Time // when its first worker said hello
	worked  bool      // a worker of it had a task, as far as seen
	// expiring jobs are about to end by themselves: they go on, but others are asked
	// for in their place.
	expiring bool
}

// crew are the connected workers of a job.
type crew struct {
	workers, leaving, holding int
	slots                     int       // that are busy
	done                      uint64    // tasks they have ended
	ends                      time.Time // when the first of them comes to its end, if it does
}

func (c crew) with(w WorkerView) crew {
	c.workers++
	if w.Leaving {
		c.leaving++
	}
	c.holding += w.Holding
	c.slots += max(w.Busy, w.Holding)
	c.done += w.Done
	if end := w.Hello.EndsAt; !end.IsZero() && (c.ends.IsZero() || end.Before(c.ends)) {
		c.ends = end
	}
	return c
}

// end is news: the workers of the job are gone. Job is as it was then.
type end struct {
	Job
	told      bool // because the cluster cancelled it
	requeued  bool // it waits again
	vanished  bool // from the queue, before it began: somebody cancelled it
	inherited bool
	hello     time.Time
	worked    bool
}

// remembered is for how long ended jobs stay. Their launches are asked for that
// long, so that a job which was thought to be gone is noticed when it is not.
const remembered = time.Hour

func newLedger() ledger {
	return ledger{launches: map[string]Launch{}, jobs: map[jobKey]*record{}}
}

// add notes a launch before it is submitted, so that it is never forgotten.
func (l *ledger) add(launch Launch) {
	l.launches[launch.Key] = launch
	for i := range launch.Count {
		l.jobs[jobKey{launch.Key, i}] = &record{last: Queued, Job: Job{
			Launch: launch, Index: i, Phase: Queued, Since: launch.Submitted, Plain: "its submission is not confirmed yet",
		}}
	}
}

// inherit notes a launch of an earlier launcher.
func (l *ledger) inherit(launch Launch) {
	l.add(launch)
	for i := range launch.Count {
		l.jobs[jobKey{launch.Key, i}].inherited = true
	}
}

// confirm notes what a submission returned.
func (l *ledger) confirm(launch Launch) {
	l.launches[launch.Key] = launch
	for i := range launch.Count {
		r := l.jobs[jobKey{launch.Key, i}]
		r.Launch, r.Plain = launch, "it was submitted just now"
	}
}

// drop forgets a launch.
func (l *ledger) drop(launch Launch) {
	delete(l.launches, launch.Key)
	for i := range launch.Count {
		delete(l.jobs, jobKey{launch.Key, i})
	}
}

// byID returns the launches that are confirmed, and those that are not.
func (l *ledger) byID() (confirmed, uncertain []Launch) {
	for _, launch := range l.launches {
		if launch.ID != "" {
			confirmed = append(confirmed, launch)
		} else {
			uncertain = append(uncertain, launch)
		}
	}
	byKey := func(a, b Launch) int { return cmp.Compare(a.Key, b.Key) }
	slices.SortFunc(confirmed, byKey)
	slices.SortFunc(uncertain, byKey)
	return confirmed, uncertain
}

func (l *ledger) list() []Job {
	jobs := make([]Job, 0, len(l.jobs))
	for _, r := range l.jobs {
		jobs = append(jobs, r.Job)
	}
	slices.SortFunc(jobs, func(a, b Job) int { return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Index, b.Index)) })
	return jobs
}

// live returns the jobs of a pool that have not ended; of all pools for "".
func (l *ledger) live(pool string) (live []*record) {
	for _, r := range l.jobs {
		if r.Phase != Ended && (pool == "" || r.Pool == pool) {
			live = append(live, r)
		}
	}
	slices.SortFunc(live, func(a, b *record) int { return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Index, b.Index)) })
	return live
}

// greet notes that a worker said hello and names its pool, the first time.
func (l *ledger) greet(now time.Time, h task.Hello, first func(pool string)) {
	index, err := strconv.Atoi(h.Index)
	if err != nil {
		return
	}
	if r := l.jobs[jobKey{h.Key, index}]; r != nil && r.Is(h) && !r.Greeted {
		r.Greeted, r.hello, r.inherited = true, now, false
		first(r.Pool)
	}
}

// attend notes what the workers of the jobs do. Workers that have ended tasks since
// they were last seen count as busy until now.
func (l *ledger) attend(now time.Time, workers []WorkerView) {
	crews := map[jobKey]crew{}
	for _, w := range workers {
		if index, err := strconv.Atoi(w.Hello.Index); err == nil {
			key := jobKey{w.Hello.Key, index}
			crews[key] = crews[key].with(w)
		}
	}
	for key, r := range l.jobs {
		before := r.crew
		r.crew = crews[key]
		r.expiring = r.expires(now)
		r.worked = r.worked || r.crew.holding > 0 || r.crew.done > 0
		switch {
		case !r.Greeted || r.crew.holding > 0:
			r.idle = time.Time{}
		case r.idle.IsZero() || r.crew.done != before.done:
			r.idle = now
		}
	}
}

// longestLead is the longest time before the end of a walltime at which a successor
// is asked for, so that it has waited when it is needed. It is at most a tenth of the
// walltime.
const longestLead = 10 * time.Minute

// expires tells whether the walltime of a job is almost over, or its workers take no
// more tasks.
func (r *record) expires(now time.Time) bool {
	c := r.crew
	if c.workers == 0 {
		return r.expiring && r.Greeted // they have left
	}
	if c.leaving == c.workers {
		return true
	}
	return !c.ends.IsZero() && c.ends.Sub(now) < min(longestLead, c.ends.Sub(r.hello)/10)
}

// fold takes in what the backend said about the confirmed launches that were asked
// for. A job that is not listed has ended only if the list is complete, and the job
// was listed before, its worker has said hello, or it was cancelled (arrays that have not begun vanish then), or its
// submission is older than grace; else it is Unknown.
func (l *ledger) fold(now time.Time, asked []Launch, jobs []Job, complete bool, grace time.Duration) (ends []end, changed bool) {
	listed := make(map[jobKey]Job, len(jobs))
	for _, j := range jobs {
		listed[jobKey{j.Key, j.Index}] = j
	}
	for _, launch := range asked {
		for i := range launch.Count {
			r := l.jobs[jobKey{launch.Key, i}]
			if r == nil {
				continue
			}
			before := r.Job
			if j, ok := listed[jobKey{launch.Key, i}]; ok {
				r.see(now, j)
			} else {
				r.miss(now, complete, grace)
			}
			changed = changed || r.Phase != before.Phase
			switch {
			case r.Phase == Ended && before.Phase != Ended:
				ends = append(ends, end{
					Job: r.Job, told: !r.told.IsZero(), hello: r.hello, worked: r.worked, inherited: r.inherited,
					vanished: r.Outcome == "" && r.listed && r.last == Queued,
				})
			case r.Phase == Queued && before.Greeted:
				// Slurm will run it once more: its next worker is another one.
				r.Greeted, r.worked = false, false
				ends = append(ends, end{Job: before, requeued: true})
			}
		}
	}
	slices.SortStableFunc(ends, func(a, b end) int { return a.Since.Compare(b.Since) })
	l.prune(now)
	return ends, changed
}

// see takes in what is listed, even of a job that was thought to have ended.
func (r *record) see(now time.Time, j Job) {
	launch, greeted, phase, since := r.Launch, r.Greeted, r.Phase, r.Since
	r.listed = true
	r.inherited = r.inherited && j.Phase == Ended
	r.Job = j
	r.Launch, r.Greeted = launch, greeted
	if r.Phase != Unknown {
		r.last = r.Phase
	}
	switch {
	case r.Phase == phase && phase != Unknown && !since.IsZero():
		r.Since = since
	case r.Since.IsZero() || r.Since.After(now):
		r.Since = now
	}
}

func (r *record) miss(now time.Time, complete bool, grace time.Duration) {
	switch {
	case r.Phase == Ended:
	case complete && (r.listed || r.Greeted || !r.told.IsZero() || now.Sub(r.Submitted) > grace):
		r.Phase, r.Since, r.SlurmState, r.Reason, r.Never = Ended, now, "", "", false
		r.Plain = "it is not listed any more, and how it ended is not known"
	case r.Phase != Unknown:
		r.last, r.Phase, r.Since = r.Phase, Unknown, now
		r.Plain = "it is not listed at present, which proves nothing"
	}
}

// prune forgets launches whose jobs have all ended long ago.
func (l *ledger) prune(now time.Time) {
	keep := map[string]bool{}
	for key, r := range l.jobs {
		if r.Phase != Ended || now.Sub(r.Since) < remembered {
			keep[key.launch] = true
		}
	}
	for key, launch := range l.launches {
		if !keep[key] {
			l.drop(launch)
		}
	}
}
