package pyhost_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/pyhost"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// start gives a pool with the Python found by default, ended with the test.
func start(t testing.TB, o pyhost.Options) *pool {
	t.Helper()
	python, err := pyhost.Find("", os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	o.Python = python
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	results := make(chan []task.Result, 1000)
	if o.OnResults == nil {
		o.OnResults = func(r []task.Result) { results <- r }
	}
	p, err := pyhost.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return &pool{p, results}
}

type pool struct {
	*pyhost.Pool
	results chan []task.Result
}

func method(seq uint64, identifier string, inputs ...task.Named) *task.Request {
	return &task.Request{
		ID: task.ID{Run: "r", Seq: seq}, Attempt: 1, Node: fmt.Sprint("n", seq),
		Type: "method", Identifier: identifier, Inputs: inputs, Wanted: task.Wanted{Show: true},
	}
}

func literal(name, json string) task.Named {
	return task.Named{Name: name, Value: task.Value{Kind: task.Literal, JSON: []byte(json)}}
}

// collect waits for n results.
func collect(t testing.TB, p *pool, n int) map[uint64]task.Result {
	t.Helper()
	found := map[uint64]task.Result{}
	deadline := time.After(30 * time.Second)
	for len(found) < n {
		select {
		case results := <-p.results:
			for _, r := range results {
				if _, twice := found[r.Seq]; twice {
					t.Fatalf("task %d has two results", r.Seq)
				}
				found[r.Seq] = r
			}
		case <-deadline:
			t.Fatalf("%d results of %d within 30 s", len(found), n)
		}
	}
	return found
}

// shapes are the ways to have interpreters; every behaviour holds in each.
var shapes = map[string]pyhost.Options{
	"one":     {},
	"threads": {Threads: 3},
	"spawned": {Processes: 2},
	"forked":  {Processes: 2, Fork: true, Preload: []string{"operator.add"}},
	"mixed":   {Processes: 2, Threads: 2},
}

func each(t *testing.T, f func(t *testing.T, o pyhost.Options)) {
	for name, o := range shapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, o)
		})
	}
}

func TestResult(t *testing.T) {
	each(t, func(t *testing.T, o pyhost.Options) {
		p := start(t, o)
		p.Submit([]*task.Request{method(1, "operator.add", literal("0", "1"), literal("1", "2"))})
		r := collect(t, p, 1)[1]
		if r.Status != task.Succeeded || len(r.Shown) != 1 || string(r.Shown[0].JSON) != "3" {
			t.Errorf("1+2 gave %+v", r)
		}
	})
}

func TestFailure(t *testing.T) {
	each(t, func(t *testing.T, o pyhost.Options) {
		p := start(t, o)
		p.Submit([]*task.Request{method(1, "operator.truediv", literal("0", "1"), literal("1", "0"))})
		f := collect(t, p, 1)[1].Failure
		want := "Execution failed for ewoks task 'n1' (id: 'n1', task: 'operator.truediv'): division by zero"
		if f.Message != want || f.Type != "ZeroDivisionError" || f.Cause != task.Exception {
			t.Errorf("failure is %+v\nwant message %q", f, want)
		}
	})
}

// A crash is an error of the task that crashed, whatever else was going on.
func TestDeath(t *testing.T) {
	each(t, func(t *testing.T, o pyhost.Options) {
		p := start(t, o)
		var reqs []*task.Request
		for seq := range uint64(20) {
			r := method(seq, "operator.neg", literal("0", "1"))
			if seq == 7 {
				r = method(seq, "os._exit", literal("0", "3"))
			}
			reqs = append(reqs, r)
		}
		p.Submit(reqs)
		for seq, r := range collect(t, p, 20) {
			if (seq == 7) != (r.Status == task.Failed) {
				t.Errorf("task %d: status %d, %s", seq, r.Status, r.Failure.Message)
			}
			if seq == 7 && r.Failure.Cause != task.Died {
				t.Errorf("cause %q", r.Failure.Cause)
			}
		}
	})
}

func TestLimit(t *testing.T) {
	each(t, func(t *testing.T, o pyhost.Options) {
		p := start(t, o)
		hung := method(1, "time.sleep", literal("0", "100"))
		hung.Limit = 300 * time.Millisecond
		p.Submit([]*task.Request{hung, method(2, "operator.neg", literal("0", "1"))})
		found := collect(t, p, 2)
		if f := found[1].Failure; f.Cause != task.Timeout || !strings.Contains(f.Message, "300ms") {
			t.Errorf("failure is %+v", f)
		}
		if found[2].Status != task.Succeeded {
			t.Errorf("the other task: %+v", found[2])
		}
	})
}

