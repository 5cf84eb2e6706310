package cluster

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/jobscript"
	"github.com/ewoks-hpc/ewoks-hpc/slurm"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// moody is a model of a Slurm that has bad days: answers get lost, lists are cut,
// cancellations do not arrive, records vanish.
type moody struct {
	rand *rand.Rand
	bad  bool
	next int
	jobs map[jobKey]Job // all that were ever accepted
	hide map[jobKey]bool
	// deserted jobs run without a worker.
	deserted map[jobKey]bool
	// ready is how many tasks wait.
	ready int
	// hurry lets time pass for the cluster.
	hurry func()
}

func (m *moody) chance(p float64) bool { return m.bad && m.rand.Float64() < p }

func (m *moody) MaxCount(context.Context) (int, error) { return 3, nil }

func (m *moody) Submit(_ context.Context, l Launch) (Launch, error) {
	if m.chance(0.2) {
		return l, slurm.ErrTransient
	}
	lost := m.chance(0.3)
	if lost && m.chance(0.5) {
		return l, slurm.ErrAmbiguous // and it did not arrive
	}
	m.next++
	l.ID = fmt.Sprint(m.next)
	for i := range l.Count {
		m.jobs[jobKey{l.Key, i}] = Job{Launch: l, Index: i, Phase: Queued}
	}
	if lost {
		l.ID = ""
		return l, slurm.ErrAmbiguous
	}
	return l, nil
}

func (m *moody) Adopt(_ context.Context, l Launch) (Launch, bool, error) {
	if m.chance(0.3) {
		return l, false, slurm.ErrAmbiguous
	}
	j, found := m.jobs[jobKey{l.Key, 0}]
	if found {
		l = j.Launch
	}
	return l, found, nil
}

func (m *moody) List(_ context.Context, launches []Launch) (jobs []Job, complete bool, err error) {
	m.hurry()
	if m.chance(0.1) {
		return nil, false, slurm.ErrTransient
	}
	complete = !m.chance(0.2)
	for _, l := range launches {
		for i := range l.Count {
			key := jobKey{l.Key, i}
			if m.hide[key] || !complete && m.chance(0.5) {
				continue
			}
			jobs = append(jobs, m.jobs[key])
		}
	}
	return jobs, complete, nil
}

func (m *moody) Cancel(_ context.Context, jobs []Job) error {
	if m.chance(0.1) {
		return slurm.ErrTransient
	}
	for _, j := range jobs {
		key := jobKey{j.Key, j.Index}
		if j.ID == "" {
			return fmt.Errorf("%v has no id", j) // fails the test, for it is no bad day
		}
		if now := m.jobs[key]; now.Phase != Ended && !m.chance(0.3) {
			m.hide[key] = now.Phase == Queued // it vanishes at once
			now.Phase, now.Outcome = Ended, Cancelled
			m.jobs[key] = now
		}
	}
	return nil
}

func (m *moody) Log(Job) string { return "" }
func (m *moody) Nodes(context.Context, jobscript.Pool) ([]string, error) {
	return nil, slurm.ErrTransient
}
func (m *moody) Changed() <-chan struct{} { return nil }

// live lets time pass: jobs start, end, and are forgotten. Those that run greet.
func (m *moody) live(c *Cluster) {
	for key, j := range m.jobs {
		switch {
		case j.Phase == Queued && m.rand.Float64() < 0.5:
			j.Phase = Running
			c.Greet(hello(j))
		case j.Phase == Running && m.chance(0.05):
			j.Phase, j.Outcome = Ended, Completed
		case j.Phase == Ended && m.rand.Float64() < 0.2:
			m.hide[key] = true
		}
		m.jobs[key] = j
	}
}

func (m *moody) alive() (n int) {
	for _, j := range m.jobs {
		if j.Phase != Ended {
			n++
		}
	}
	return n
}

// doomed are those alive that were cancelled or drained in vain: they are replaced,
// and told again.
func (m *moody) doomed(c *Cluster) (n int) {
	for key, r := range c.ledger.jobs {
		if !(r.told.IsZero() && r.drained.IsZero()) && m.jobs[key].Phase != Ended {
			n++
		}
	}
	return n
}

// witness is a coordinator that checks that nobody alive is declared gone.
type witness struct {
	t *testing.T
	m *moody
}

