package runner_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/runner"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// goExecutor executes every request at once with a function.
type goExecutor struct {
	execute func(*task.Request) task.Result
	results func([]task.Result)

	stop chan task.ID

	mu    sync.Mutex
	begun []time.Time
}

func (x *goExecutor) Submit(reqs []*task.Request) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, r := range reqs {
		x.begun = append(x.begun, time.Now())
		go func() {
			result := x.execute(r)
			result.ID, result.Attempt = r.ID, r.Attempt
			x.results([]task.Result{result})
		}()
	}
}

func (x *goExecutor) Stop(ids []task.ID) {
	for _, id := range ids {
		x.stop <- id
	}
}

func (x *goExecutor) Drop(string, []uint64) {}

func (x *goExecutor) times() []time.Time {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.begun
}

func run(t *testing.T, retry engine.Retry, x *goExecutor, nodes ...string) *runner.Runner {
	t.Helper()
	var list []string
	for _, n := range nodes {
		list = append(list, fmt.Sprintf(`{"id":%q,"task_type":"method","task_identifier":"m.f"}`, n))
	}
	wf, err := workflow.Parse([]byte(`{"graph":{"id":"g"},"nodes":[`+strings.Join(list, ",")+`]}`), workflow.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	plan := engine.NewPlan(wf, engine.PlanOptions{Outputs: wf.SelectOutputs(nil)})
	r := runner.New(engine.New(plan, engine.Options{Run: "r", Retry: retry}), nil)
	x.results = r.OnResults
	return r
}

func failing(times int) func(*task.Request) task.Result {
	return func(r *task.Request) task.Result {
		if r.Attempt <= times {
			return task.Result{Status: task.Failed, Failure: task.Failure{Cause: task.Exception}}
		}
		return task.Result{Status: task.Succeeded}
	}
}

// Attempts begin when their time has come, not sooner.
func TestDelayedAttempts(t *testing.T) {
	const delay = 30 * time.Millisecond
	x := &goExecutor{execute: failing(2)}
	o := run(t, engine.Retry{Exceptions: 2, Delay: delay}, x, "a").Run(t.Context(), x)
	begun := x.times()
	if o.Status != engine.Succeeded || len(begun) != 3 {
		t.Fatalf("%+v after %d attempts", o, len(begun))
	}
	for i, least := range []time.Duration{delay, 2 * delay} {
		if got := begun[i+1].Sub(begun[i]); got < least {
			t.Errorf("attempt %d began %s after the one before, want at least %s", i+2, got, least)
		}
	}
}

// A run that is cancelled while an attempt waits ends at once, and the attempt is
// never begun.
func TestCancelWhileDelayed(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	x := &goExecutor{execute: failing(1)}
	r := run(t, engine.Retry{Exceptions: 1, Delay: time.Hour}, x, "a")
	results := x.results
	x.results = func(list []task.Result) {
		results(list)
		cancel()
	}
	if o := r.Run(ctx, x); o.Status != engine.Cancelled || len(x.times()) != 1 {
		t.Errorf("%+v after %d attempts", o, len(x.times()))
	}
}

// What an attempt that is not the current one achieves counts, and the current one
// is stopped.
func TestStop(t *testing.T) {
	x := &goExecutor{stop: make(chan task.ID, 1)}
	x.execute = func(r *task.Request) task.Result {
		switch {
		case r.Node == "b": // the run must not be over before
			select {
			case id := <-x.stop:
				if id.Seq != 1 {
					t.Errorf("task %s was stopped", id)
				}
			case <-time.After(10 * time.Second):
				t.Error("the second attempt was not stopped")
			}
		case r.Attempt == 1:
			x.results([]task.Result{{ID: r.ID, Attempt: 1, Status: task.Lost}})
		default:
			return task.Result{Status: task.Skipped} // and so on, until it is stopped
		}
		return task.Result{Status: task.Succeeded}
	}
	if o := run(t, engine.Retry{Lost: 1}, x, "a", "b").Run(t.Context(), x); o.Status != engine.Succeeded {
		t.Errorf("%+v", o)
	}
}
