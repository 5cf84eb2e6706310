package scale_test

import (
	"fmt"
	"math"
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

func fixed(n int, jobs []scale.JobView) scale.Snapshot {
	return scale.Snapshot{Min: n, Max: n, Jobs: jobs, IdleTimeout: time.Hour}
}

func TestFixedSize(t *testing.T) {
	queued := []scale.JobView{job("q1", scale.Queued, false, 30), job("q2", scale.Queued, false, 10), job("q3", scale.Queued, false, 20)}
	idle := []scale.JobView{job("i1", scale.Running, false, 60), job("i2", scale.Running, false, 50)}
	busy := []scale.JobView{job("b1", scale.Running, true, 90), job("b2", scale.Running, true, 80)}
	ending := []scale.JobView{job("e1", scale.Ending, true, 99)}
	all := slices.Concat(busy, idle, queued, ending)
	twins := []scale.JobView{job("a", scale.Queued, false, 1), job("b", scale.Queued, false, 1)}
	oldest := []string{"q2", "q3", "q1"}
	for _, test := range []struct {
		name string
		s    scale.Snapshot
		want scale.Decision
	}{
		{"nothing", scale.Snapshot{}, scale.Decision{}},
		{"first jobs", fixed(3, nil), scale.Decision{Submit: 3}},
		{"all at once", with(fixed(3, nil), func(s *scale.Snapshot) { s.Backlog = 1 }), scale.Decision{Submit: 3}},
		{"queued and running count", fixed(7, all), scale.Decision{}},
		{"ending is replaced", fixed(8, all), scale.Decision{Submit: 1}},
		{"demand changes nothing", with(fixed(2, busy), func(s *scale.Snapshot) { s.Demand = 100 }), scale.Decision{}},
		{"youngest queued first", fixed(5, all), scale.Decision{Cancel: oldest[:2]}},
		{"then idle", fixed(3, all), scale.Decision{Cancel: oldest, Drain: []string{"i2"}}},
		{"busy finish by themselves", fixed(0, all), scale.Decision{Cancel: oldest, Drain: []string{"i2", "i1"}}},
		{"busy drain when asked", with(fixed(1, all), reduced), scale.Decision{Cancel: oldest, Drain: []string{"i2", "i1", "b2"}}},
		{"drain only when needed", with(fixed(2, all), reduced), scale.Decision{Cancel: oldest, Drain: []string{"i2", "i1"}}},
		{"negative", with(fixed(-2, busy), reduced), scale.Decision{Drain: []string{"b2", "b1"}}},
		{"same age, by id", fixed(1, twins), scale.Decision{Cancel: []string{"b"}}},
	} {
		check(t, test.name, test.s, test.want)
	}
}

func with(s scale.Snapshot, change func(*scale.Snapshot)) scale.Snapshot {
	change(&s)
	return s
}

func reduced(s *scale.Snapshot) { s.Reduced = true }

func check(t *testing.T, name string, s scale.Snapshot, want scale.Decision) {
	t.Helper()
	before := slices.Clone(s.Jobs)
	if got := scale.Decide(start, s); !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %+v, want %+v", name, got, want)
	}
	if !reflect.DeepEqual(before, s.Jobs) {
		t.Errorf("%s: the snapshot was changed", name)
	}
}

// idleFor is a running job without a task for some minutes; the idle timeout is 2.
func idleFor(id string, minutes, age int) scale.JobView {
	j := job(id, scale.Running, false, age)
	j.IdleSince = start.Add(-time.Duration(minutes) * time.Minute)
	return j
}

func TestAdapting(t *testing.T) {
	busy := job("b", scale.Running, true, 90)
	queued := []scale.JobView{job("q1", scale.Queued, false, 30), job("q2", scale.Queued, false, 10)}
	rested, resting := idleFor("rested", 2, 60), idleFor("resting", 1, 60)
	some := slices.Concat([]scale.JobView{busy, rested, resting}, queued)
	for _, test := range []struct {
		name                 string
		demand, peak         int
		min, max, per, limit int
		jobs                 []scale.JobView
		want                 scale.Decision
	}{
		{"no demand, no job", 0, 0, 0, 10, 1, 0, nil, scale.Decision{}},
		{"the first task", 1, 1, 0, 10, 8, 0, nil, scale.Decision{Submit: 1}},
		{"slots are filled up", 9, 9, 0, 10, 4, 0, nil, scale.Decision{Submit: 3}},
		{"no more than the maximum", 1000, 1000, 0, 10, 1, 0, []scale.JobView{busy}, scale.Decision{Submit: 9}},
		{"no fewer than the minimum", 0, 0, 2, 10, 1, 0, nil, scale.Decision{Submit: 2}},
		{"demand beyond numbers", math.MaxInt, math.MaxInt, 0, 7, 3, 0, nil, scale.Decision{Submit: 7}},
		{"what is queued is coming", 5, 5, 0, 10, 1, 0, some, scale.Decision{}},
		{"what ends is no capacity", 1, 1, 0, 10, 1, 0, []scale.JobView{job("e", scale.Ending, true, 5)}, scale.Decision{Submit: 1}},
		{"backlog", 100, 100, 0, 100, 1, 10, nil, scale.Decision{Submit: 10}},
		{"backlog is filled up", 100, 100, 0, 100, 1, 3, some, scale.Decision{Submit: 1}},
		{"backlog is full", 100, 100, 0, 100, 1, 2, some, scale.Decision{}},
		{"backlog does not count for the minimum", 100, 100, 7, 100, 1, 2, some, scale.Decision{Submit: 2}},
		{"less demand since a moment", 0, 5, 0, 10, 1, 0, some, scale.Decision{}},
		{"one too many for long", 0, 4, 0, 10, 1, 0, some, scale.Decision{Cancel: []string{"q2"}}},
		{"queued go before idle", 0, 2, 0, 10, 1, 0, some, scale.Decision{Cancel: []string{"q2", "q1"}, Drain: []string{"rested"}}},
		{"busy and lately idle stay", 0, 0, 0, 10, 1, 0, some, scale.Decision{Cancel: []string{"q2", "q1"}, Drain: []string{"rested"}}},
		{"the minimum stays", 0, 0, 4, 10, 1, 0, some, scale.Decision{Cancel: []string{"q2"}}},
		{"more than the maximum go at once", 9, 9, 0, 2, 1, 0, some, scale.Decision{Cancel: []string{"q2", "q1"}, Drain: []string{"resting"}}},
		{"a peak below the demand", 5, 0, 0, 10, 1, 0, some, scale.Decision{}},
		{"a maximum below the minimum", 0, 0, 5, 1, 1, 0, nil, scale.Decision{Submit: 1}},
		{"negative", -3, -3, -2, 10, -1, -1, []scale.JobView{busy}, scale.Decision{}},
	} {
		check(t, test.name, scale.Snapshot{
			Min: test.min, Max: test.max, Demand: test.demand, Peak: test.peak, SlotsPerJob: test.per,
			Backlog: test.limit, IdleTimeout: 2 * time.Minute, Jobs: test.jobs,
		}, test.want)
	}
}

