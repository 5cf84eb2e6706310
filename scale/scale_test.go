package scale_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/scale"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func job(id string, phase scale.Phase, busy bool, age int) scale.JobView {
	return scale.JobView{ID: id, Phase: phase, Busy: busy, SubmittedAt: start.Add(-time.Duration(age) * time.Minute)}
}

func TestDecide(t *testing.T) {
	queued := []scale.JobView{job("q1", scale.Queued, false, 30), job("q2", scale.Queued, false, 10), job("q3", scale.Queued, false, 20)}
	idle := []scale.JobView{job("i1", scale.Running, false, 60), job("i2", scale.Running, false, 50)}
	busy := []scale.JobView{job("b1", scale.Running, true, 90), job("b2", scale.Running, true, 80)}
	ending := []scale.JobView{job("e1", scale.Ending, true, 99)}
	all := slices.Concat(busy, idle, queued, ending)
	for _, test := range []struct {
		name string
		s    scale.Snapshot
		want scale.Decision
	}{
		{"nothing", scale.Snapshot{}, scale.Decision{}},
		{"first jobs", scale.Snapshot{Target: 3}, scale.Decision{Submit: 3}},
		{"queued and running count", scale.Snapshot{Target: 7, Jobs: all}, scale.Decision{}},
		{"ending is replaced", scale.Snapshot{Target: 8, Jobs: all}, scale.Decision{Submit: 1}},
		{"demand changes nothing", scale.Snapshot{Target: 2, Demand: 100, Jobs: busy}, scale.Decision{}},
		{"youngest queued first", scale.Snapshot{Target: 5, Jobs: all}, scale.Decision{Cancel: []string{"q2", "q3"}}},
		{"then idle", scale.Snapshot{Target: 3, Jobs: all}, scale.Decision{Cancel: []string{"q2", "q3", "q1", "i2"}}},
		{"busy finish by themselves", scale.Snapshot{Target: 0, Jobs: all}, scale.Decision{Cancel: []string{"q2", "q3", "q1", "i2", "i1"}}},
		{"busy drain when asked", scale.Snapshot{Target: 1, Jobs: all, Reduced: true}, scale.Decision{Cancel: []string{"q2", "q3", "q1", "i2", "i1"}, Drain: []string{"b2"}}},
		{"drain only when needed", scale.Snapshot{Target: 2, Jobs: all, Reduced: true}, scale.Decision{Cancel: []string{"q2", "q3", "q1", "i2", "i1"}}},
		{"negative target", scale.Snapshot{Target: -2, Jobs: busy, Reduced: true}, scale.Decision{Drain: []string{"b2", "b1"}}},
		{"same age, by id", scale.Snapshot{Target: 1, Jobs: []scale.JobView{job("a", scale.Queued, false, 1), job("b", scale.Queued, false, 1)}}, scale.Decision{Cancel: []string{"b"}}},
	} {
		before := slices.Clone(test.s.Jobs)
		if got := scale.Decide(start, test.s); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
		if !reflect.DeepEqual(before, test.s.Jobs) {
			t.Errorf("%s: the snapshot was changed", test.name)
		}
	}
}

// world is a Slurm that starts, loses and ends jobs as it likes.
type world struct {
	t    *testing.T
	r    *rand.Rand
	jobs []scale.JobView
	next int
	now  time.Time
}

func (w *world) alive() (n int) {
	for _, j := range w.jobs {
		if j.Phase != scale.Ending {
			n++
		}
	}
	return n
}

// chance lets every job move on at random: start, work, rest, end, vanish.
func (w *world) chance() {
	var left []scale.JobView
	for _, j := range w.jobs {
		switch roll := w.r.IntN(10); {
		case j.Phase == scale.Ending && roll < 5, roll == 9:
			continue
		case j.Phase == scale.Queued && roll < 5:
			j.Phase = scale.Running
		case j.Phase == scale.Running && roll < 5:
			j.Busy = !j.Busy
		case j.Phase == scale.Running && roll == 8:
			j.Phase = scale.Ending
		}
		left = append(left, j)
	}
	w.jobs = left
}

// apply obeys a decision, and checks that it takes nothing from a busy job.
func (w *world) apply(d scale.Decision, target int, reduced bool) {
	w.t.Helper()
	before := w.alive()
	for _, id := range slices.Concat(d.Cancel, d.Drain) {
		i := slices.IndexFunc(w.jobs, func(j scale.JobView) bool { return j.ID == id })
		if i < 0 || w.jobs[i].Phase == scale.Ending {
			w.t.Fatalf("job %q is told to end and is not alive, or is told twice", id)
		}
		if busy, drained := w.jobs[i].Busy, slices.Contains(d.Drain, id); busy != drained || drained && !reduced {
			w.t.Fatalf("job %+v: drained %v, reduced %v", w.jobs[i], drained, reduced)
		}
		w.jobs[i].Phase = scale.Ending
	}
	for range d.Submit {
		w.next++
		w.jobs = append(w.jobs, scale.JobView{ID: fmt.Sprint(w.next), SubmittedAt: w.now})
	}
	switch after := w.alive(); {
	case after > max(before, target):
		w.t.Fatalf("%d alive, %d before, target %d", after, before, target)
	case after < target:
		w.t.Fatalf("%d alive for target %d", after, target)
	case after > target && reduced:
		w.t.Fatalf("%d alive for reduced target %d", after, target)
	case d.Submit > 0 && len(d.Cancel)+len(d.Drain) > 0:
		w.t.Fatalf("jobs come and go in one decision: %+v", d)
	}
}

func TestSimulation(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for trial := range 300 {
		w := &world{t: t, r: rand.New(rand.NewPCG(seed, uint64(trial))), now: start}
		target, reduced := 0, false
		for range 60 {
			w.now = w.now.Add(time.Second)
			if w.r.IntN(8) == 0 {
				target, reduced = w.r.IntN(12), w.r.IntN(2) == 0
			}
			w.chance()
			s := scale.Snapshot{Target: target, Jobs: slices.Clone(w.jobs), Demand: w.r.IntN(100), Reduced: reduced}
			w.apply(scale.Decide(w.now, s), target, reduced)
		}
		w.settle(target)
	}
}

// settle ends the tasks: without busy jobs one decision reaches the target, and
// the next one changes nothing.
func (w *world) settle(target int) {
	w.t.Helper()
	for i := range w.jobs {
		w.jobs[i].Busy = false
	}
	w.apply(scale.Decide(w.now, scale.Snapshot{Target: target, Jobs: w.jobs}), target, false)
	if w.alive() != target {
		w.t.Fatalf("%d alive, target %d", w.alive(), target)
	}
	if d := scale.Decide(w.now, scale.Snapshot{Target: target, Jobs: w.jobs}); !reflect.DeepEqual(d, scale.Decision{}) {
		w.t.Fatalf("does not settle: %+v", d)
	}
}
