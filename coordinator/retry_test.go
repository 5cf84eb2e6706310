package coordinator_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
	"github.com/ewoks-hpc/ewoks-hpc/coordinator"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// begin submits a run and returns what waits for its end.
func (s *site) begin(doc json.RawMessage, retry engine.Retry) (run string, wait func() coordinator.Ended) {
	s.t.Helper()
	run = task.NewKey()
	watch, err := s.client.Watch(s.t.Context(), run, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.client.Submit(s.t.Context(), &coordinator.Submission{Run: run, Workflow: doc, Retry: &retry}); err != nil {
		s.t.Fatal(err)
	}
	return run, func() coordinator.Ended {
		s.t.Helper()
		ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
		defer cancel()
		ended, err := watch(ctx)
		if err != nil {
			s.t.Fatalf("run %s: %v\n%+v", run, err, s.now().Status())
		}
		return ended
	}
}

// failing fails the first attempts at tasks of a node.
func (s *site) failing(node string, times int) func(*task.Request) task.Result {
	return func(r *task.Request) task.Result {
		result := s.count(r)
		if r.Node == node && r.Attempt <= times {
			return task.Result{Status: task.Failed, Failure: task.Failure{Cause: task.Exception, Type: "ValueError", Message: "no beam"}}
		}
		return result
	}
}

func TestRetries(t *testing.T) {
	const delay = 100 * time.Millisecond
	s := newSite(t, time.Second)
	s.hire("w", 2, s.failing("n1", 2))
	begun := time.Now()
	_, wait := s.begin(document(3, before), engine.Retry{Exceptions: 2, Delay: delay})
	e := wait()
	if e.Outcome.Status != engine.Succeeded || e.Counts.Retried != 2 || e.Counts.Failed != 0 {
		t.Errorf("%+v", e)
	}
	if took := time.Since(begun); took < 3*delay {
		t.Errorf("it took %s, less than both delays", took)
	}
	if totals := s.now().Status().Totals; totals.Retried != 2 || totals.Failed != 0 {
		t.Errorf("totals %+v", totals)
	}
	_, wait = s.begin(document(3, before), engine.Retry{Exceptions: 1})
	if e = wait(); e.Outcome.Failure.Message != "failed 2 times, last: no beam" || e.Counts.Failed != 1 {
		t.Errorf("%+v", e)
	}
}

func TestRetryIsValidated(t *testing.T) {
	s := newSite(t, time.Second)
	err := s.client.Submit(t.Context(), &coordinator.Submission{Run: task.NewKey(), Workflow: document(1, alone), Retry: &engine.Retry{Exceptions: -1}})
	if err == nil || !strings.Contains(err.Error(), "-1 for exceptions") {
		t.Errorf("a submission with -1 retries: %v", err)
	}
}

// failedOnce waits until the first attempt of a run has failed.
func (s *site) failedOnce(run string) {
	s.t.Helper()
	if err := ewokstest.Wait("a retry", func() error {
		st := s.now().Status()
		if i := slices.IndexFunc(st.Runs, func(r coordinator.RunStatus) bool { return r.Run == run }); i < 0 || st.Runs[i].Counts.Retried == 0 {
			return errors.New("there was none")
		}
		return nil
	}); err != nil {
		s.t.Fatal(err)
	}
}

// An attempt that waits for its time is begun at once by a coordinator that
// starts meanwhile.
func TestDelayedOverRestart(t *testing.T) {
	s := newSite(t, time.Second)
	s.hire("w", 1, s.failing("n0", 1))
	run, wait := s.begin(document(2, before), engine.Retry{Exceptions: 1, Delay: time.Hour})
	s.failedOnce(run)
	if st := s.now().Status(); st.Ready+st.Leased != 0 || st.Delayed != 1 {
		t.Errorf("a task does not wait: %+v", st)
	}
	s.end()
	s.start()
	if e := wait(); e.Outcome.Status != engine.Succeeded || e.Counts.Retried != 1 {
		t.Errorf("%+v", e)
	}
}

// What waits for its time is dropped with its run.
func TestCancelDelayed(t *testing.T) {
	s := newSite(t, time.Second)
	s.hire("w", 1, s.failing("n0", 1))
	retry := engine.Retry{Exceptions: 1, Delay: 200 * time.Millisecond}
	cancelled, wait := s.begin(document(1, alone), retry)
	s.failedOnce(cancelled)
	if err := s.client.Cancel(t.Context(), cancelled); err != nil {
		t.Fatal(err)
	}
	if e := wait(); e.Outcome.Status != engine.Cancelled {
		t.Errorf("%+v", e)
	}
	other, wait := s.begin(document(1, alone), retry) // which ends when the time has come
	wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if a, b := s.executed[cancelled+"/n0"], s.executed[other+"/n0"]; a != 1 || b != 2 {
		t.Errorf("the cancelled run was executed %d times, the other %d times", a, b)
	}
}

// byHand is a worker whose turns are taken by the test.
type byHand struct {
	*site
	conn   *broker.Conn
	name   string
	number uint64
}

func (s *site) byHand(id string) *byHand {
	s.t.Helper()
	if err := s.server.Grant(id, 1); err != nil {
		s.t.Fatal(err)
	}
	job := broker.JobName(id, 0)
	w := &byHand{site: s, name: broker.WorkerName(job, "p")}
	w.conn = s.dial(broker.JobAccess(broker.KeysDir(s.dir), job), "worker "+w.name)
	s.t.Cleanup(w.conn.Close)
	w.hello(id)
	return w
}

func (w *byHand) hello(id string) {
	w.t.Helper()
	w.ask(broker.Hello, task.EncodeJSON(task.Hello{Version: task.Version, Worker: w.name, Key: id, Index: "0", Slots: 1, Host: "here"}))
}

func (w *byHand) ask(verb string, data []byte) []byte {
	w.t.Helper()
	answer, err := w.conn.Request(w.t.Context(), broker.WorkSubject(w.name, verb), data)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer
}

// turn takes a turn that fetches a request, if free, and brings results.
func (w *byHand) turn(free int, holding []task.ID, results ...task.Result) *task.Reply {
	w.t.Helper()
	w.number++
	reply, err := task.DecodeReply(w.ask(broker.Turn, task.EncodeTurn(&task.Turn{Worker: w.name, Number: w.number, Free: free, Holding: holding, Results: results})))
	if err != nil {
		w.t.Fatal(err)
	}
	return reply
}

// fetch takes the one task that is ready.
func (w *byHand) fetch() *task.Request {
	w.t.Helper()
	reply := w.turn(1, nil)
	if len(reply.Requests) != 1 {
		w.t.Fatalf("got %d requests, want one: %+v", len(reply.Requests), w.now().Status())
	}
	return reply.Requests[0]
}

// A worker that was given up for lost comes back with the result of the first
// attempt. It counts; wherever the next attempt is, it is dropped or stopped.
func TestFirstSuccessWins(t *testing.T) {
	for name, newer := range map[string]func(s *site) func(task.ID){
		"waiting for a worker": func(*site) func(task.ID) { return func(task.ID) {} },
		"waiting for its time": func(s *site) func(task.ID) {
			w := s.byHand("second")
			r := w.fetch()
			w.turn(0, nil, task.Result{ID: r.ID, Attempt: r.Attempt, Status: task.Failed, Failure: task.Failure{Cause: task.Exception}})
			return func(task.ID) {}
		},
		"being executed": func(s *site) func(task.ID) {
			w := s.byHand("second")
			w.fetch()
			return func(id task.ID) {
				if reply := w.turn(0, []task.ID{id}); !slices.Equal(reply.Stop, []task.ID{id}) {
					s.t.Errorf("the worker of the second attempt is told %+v", reply)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, time.Minute)
			s.begin(document(2, before), engine.Retry{Lost: 1, Exceptions: 1, Delay: time.Hour})
			first := s.byHand("first")
			r := first.fetch()
			s.now().Gone(func(h task.Hello) bool { return h.Worker == first.name }, "the test says so")
			check := newer(s)

			first.hello("first")
			first.turn(0, nil, task.Result{ID: r.ID, Attempt: 1, Outputs: s.count(r).Outputs})
			check(r.ID)
			for range 2 {
				if st := s.now().Status(); st.Ready != 1 || st.Leased+st.Delayed != 0 || st.Runs[0].Counts.Succeeded != 1 {
					t.Errorf("%d ready, %d leased, %d delayed, %+v", st.Ready, st.Leased, st.Delayed, st.Runs[0].Counts)
				}
				s.end()
				s.start() // and a restart changes nothing about it
			}
			first.hello("first") // it may be unknown after a restart
			if next := first.turn(1, nil); len(next.Requests) != 1 || next.Requests[0].Node != "n1" {
				t.Errorf("the next task is %+v", next)
			}
		})
	}
}