func (w witness) Work() (work Work) {
	work.Ready = map[string]int{"": w.m.ready}
	for _, j := range w.m.jobs {
		if j.Phase == Running && !w.m.deserted[jobKey{j.Key, j.Index}] {
			work.Workers = append(work.Workers, WorkerView{Hello: hello(j)})
		}
	}
	return work
}

// Drain ends workers, unless it does not arrive. On bad days their job stays.
func (w witness) Drain(match func(task.Hello) bool) {
	for key, j := range w.m.jobs {
		if j.Phase == Running && !w.m.deserted[key] && match(hello(j)) && !w.m.chance(0.3) {
			if w.m.deserted[key] = w.m.chance(0.3); w.m.deserted[key] {
				continue
			}
			j.Phase, j.Outcome = Ended, Completed
			w.m.jobs[key] = j
		}
	}
}

func hello(j Job) task.Hello { return task.Hello{Key: j.Key, Index: fmt.Sprint(j.Index), Job: j.ID} }

func (w witness) Gone(match func(task.Hello) bool, reason string) {
	for _, j := range w.m.jobs {
		if j.Phase != Ended && match(hello(j)) {
			w.t.Errorf("%v is %s, but declared gone: %s", j, j.Phase, reason)
		}
	}
}

// TestRandomTrouble: whatever goes wrong, there are never more jobs than wanted at
// most (but for those on which a cancellation got lost), in the end as many as
// needed, and after the stop none.
func TestRandomTrouble(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for n := range uint64(200) {
		trouble(t, rand.New(rand.NewPCG(seed, n)))
		if t.Failed() {
			t.Fatalf("in simulation %d", n)
		}
	}
}

func trouble(t *testing.T, random *rand.Rand) {
	m := &moody{rand: random, bad: true, jobs: map[jobKey]Job{}, hide: map[jobKey]bool{}, deserted: map[jobKey]bool{}}
	most, slots := 1+random.IntN(8), 1+random.IntN(3)
	c, err := New(Options{Name: "t", Backend: m, Coordinator: witness{t, m}, Interval: time.Nanosecond,
		Pools: []PoolOptions{{Name: "p", Size: Fixed(most), IdleTimeout: time.Nanosecond, Slots: slots}}})
	if err != nil {
		t.Fatal(err)
	}
	m.hurry = c.hurry
	size := Fixed(most)
	round := func() {
		if err := c.round(t.Context()); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(c.trouble, "has no id") {
			t.Error(c.trouble)
		}
		if n := m.alive() - m.doomed(c); n > most {
			t.Errorf("%d jobs, but never more than %d were wanted", n, most)
		}
		m.live(c)
	}
	for range 60 {
		if random.IntN(10) == 0 {
			size.Max = random.IntN(most + 1)
			size.Min = random.IntN(size.Max + 1)
			if random.IntN(2) == 0 {
				size = Fixed(size.Max)
			}
			if err := c.Resize(t.Context(), "p", size); err != nil {
				t.Fatal(err)
			}
		}
		if random.IntN(10) == 0 {
			m.ready = random.IntN(2 * most * slots)
		}
		round()
	}
	if random.IntN(2) == 0 {
		m.bad = false
		for range 40 { // longer than the grace
			round()
		}
		needed := min(max((m.ready+slots-1)/slots, size.Min), size.Max)
		if n := m.alive(); n != needed {
			t.Errorf("%d jobs, want %d; %q", n, needed, c.Explain())
		}
		m.bad = true
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	left, err := c.Stop(ctx)
	if n := m.alive(); err != nil || len(left) > 0 || n > 0 {
		t.Errorf("after the stop %d are alive, left %+v, %v", n, left, err)
	}
	if err := c.round(ctx); !errors.Is(err, ErrStopped) {
		t.Errorf("a round after the stop: %v", err)
	}
}

// hurry makes what waits for a time due: cancellations that did not arrive,
// submissions to repeat.
func (c *Cluster) hurry() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.ledger.jobs {
		for _, t := range []*time.Time{&r.told, &r.drained} {
			if !t.IsZero() {
				*t = t.Add(-time.Minute)
			}
		}
		r.Submitted = r.Submitted.Add(-time.Second)
	}
	for _, p := range c.pools {
		p.retryAt = time.Time{}
	}
}
