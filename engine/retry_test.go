package engine_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

func failedWith(r *task.Request, cause task.Cause, kind string) engine.Ended {
	e := ended(r, task.Failed)
	e.Result.Failure = task.Failure{Cause: cause, Type: kind, Message: "no beam"}
	return e
}

// Each way to fail has a limit of its own.
func TestRetryLimits(t *testing.T) {
	raise := func(kind string) task.Failure { return task.Failure{Cause: task.Exception, Type: kind} }
	cause := func(c task.Cause) task.Failure { return task.Failure{Cause: c} }
	for _, test := range []struct {
		name  string
		retry engine.Retry
		fails []task.Failure
		again bool // after the last of them
	}{
		{"no retries", engine.Retry{}, []task.Failure{raise("E")}, false},
		{"exceptions", engine.Retry{Exceptions: 2}, []task.Failure{raise("E"), raise("F")}, true},
		{"one too many", engine.Retry{Exceptions: 2}, []task.Failure{raise("E"), raise("E"), raise("E")}, false},
		{"of this type", engine.Retry{Exceptions: 1, On: []string{"A", "E"}}, []task.Failure{raise("E")}, true},
		{"of another type", engine.Retry{Exceptions: 1, On: []string{"E"}}, []task.Failure{raise("F")}, false},
		{"a crash", engine.Retry{Exceptions: 1}, []task.Failure{cause(task.Died)}, true},
		{"a crash is of no type", engine.Retry{Exceptions: 1, On: []string{"E"}}, []task.Failure{cause(task.Died)}, false},
		{"a timeout is no exception", engine.Retry{Exceptions: 1}, []task.Failure{cause(task.Timeout)}, false},
		{"timeouts", engine.Retry{Timeouts: 1, On: []string{"E"}}, []task.Failure{cause(task.Timeout)}, true},
		{"memory is no exception", engine.Retry{Exceptions: 1, Timeouts: 1}, []task.Failure{cause(task.OutOfMemory)}, false},
		{"memory", engine.Retry{OutOfMemory: 1}, []task.Failure{cause(task.OutOfMemory)}, true},
		{"cancelled", engine.Retry{Exceptions: 9, Timeouts: 9, OutOfMemory: 9}, []task.Failure{raise("E"), cause(task.Cancelled)}, false},
		{"each for itself", engine.Retry{Exceptions: 1, Timeouts: 1, OutOfMemory: 1}, []task.Failure{raise("E"), cause(task.Timeout), cause(task.OutOfMemory)}, true},
		{"and not together", engine.Retry{Exceptions: 1, Timeouts: 1}, []task.Failure{cause(task.Timeout), raise("E"), cause(task.Timeout)}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, actions := begin(parse(t, two), engine.Options{Run: "r", Retry: test.retry})
			var again bool
			for i, f := range test.fails {
				r := started(t, actions)
				if r.Attempt != i+1 {
					t.Fatalf("attempt %d after %d failures", r.Attempt, i)
				}
				actions = engine.Step(s, engine.Ended{Result: task.Result{ID: r.ID, Attempt: r.Attempt, Status: task.Failed, Failure: f}})
				_, again = actions[0].(engine.Start)
			}
			want := engine.Counts{Nodes: 2, Started: 1, Failed: 1, Retried: len(test.fails) - 1}
			if test.again {
				want.Failed, want.Retried = 0, len(test.fails)
			}
			if again != test.again || s.Counts() != want {
				t.Errorf("another attempt: %t, want %t; counts %+v, want %+v", again, test.again, s.Counts(), want)
			}
		})
	}
}

// An attempt after one that ran out of memory asks for more, and no other does.
func TestRetryWithMoreMemory(t *testing.T) {
	const all = 1 << 60
	const oom, raise, timeout, lost = task.OutOfMemory, task.Exception, task.Timeout, task.Gone
	for _, test := range []struct {
		name     string
		memory   string // of the node
		factor   float64
		ends     []task.Cause
		want     []int64 // memory of each attempt after the first
		outgrown int64   // at last
	}{
		{"twice as much", `"4GB"`, 0, []task.Cause{oom, oom}, []int64{8e9, 16e9}, 8e9},
		{"by half", `1001`, 1.5, []task.Cause{oom}, []int64{1502}, 1001},
		{"the same", `"4GB"`, 1, []task.Cause{oom, oom}, []int64{4e9, 4e9}, 0},
		{"not said", `null`, 3, []task.Cause{oom, oom}, []int64{all, all}, all},
		{"the same, not said", `null`, 1, []task.Cause{oom}, []int64{0}, 0},
		{"at most all", `"900TB"`, 1000, []task.Cause{oom, oom}, []int64{9e17, all}, 9e17},
		{"other ends", `"4GB"`, 2, []task.Cause{raise, timeout, lost}, []int64{4e9, 4e9, 4e9}, 0},
		{"and it stays so", `"4GB"`, 2, []task.Cause{raise, oom, lost, raise, oom}, []int64{4e9, 8e9, 8e9, 8e9, 16e9}, 8e9},
	} {
		t.Run(test.name, func(t *testing.T) {
			wf := parse(t, `{"graph":{"id":"g"},"nodes":[{"id":"a","task_type":"method","task_identifier":"m.f","resources":{"cores":3,"memory":`+test.memory+`}}]}`)
			s, actions := begin(wf, engine.Options{Run: "r", Retry: engine.Retry{Lost: 9, Exceptions: 9, Timeouts: 9, OutOfMemory: 9, Memory: test.factor}})
			r := started(t, actions)
			for i, cause := range test.ends {
				before := r.Resources
				status := task.Failed
				if cause == lost {
					status = task.Lost
				}
				earlier := r
				r = started(t, engine.Step(s, engine.Ended{Result: task.Result{ID: r.ID, Attempt: r.Attempt, Status: status, Failure: task.Failure{Cause: cause}}}))
				if int64(r.Resources.Memory) != test.want[i] || r.Resources.Cores != 3 || r.Attempt != i+2 {
					t.Errorf("attempt %d asks for %+v, want %d bytes", r.Attempt, r.Resources, test.want[i])
				}
				if earlier.Resources != before {
					t.Errorf("attempt %d changed after it was started", earlier.Attempt)
				}
			}
			if n := r.Resources; int64(n.Outgrown) != test.outgrown || n.Starved != (test.outgrown > 0) {
				t.Errorf("at last %+v, want %d bytes outgrown", n, test.outgrown)
			}
		})
	}
}