func TestWindow(t *testing.T) {
	var w scale.Window
	if w.Peak() != 0 {
		t.Errorf("without values the peak is %d", w.Peak())
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	const span = 20
	var values []int // one each second
	for i := range 5000 {
		values = append(values, r.IntN(50))
		w.Add(start.Add(time.Duration(i)*time.Second), values[i], span*time.Second)
		if want := slices.Max(values[max(0, i-span):]); w.Peak() != want {
			t.Fatalf("after %d values the peak is %d, want %d", i+1, w.Peak(), want)
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

// apply obeys a decision, and checks what holds for each.
func (w *world) apply(s scale.Snapshot) scale.Decision {
	w.t.Helper()
	d := scale.Decide(w.now, s)
	before := w.alive()
	for _, id := range slices.Concat(d.Cancel, d.Drain) {
		i := slices.IndexFunc(w.jobs, func(j scale.JobView) bool { return j.ID == id })
		if i < 0 || w.jobs[i].Phase == scale.Ending {
			w.t.Fatalf("job %q is told to end and is not alive, or is told twice", id)
		}
		j := &w.jobs[i]
		if cancelled := slices.Contains(d.Cancel, id); cancelled != (j.Phase == scale.Queued) || j.Busy && !s.Reduced {
			w.t.Fatalf("%+v of %+v: cancelled %v", *j, s, cancelled)
		}
		if before <= s.Max && j.Phase == scale.Running && w.now.Sub(j.IdleSince) < s.IdleTimeout {
			w.t.Fatalf("%+v was not idle for %v", *j, s.IdleTimeout)
		}
		j.Phase = scale.Ending
	}
	for range d.Submit {
		w.next++
		w.jobs = append(w.jobs, scale.JobView{ID: fmt.Sprint(w.next), SubmittedAt: w.now})
	}
	switch after := w.alive(); {
	case after > max(before, s.Max):
		w.t.Fatalf("%d alive, %d before, %+v", after, before, s)
	case after < s.Min:
		w.t.Fatalf("%d alive, %+v", after, s)
	case after > s.Max && s.Reduced:
		w.t.Fatalf("%d alive, %+v", after, s)
	case d.Submit > 0 && len(d.Cancel)+len(d.Drain) > 0:
		w.t.Fatalf("jobs come and go in one decision: %+v", d)
	}
	return d
}

func simulate(t *testing.T, run func(w *world)) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for trial := range uint64(100) {
		run(&world{t: t, r: rand.New(rand.NewPCG(seed, trial)), now: start})
	}
}

func TestFixedSimulation(t *testing.T) {
	simulate(t, func(w *world) {
		s := scale.Snapshot{IdleTimeout: time.Second}
		for range 60 {
			w.now = w.now.Add(time.Second)
			if w.r.IntN(8) == 0 {
				s.Min, s.Reduced = w.r.IntN(12), w.r.IntN(2) == 0
				s.Max = s.Min
			}
			w.chance()
			s.Jobs, s.Demand = slices.Clone(w.jobs), w.r.IntN(100)
			w.apply(s)
		}
		for i := range w.jobs {
			w.jobs[i].Busy = false
		}
		// Without busy jobs one decision reaches the size, and the next changes nothing.
		s.Jobs, s.Reduced = slices.Clone(w.jobs), false
		w.apply(s)
		s.Jobs = slices.Clone(w.jobs)
		if d := w.apply(s); w.alive() != s.Max || !reflect.DeepEqual(d, scale.Decision{}) {
			t.Fatalf("%d alive, want %d; then %+v", w.alive(), s.Max, d)
		}
	})
}
