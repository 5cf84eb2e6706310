package coordinator_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/resource"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/worker"
)

// A worker near its end gets no task that says it takes longer: it leaves, without an
// error, and the task goes to another.
func TestDeclaredTimeLimit(t *testing.T) {
	s := newSite(t, 200*time.Millisecond)
	old := s.employ("old", task.Hello{Slots: 1, EndsAt: time.Now().Add(time.Minute)}, func(_ worker.Seat, r *task.Request) task.Result {
		if r.Resources.TimeLimit > 0 || r.Limit > 0 {
			t.Errorf("%s was given to a worker that has no time for it", r.Node)
		}
		return s.count(r)
	})
	s.until("the worker is there", func() bool { return len(s.now().Status().Workers) == 1 })
	if e := s.run(nodesOf(resource.Need{})); e.Outcome.Status != engine.Succeeded { // it is not fresh any more
		t.Fatalf("%+v", e.Outcome)
	}
	_, wait := s.submit(nodesOf(resource.Need{TimeLimit: 2 * time.Minute}, resource.Need{}), false)
	<-old.done
	if old.err != nil {
		t.Errorf("the worker ended with %v", old.err)
	}
	s.employ("new", task.Hello{Slots: 1, EndsAt: time.Now().Add(time.Hour)}, func(_ worker.Seat, r *task.Request) task.Result { return s.count(r) })
	if e := wait(); e.Outcome.Status != engine.Succeeded || e.Counts.Lost != 0 {
		t.Errorf("%+v, %+v", e.Outcome, e.Counts)
	}
}

// What tasks have taken before tells how long the next ones take.
func TestLearnedTime(t *testing.T) {
	s := newSiteOf(t, 200*time.Millisecond, resource.Router{Pools: []resource.Pool{{Name: "p", Capacity: resource.Capacity{Slots: 1}, Walltime: time.Hour}}})
	slow := func(_ worker.Seat, r *task.Request) task.Result {
		result := s.count(r)
		result.Duration = 10 * time.Minute // as it says
		return result
	}
	s.employ("first", task.Hello{Pool: "p", Slots: 1, EndsAt: time.Now().Add(time.Hour)}, slow).await(s, func() {
		s.run(nodesOf(resource.Need{}))
	})
	var given atomic.Int32
	old := s.employ("old", task.Hello{Pool: "p", Slots: 1, EndsAt: time.Now().Add(12 * time.Minute)}, func(seat worker.Seat, r *task.Request) task.Result {
		given.Add(1)
		return slow(seat, r)
	})
	_, wait := s.submit(nodesOf(make([]resource.Need, 5)...), false)
	<-old.done // the first task that it gets may take most of its walltime, the next not
	if n := given.Load(); n != 1 || old.err != nil {
		t.Errorf("the worker got %d tasks and ended with %v", n, old.err)
	}
	s.employ("new", task.Hello{Pool: "p", Slots: 1, EndsAt: time.Now().Add(10 * time.Hour)}, slow)
	if e := wait(); e.Outcome.Status != engine.Succeeded || e.Counts.Lost != 0 {
		t.Errorf("%+v, %+v", e.Outcome, e.Counts)
	}
}

// await waits for the worker to be there, does something, and ends the worker.
func (h *hand) await(s *site, do func()) {
	s.until("the worker is there", func() bool { return len(s.now().Status().Workers) == 1 })
	do()
	h.leave()
	s.until("the worker has left", func() bool { return len(s.now().Status().Workers) == 0 })
}

// A worker that has to end gives back at once what will not make it, without counting
// as a failure, and lets the rest finish.
func TestDrainInTime(t *testing.T) {
	s := newSite(t, 200*time.Millisecond)
	release := make(chan struct{})
	begun := make(chan string, 10)
	w := s.employ("w", task.Hello{Slots: 2}, func(_ worker.Seat, r *task.Request) task.Result {
		begun <- r.Node
		if r.Node == "n0" {
			<-release
		} else {
			time.Sleep(100 * time.Millisecond) // ends within the grace
		}
		return s.count(r)
	})
	_, wait := s.submit(nodesOf(make([]resource.Need, 2)...), false)
	<-begun
	<-begun
	w.worker.Drain(time.Now().Add(time.Second))
	<-w.done
	if w.err != nil {
		t.Errorf("the worker ended with %v", w.err)
	}
	st := s.now().Status()
	if st.Totals.Succeeded != 1 || st.Totals.Lost != 1 || st.Totals.Failed != 0 || st.Ready != 1 || st.Leased != 0 {
		t.Errorf("after the worker left: %+v", st)
	}
	close(release)
	s.hire("other", 1, s.count)
	if e := wait(); e.Outcome.Status != engine.Succeeded || e.Counts.Lost != 1 || e.Counts.Succeeded != 2 {
		t.Errorf("%+v, %+v", e.Outcome, e.Counts)
	}
}

// A worker that has to end gets nothing more, whatever the size of the task.
func TestLeavingGetsNothing(t *testing.T) {
	s := newSite(t, 200*time.Millisecond)
	goOn, begun := make(chan struct{}), make(chan struct{})
	w := s.employ("w", task.Hello{Slots: 4, Cores: 4}, func(_ worker.Seat, r *task.Request) task.Result {
		if r.Node != "n0" || r.Resources.Cores != 1 {
			t.Errorf("%s came to a worker that leaves", r.Node)
		}
		close(begun)
		<-goOn
		return s.count(r)
	})
	_, first := s.submit(nodesOf(resource.Need{Cores: 1}), false)
	<-begun
	w.worker.Drain(time.Time{})
	s.until("the worker says that it leaves", func() bool { return s.now().Status().Workers[0].Leaving })
	_, second := s.submit(nodesOf(resource.Need{Cores: 1, Memory: 1}, resource.Need{}), false)
	time.Sleep(3 * 200 * time.Millisecond) // some turns of the worker
	close(goOn)
	first()
	<-w.done
	s.hire("other", 1, s.count)
	if e := second(); e.Counts.Lost != 0 || e.Outcome.Status != engine.Succeeded {
		t.Errorf("%+v", e)
	}
}