// A task for which there is no worker is not tried again.
func TestUnfitIsTheEnd(t *testing.T) {
	s, actions := begin(parse(t, two), engine.Options{Run: "r", Retry: engine.Retry{Exceptions: 9, OutOfMemory: 9}})
	again := started(t, engine.Step(s, failedWith(started(t, actions), task.OutOfMemory, "MemoryError")))
	if o := finished(t, engine.Step(s, failedWith(again, task.Unfit, ""))); o.Failure.Message != "no beam" || o.Failure.Cause != task.Unfit {
		t.Errorf("%+v", o)
	}
}

// The delay doubles up to 10 minutes, or stays if the first is longer than that.
// A lost attempt is made again at once.
func TestRetryDelay(t *testing.T) {
	for first, want := range map[time.Duration][]time.Duration{
		0:                {0, 0, 0},
		time.Second:      {time.Second, 2 * time.Second, 4 * time.Second},
		3 * time.Minute:  {3 * time.Minute, 6 * time.Minute, 10 * time.Minute, 10 * time.Minute},
		7 * time.Hour:    {7 * time.Hour, 7 * time.Hour},
		1<<63 - 1:        {1<<63 - 1, 1<<63 - 1},
		time.Microsecond: {time.Microsecond},
	} {
		s, actions := begin(parse(t, two), engine.Options{Run: "r", Retry: engine.Retry{Lost: 100, Exceptions: 100, Delay: first}})
		for i, delay := range want {
			actions = engine.Step(s, failedWith(started(t, actions), task.Exception, "E"))
			if got := actions[0].(engine.Start).After; got != delay {
				t.Errorf("delay %d after the first of %s is %s, want %s", i+1, first, got, delay)
			}
			actions = engine.Step(s, ended(started(t, actions), task.Lost))
			if got := actions[0].(engine.Start).After; got != 0 {
				t.Errorf("a lost attempt is made again after %s", got)
			}
		}
	}
}

// An error is handled once there is no retry left, and told with the number of
// failures if nobody handles it.
func TestRetryBeforeHandler(t *testing.T) {
	wf := parse(t, small(`{"source":"a","target":"h","map_all_data":true,"on_error":true}`, "a", "h"))
	s, actions := begin(wf, engine.Options{Run: "r", Retry: engine.Retry{Exceptions: 1}})
	a := started(t, actions)
	if a.Fatal {
		t.Error("the first failure would end the run")
	}
	a = started(t, engine.Step(s, failedWith(a, task.Exception, "E")))
	if a.Node != "a" || a.Attempt != 2 {
		t.Fatalf("after a failure: %+v", a)
	}
	h := started(t, engine.Step(s, failedWith(a, task.Exception, "E")))
	if h.Node != "h" {
		t.Fatalf("after the last failure: %+v", h)
	}
	if !h.Fatal {
		h = started(t, engine.Step(s, failedWith(h, task.Exception, "E")))
	}
	o := finished(t, engine.Step(s, failedWith(h, task.Exception, "E")))
	if !h.Fatal || o.Failure.Message != "failed 2 times, last: no beam" {
		t.Errorf("fatal %t, %+v", h.Fatal, o)
	}
	if c := s.Counts(); c.Retried != 2 || c.Failed != 2 {
		t.Errorf("counts %+v", c)
	}
}

func TestRetryCheck(t *testing.T) {
	for text, retry := range map[string]engine.Retry{
		"":                {Lost: 1, Exceptions: 2, Timeouts: 3, OutOfMemory: 4, Delay: time.Second},
		"-1 for lost":     {Lost: -1},
		"-2 for timeouts": {Timeouts: -2},
		"delay of -1s":    {Delay: -time.Second},
		"0.5 times":       {Memory: 0.5},
		"NaN times":       {Memory: math.NaN()},
		"1001 times":      {Memory: 1001},
	} {
		err := retry.Check()
		if (err == nil) != (text == "") || err != nil && !strings.Contains(err.Error(), text) {
			t.Errorf("%+v: %v, want %q", retry, err, text)
		}
	}
}
