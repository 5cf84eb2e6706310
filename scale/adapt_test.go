package scale_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/scale"
)

// shop is a pool whose jobs execute tasks that come and go.
type shop struct {
	world
	s      scale.Snapshot
	recent scale.Window
	tasks  int
	wild   bool // jobs vanish, whatever they do
	room   int  // how many jobs can run at a time
}

// assign gives the tasks to running jobs, which are busy then. A job that was busy
// keeps its task, if there are enough; else chance says which jobs have one.
func (w *shop) assign() {
	slots := w.tasks
	give := func(j *scale.JobView) {
		if j.Busy = slots > 0; j.Busy {
			slots -= w.s.SlotsPerJob
		}
		j.IdleSince = w.now
	}
	order := w.r.Perm(len(w.jobs))
	slices.SortStableFunc(order, func(a, b int) int { return rank(w.jobs[a]) - rank(w.jobs[b]) })
	for _, i := range order {
		j := &w.jobs[i]
		if j.Phase == scale.Queued {
			continue
		}
		if was := j.IdleSince; j.Busy || slots > 0 {
			give(j)
		} else if j.IdleSince = was; was.IsZero() {
			j.IdleSince = w.now
		}
	}
}

// rank puts first the jobs that have a task.
func rank(j scale.JobView) int {
	if j.Busy {
		return 0
	}
	return 1
}

// advance lets queued jobs start and jobs that are ending end, unless they are busy.
func (w *shop) advance() {
	w.now = w.now.Add(10 * time.Second)
	w.jobs = slices.DeleteFunc(w.jobs, func(j scale.JobView) bool {
		return j.Phase == scale.Ending && !j.Busy || w.wild && w.r.IntN(20) == 0
	})
	free := w.room - (len(w.jobs) - w.queued())
	for i := range w.jobs {
		if j := &w.jobs[i]; j.Phase == scale.Queued && free > 0 && w.r.IntN(3) == 0 {
			j.Phase = scale.Running
			free--
		}
	}
}

// turn lets ten seconds pass and takes one decision.
func (w *shop) turn() scale.Decision {
	w.t.Helper()
	w.advance()
	w.assign()
	w.s.Demand = w.tasks
	w.recent.Add(w.now, w.tasks, w.s.IdleTimeout)
	w.s.Peak = w.recent.Peak()
	w.s.Jobs = slices.Clone(w.jobs)
	queued := w.queued()
	d := w.apply(w.s)
	if most := max(queued, w.s.Backlog, w.s.Min); w.s.Backlog > 0 && w.queued() > most {
		w.t.Fatalf("%d queued, %d before, %+v", w.queued(), queued, w.s)
	}
	return d
}

func (w *shop) queued() (n int) {
	for _, j := range w.jobs {
		if j.Phase == scale.Queued {
			n++
		}
	}
	return n
}

func (w *shop) needed() int {
	return min(max((w.tasks+w.s.SlotsPerJob-1)/w.s.SlotsPerJob, w.s.Min), w.s.Max)
}

// TestAdaptingSimulation: whatever comes, the bounds hold and no busy job is told
// to end (see apply); a steady demand is met, and then jobs neither come nor go;
// without demand the minimum is left.
func TestAdaptingSimulation(t *testing.T) {
	simulate(t, func(world *world) {
		w := shop{world: *world, room: 100}
		w.s = scale.Snapshot{
			Min: w.r.IntN(4), SlotsPerJob: 1 + w.r.IntN(4), IdleTimeout: 2 * time.Minute, Backlog: w.r.IntN(4),
		}
		w.s.Max = w.s.Min + w.r.IntN(12)
		for range 4 {
			w.wild = true
			for range 30 {
				w.tasks = w.r.IntN(60) * w.r.IntN(2)
				w.turn()
			}
			w.wild = false
			w.steady(w.r.IntN(60))
		}
		w.steady(0)
		if w.alive() != w.s.Min {
			t.Fatalf("without tasks %d jobs are left: %+v", w.alive(), w.s)
		}
	})
}

// steady keeps the demand for long enough to be met and then for as long again.
func (w *shop) steady(tasks int) {
	w.t.Helper()
	w.tasks = tasks
	for range 100 {
		w.turn()
	}
	if w.alive() != w.needed() {
		w.t.Fatalf("%d jobs for %d tasks, want %d: %+v", w.alive(), tasks, w.needed(), w.s)
	}
	for range 100 {
		if d := w.turn(); !reflect.DeepEqual(d, scale.Decision{}) {
			w.t.Fatalf("%d jobs for a steady demand of %d, and yet %+v", w.alive(), tasks, d)
		}
	}
}

// TestHysteresis: a demand that comes and goes faster than the idle timeout costs
// no job, be it running or queued.
func TestHysteresis(t *testing.T) {
	simulate(t, func(world *world) {
		w := shop{world: *world, room: 1 + world.r.IntN(20), s: scale.Snapshot{Max: 20, SlotsPerJob: 2, IdleTimeout: 2 * time.Minute}}
		high := 2 + w.r.IntN(39)
		w.steady(high)
		for range 20 {
			w.tasks = w.r.IntN(high)
			for range w.r.IntN(11) { // of ten seconds each
				if d := w.turn(); !reflect.DeepEqual(d, scale.Decision{}) {
					t.Fatalf("a lull of less than the idle timeout: %+v", d)
				}
			}
			w.tasks = high
			for range 20 {
				w.turn()
			}
		}
		if w.next != w.needed() {
			t.Fatalf("%d jobs were submitted for %d", w.next, w.needed())
		}
	})
}