// A task that waits for nothing but another is begun right after it, and has its
// own result.
func TestFollower(t *testing.T) {
	each(t, func(t *testing.T, o pyhost.Options) {
		p := start(t, o)
		passed := task.Named{Name: "0", Value: task.Value{Kind: task.Passed, Output: "return_value"}}
		first, second, third := method(1, "operator.neg", literal("0", "5")), method(2, "operator.neg", passed), method(3, "operator.truediv", passed, literal("1", "0"))
		first.Then, second.Then, third.Then = second, third, method(4, "operator.neg", passed)
		p.Submit([]*task.Request{first})
		found := collect(t, p, 3)
		if !found[1].Begun || !found[2].Begun || found[3].Begun {
			t.Errorf("begun %t, %t, %t", found[1].Begun, found[2].Begun, found[3].Begun)
		}
		if string(found[2].Shown[0].JSON) != "5" || found[3].Failure.Type != "ZeroDivisionError" {
			t.Errorf("results %+v", found)
		}
		p.Submit([]*task.Request{method(5, "operator.neg", literal("0", "1"))})
		if r := collect(t, p, 1)[5]; r.Status != task.Succeeded {
			t.Errorf("afterwards: %+v", r)
		}
	})
}

// After a long task somebody may want to choose anew what comes next.
func TestNoFollowerAfterLongTask(t *testing.T) {
	p := start(t, pyhost.Options{})
	first := method(1, "time.sleep", literal("0", "0.05"))
	first.Then = method(2, "time.time")
	p.Submit([]*task.Request{first})
	if r := collect(t, p, 1)[1]; r.Begun {
		t.Error("the follower was begun")
	}
}

// What is shown, and what travels inline, is bounded: results must fit messages.
func TestLargeOutputs(t *testing.T) {
	each(t, func(t *testing.T, o pyhost.Options) {
		o.Store = t.TempDir()
		p := start(t, o)
		p.Submit([]*task.Request{
			method(1, "operator.mul", literal("0", `"abc"`), literal("1", "1000000")),
			method(2, "operator.mul", literal("0", `"abc"`), literal("1", "1000")),
		})
		found := collect(t, p, 2)
		if text := string(found[1].Shown[0].JSON); len(text) > 11000 || !strings.Contains(text, `"type": "str"`) {
			t.Errorf("a text of 3 MB is shown in %d bytes", len(text))
		}
		if v := found[1].Outputs[0].Value; v.Kind != task.Stored || v.Size < 3000000 {
			t.Errorf("a text of 3 MB travels as %d", v.Kind)
		}
		if v := found[2].Outputs[0].Value; v.Kind != task.Pickled {
			t.Errorf("a text of 3 KB travels as %d", v.Kind)
		}
		// Another task, in whichever interpreter, reads what was stored.
		p.Submit([]*task.Request{method(3, "builtins.len", task.Named{Name: "0", Value: found[1].Outputs[0].Value})})
		if got := string(collect(t, p, 1)[3].Shown[0].JSON); got != "3000000" {
			t.Errorf("the stored text has length %s", got)
		}
	})
}

func TestPrinted(t *testing.T) {
	each(t, func(t *testing.T, o pyhost.Options) {
		p := start(t, o)
		var reqs []*task.Request
		for seq := range uint64(8) {
			reqs = append(reqs, method(seq, "builtins.print", literal("0", fmt.Sprintf(`"line %d"`, seq))))
		}
		p.Submit(reqs)
		for seq, r := range collect(t, p, 8) {
			if want := fmt.Sprintf("line %d\n", seq); r.Stdout != want || r.Stderr != "" {
				t.Errorf("task %d printed %q and %q, want %q", seq, r.Stdout, r.Stderr, want)
			}
		}
	})
}

func TestCannotStart(t *testing.T) {
	_, err := pyhost.Start(pyhost.Options{Python: []string{"/bin/false"}})
	if err == nil {
		t.Fatal("an interpreter that ends at once was accepted")
	}
	_, err = pyhost.Start(pyhost.Options{Python: []string{"/nowhere/python3"}})
	if err == nil || !strings.Contains(err.Error(), "/nowhere/python3") {
		t.Errorf("error %v", err)
	}
}

func BenchmarkNoop(b *testing.B) {
	for name, o := range shapes {
		b.Run(name, func(b *testing.B) {
			p := start(b, o)
			var reqs []*task.Request
			for seq := range uint64(b.N) {
				r := method(seq, "time.time")
				r.Wanted = task.Wanted{Keep: true}
				reqs = append(reqs, r)
			}
			b.ResetTimer()
			p.Submit(reqs)
			for n := 0; n < b.N; {
				n += len(<-p.results)
			}
		})
	}
}

// BenchmarkHop measures a task that is submitted when the one before it ends.
func BenchmarkHop(b *testing.B) {
	for name, o := range shapes {
		b.Run(name, func(b *testing.B) {
			var p *pyhost.Pool
			done := make(chan struct{})
			seq := uint64(0)
			next := func([]task.Result) {
				if seq++; seq > uint64(b.N) {
					close(done)
					return
				}
				r := method(seq, "time.time")
				r.Wanted = task.Wanted{Keep: true}
				p.Submit([]*task.Request{r})
			}
			o.OnResults = next
			p = start(b, o).Pool
			b.ResetTimer()
			next(nil)
			<-done
		})
	}
}
