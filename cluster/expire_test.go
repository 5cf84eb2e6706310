package cluster

import (
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/scale"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// A job whose walltime is almost over, or whose workers leave, is no capacity any more,
// until it is known to run again.
func TestExpiring(t *testing.T) {
	begin := time.Now()
	for _, test := range []struct {
		name     string
		walltime time.Duration
		after    time.Duration
		leaving  []bool // for each worker
		want     scale.Phase
	}{
		{"early", time.Hour, 30 * time.Minute, []bool{false}, scale.Running},
		{"last tenth", time.Hour, 55 * time.Minute, []bool{false}, scale.Ending},
		{"last tenth of a day is too early", 24 * time.Hour, 23 * time.Hour, []bool{false}, scale.Running},
		{"last ten minutes", 24 * time.Hour, 24*time.Hour - 9*time.Minute, []bool{false}, scale.Ending},
		{"no end", 0, 1000 * time.Hour, []bool{false}, scale.Running},
		{"leaving", 0, time.Second, []bool{true}, scale.Ending},
		{"one of two is leaving", 0, time.Second, []bool{true, false}, scale.Running},
	} {
		l := newLedger()
		l.add(Launch{Key: "k", Pool: "p", Count: 1, Submitted: begin})
		var views []WorkerView
		for _, leaving := range test.leaving {
			h := task.Hello{Key: "k", Index: "0"}
			if test.walltime > 0 {
				h.EndsAt = begin.Add(test.walltime)
			}
			l.greet(begin, h, func(string) {})
			views = append(views, WorkerView{Hello: h, Leaving: leaving, Holding: 1, Busy: 3})
		}
		l.attend(begin.Add(test.after), views)
		r := l.live("p")[0]
		if got := r.scalePhase(); got != test.want {
			t.Errorf("%s: phase %v, want %v", test.name, got, test.want)
		}
		if want := 3 * len(views); r.crew.slots != want {
			t.Errorf("%s: %d busy slots, want %d", test.name, r.crew.slots, want)
		}
		l.attend(begin.Add(test.after), nil) // they have left
		if got := r.scalePhase(); got != test.want {
			t.Errorf("%s: phase %v once the workers have left", test.name, got)
		}
	}
}

// A job that ends before its worker said hello keeps its place until it is known why,
// or that takes too long.
func TestUnjudged(t *testing.T) {
	for _, test := range []struct {
		name  string
		harm  func(*record)
		after time.Duration
		want  bool
	}{
		{"silent", func(*record) {}, time.Second, true},
		{"for long", func(*record) {}, judgeTime, false},
		{"greeted", func(r *record) { r.Greeted = true }, time.Second, false},
		{"cancelled", func(r *record) { r.told = r.Since }, time.Second, false},
		{"running", func(r *record) { r.Phase = Running }, time.Second, false},
	} {
		r := &record{Job: Job{Phase: Ending, Since: time.Now()}}
		test.harm(r)
		c := &Cluster{ledger: newLedger()}
		c.ledger.launches["k"], c.ledger.jobs[jobKey{"k", 0}] = Launch{Key: "k", Pool: "p"}, r
		r.Pool = "p"
		if got := r.unjudged(r.Since.Add(test.after)); got != test.want {
			t.Errorf("%s: unjudged %t", test.name, got)
		}
		p := &pool{PoolOptions: PoolOptions{Name: "p", Size: Fixed(1), Slots: 1}}
		if n := c.plan(r.Since.Add(test.after), p); n.submit == 0 != (test.want || r.Phase == Running) {
			t.Errorf("%s: %d jobs are submitted in its place", test.name, n.submit)
		}
	}
}

// work is a coordinator that says what there is to do.
type work map[string]int

func (w work) Work() Work                       { return Work{Ready: w} }
func (work) Gone(func(task.Hello) bool, string) {}
func (work) Drain(func(task.Hello) bool)        {}

// Each pool sees its own demand; what any pool may execute counts for the first.
func TestDemandByPool(t *testing.T) {
	c, err := New(Options{
		Name: "c", Backend: struct{ Backend }{}, Coordinator: work{"a": 2, "b": 5, "": 1, "unknown": 9},
		Pools: []PoolOptions{{Name: "a", Size: Size{0, 10}, Slots: 1}, {Name: "b", Size: Size{0, 10}, Slots: 2}},
	})
	if err != nil {
		t.Fatal(err)
	}
	c.meet()
	for i, want := range []int{3, 5} {
		if got := c.Pools()[i].Demand; got != want {
			t.Errorf("pool %d needs %d slots, want %d", i, got, want)
		}
	}
}
