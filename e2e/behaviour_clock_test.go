package e2e

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/scale"
)

// TestBehaviourClock: when the clock of the launcher jumps, for days and either way,
// no busy job is ended, what is missing is submitted at once, and in the end there
// are as many jobs as needed. The clock of the machine is not touched for it, and a
// static program cannot be given another one: what depends on the time is pure.
func TestBehaviourClock(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for n := range uint64(300) {
		jumps(t, rand.New(rand.NewPCG(seed, n)))
		if t.Failed() {
			t.Fatalf("in simulation %d", n)
		}
	}
}

// jumpy is a pool whose clock jumps.
type jumpy struct {
	t    *testing.T
	rand *rand.Rand
	now  time.Time
	next int
	scale.Snapshot
}

func jumps(t *testing.T, random *rand.Rand) {
	p := &jumpy{t: t, rand: random, now: time.Date(2026, 3, 29, 2, 0, 0, 0, time.UTC)}
	p.Max = 1 + random.IntN(8)
	p.Min = random.IntN(p.Max)
	p.SlotsPerJob, p.IdleTimeout = 1+random.IntN(3), time.Minute
	latest := p.now
	for range 100 {
		p.now = p.now.Add(time.Duration(random.IntN(20)) * time.Second)
		if random.IntN(5) == 0 {
			p.now = p.now.Add(time.Duration(random.IntN(97)-48) * time.Hour)
		}
		if p.now.After(latest) {
			latest = p.now
		}
		p.live()
		p.decide()
	}
	p.Demand, p.Peak = 0, 0
	for i := range p.Jobs {
		p.Jobs[i].Phase, p.Jobs[i].Busy, p.Jobs[i].IdleSince = scale.Running, false, p.now
	}
	p.now = latest.Add(2 * p.IdleTimeout)
	p.decide()
	if len(p.Jobs) != p.Min {
		t.Errorf("%d jobs without demand, want %d", len(p.Jobs), p.Min)
	}
}

// live lets the demand and the jobs change.
func (p *jumpy) live() {
	p.Demand = p.rand.IntN(2 * p.Max * p.SlotsPerJob)
	p.Peak = p.Demand
	for i := range p.Jobs {
		j := &p.Jobs[i]
		j.Phase = scale.Running
		busy := p.rand.IntN(2) == 0
		if j.Busy && !busy {
			j.IdleSince = p.now
		}
		j.Busy = busy
	}
}

func (p *jumpy) decide() {
	p.t.Helper()
	d := scale.Decide(p.now, p.Snapshot)
	gone := slices.Concat(d.Cancel, d.Drain)
	for _, j := range p.Jobs {
		if j.Busy && slices.Contains(gone, j.ID) {
			p.t.Errorf("at %s busy job %+v is ended", p.now, j)
		}
	}
	needed := min(max((p.Demand+p.SlotsPerJob-1)/p.SlotsPerJob, p.Min), p.Max)
	if missing := needed - len(p.Jobs); missing > 0 && d.Submit != missing || d.Submit > 0 && len(gone) > 0 {
		p.t.Errorf("at %s %d jobs are missing, but %+v", p.now, missing, d)
	}
	p.Jobs = slices.DeleteFunc(p.Jobs, func(j scale.JobView) bool { return slices.Contains(gone, j.ID) })
	for range d.Submit {
		p.next++
		p.Jobs = append(p.Jobs, scale.JobView{ID: itoa(p.next), SubmittedAt: p.now, IdleSince: p.now})
	}
	if n := len(p.Jobs); n > p.Max || n < p.Min {
		p.t.Errorf("%d jobs, want %d to %d", n, p.Min, p.Max)
	}
}
