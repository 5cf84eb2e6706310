package coordinator_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/coordinator"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// submit hands a run to the cluster and returns its id, and how to wait for its end.
func (s *site) submit(doc json.RawMessage, keepGoing bool) (id string, wait func() coordinator.Ended) {
	s.t.Helper()
	id = task.NewKey()
	ended, err := s.client.Watch(s.t.Context(), id, nil)
	if err == nil {
		err = s.client.Submit(s.t.Context(), &coordinator.Submission{Run: id, Workflow: doc, KeepGoing: keepGoing})
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return id, func() coordinator.Ended {
		s.t.Helper()
		ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
		defer cancel()
		e, err := ended(ctx)
		if err != nil {
			s.t.Fatalf("run %s: %v\n%+v", id, err, s.now().Status())
		}
		return e
	}
}

// order gives an order, which must be taken.
func (s *site) order(give func(coordinator.Order) (coordinator.Answer, error), o coordinator.Order) coordinator.Answer {
	s.t.Helper()
	a, err := give(o)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

func (s *site) times(node string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, times := range s.executed {
		if strings.HasSuffix(name, "/"+node) {
			n += times
		}
	}
	return n
}

func (s *site) until(what string, ok func() bool) {
	s.t.Helper()
	if err := ewokstest.Wait(what, func() error {
		if !ok() {
			return errors.New("not so")
		}
		return nil
	}); err != nil {
		s.t.Fatal(err)
	}
}

// A paused run gives nothing new to workers, others do; what is executed goes on. A
// restart changes nothing about that.
func TestPauseRun(t *testing.T) {
	s := newSite(t, time.Second)
	begun, goOn := make(chan string, 10), make(chan struct{})
	s.hire("w", 2, func(r *task.Request) task.Result {
		if r.Node == "n0" {
			begun <- r.Run
			<-goOn
		}
		return s.count(r)
	})
	id, wait := s.submit(document(3, before), false)
	<-begun
	if a := s.order(s.now().Pause, coordinator.Order{Run: id[:len(id)-1]}); !a.Changed || len(a.Runs) != 1 || a.Runs[0].Run != id || !a.Runs[0].Paused {
		t.Errorf("paused: %+v", a)
	}
	if a := s.order(s.now().Pause, coordinator.Order{Run: "last"}); a.Changed {
		t.Errorf("paused again: %+v", a)
	}
	close(goOn)
	s.until("the next task waits", func() bool { st := s.now().Status(); return st.Ready == 1 && st.Leased == 0 && s.times("n0") == 1 })
	if ready, _ := s.now().Demand(); len(ready) != 0 {
		t.Errorf("a paused run asks for slots: %v", ready)
	}
	s.end()
	s.start()
	if st := s.now().Status(); st.Ready != 1 || !st.Runs[0].Paused || st.Runs[0].Status != engine.Running {
		t.Errorf("after a restart: %+v", st)
	}
	if e := s.run(document(1, alone)); e.Outcome.Status != engine.Succeeded {
		t.Errorf("another run: %+v", e)
	}
	if s.times("n1") != 0 {
		t.Error("a task of a paused run was executed")
	}
	if a := s.order(s.now().Resume, coordinator.Order{Run: id}); !a.Changed || a.Runs[0].Paused {
		t.Errorf("resumed: %+v", a)
	}
	if e := wait(); e.Outcome.Status != engine.Succeeded || e.Counts.Succeeded != 3 || s.times("n1") != 1 {
		t.Errorf("%+v", e)
	}
	if a := s.order(s.now().Pause, coordinator.Order{Run: id}); a.Changed {
		t.Errorf("a run that is over was paused: %+v", a)
	}
}

// A paused cluster gives nothing to workers, after a restart neither. Runs can be
// submitted and cancelled.
func TestPauseCluster(t *testing.T) {
	s := newSite(t, time.Second)
	s.hire("w", 2, s.count)
	if a := s.order(s.now().Pause, coordinator.Order{}); !a.Changed {
		t.Errorf("paused: %+v", a)
	}
	_, wait := s.submit(document(10, alone), false)
	other, waitOther := s.submit(document(1, alone), false)
	if err := s.client.Cancel(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if e := waitOther(); e.Outcome.Status != engine.Cancelled {
		t.Errorf("%+v", e)
	}
	s.end()
	s.start()
	s.until("the worker is back", func() bool { return len(s.now().Status().Workers) == 1 })
	st := s.now().Status()
	if ready, _ := s.now().Demand(); !st.Paused || st.Ready != 10 || len(ready) != 0 || st.Leased != 0 || s.times("n0") != 0 {
		t.Errorf("while it is paused: %+v, demand %v", st, ready)
	}
	s.order(s.now().Resume, coordinator.Order{})
	if e := wait(); e.Outcome.Status != engine.Succeeded || e.Counts.Succeeded != 10 {
		t.Errorf("%+v", e)
	}
	s.end()
	s.start()
	if s.now().Status().Paused {
		t.Error("the pause comes back with a restart")
	}
}

// The tasks of a node are cancelled, whether they wait or are executed: they fail,
// and the run with them unless it keeps going.
func TestCancelNode(t *testing.T) {
	for _, keepGoing := range []bool{false, true} {
		s := newSite(t, time.Second)
		begun, never := make(chan struct{}, 1), make(chan struct{})
		t.Cleanup(func() { close(never) })
		s.hire("w", 2, func(r *task.Request) task.Result {
			if r.Node == "n1" {
				begun <- struct{}{}
				<-never
			}
			return s.count(r)
		})
		id, wait := s.submit(document(4, func(i int) []int {
			if i == 2 {
				return []int{1}
			}
			return nil
		}), keepGoing)
		<-begun
		s.until("the others are done", func() bool { return s.times("n0") == 1 && s.times("n3") == 1 })
		cancel := func(node string) (a coordinator.Answer, err error) {
			return a, s.client.Call(t.Context(), "cancel", coordinator.Order{Run: id, Node: node}, &a)
		}
		if _, err := cancel("n2"); err == nil || !strings.Contains(err.Error(), `no task of node "n2"`) || !strings.Contains(err.(interface{ Hint() string }).Hint(), "n1") {
			t.Errorf("a node that does nothing: %v", err)
		}
		if a, err := cancel("n1"); err != nil || a.Tasks != 1 {
			t.Errorf("%+v, %v", a, err)
		}
		e := wait()
		succeeded := 2
		// An end node has ended: with errors elsewhere the run keeps its success (ewoks.md 7.6).
		want := map[bool]engine.Status{false: engine.Failed, true: engine.Succeeded}[keepGoing]
		if e.Outcome.Status != want || e.Counts.Failed != 1 || e.Counts.Succeeded != succeeded ||
			!keepGoing && (e.Outcome.Node != "n1" || e.Outcome.Failure.Cause != task.Cancelled) {
			t.Errorf("keep going %v: %+v, %+v", keepGoing, e.Outcome, e.Counts)
		}
	}
}

// Orders about runs that are not there say so.
func TestOrders(t *testing.T) {
	s := newSite(t, time.Second)
	if _, err := s.now().Pause(coordinator.Order{Run: "last"}); !errors.Is(err, coordinator.ErrNoRun) {
		t.Errorf("without runs: %v", err)
	}
	for range 3 {
		s.submit(document(2, before), false)
	}
	all := s.now().Status().Runs
	for name, want := range map[string]string{
		"nosuchrun": "no such run: nosuchrun", all[0].Run[:3]: "3 runs begin with " + all[0].Run[:3], "LAST": "no such run",
	} {
		var a coordinator.Answer
		err := s.client.Call(t.Context(), "cancel", coordinator.Order{Run: name}, &a)
		var remote *coordinator.RemoteError
		if !errors.As(err, &remote) || !remote.Mistake() || remote.Hint() == "" || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var a coordinator.Answer
	if err := s.client.Call(t.Context(), "cancel", coordinator.Order{}, &a); err == nil {
		t.Error("an order without a run cancelled something")
	}
	if err := s.client.Call(t.Context(), "cancel", coordinator.Order{Run: "last"}, &a); err != nil || a.Runs[0].Run != all[2].Run || a.Runs[0].Status != engine.Cancelled {
		t.Errorf("the last: %+v, %v", a, err)
	}
	if err := s.client.Call(t.Context(), "cancel", coordinator.Order{All: true}, &a); err != nil || len(a.Runs) != 2 {
		t.Errorf("all: %+v, %v", a, err)
	}
	if st := s.now().Status(); st.Ready+st.Leased != 0 {
		t.Errorf("left: %+v", st)
	}
}
