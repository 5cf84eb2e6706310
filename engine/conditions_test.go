package engine_test

import (
	"strings"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

const branching = `{"graph":{"id":"g"},"nodes":[
	{"id":"a","task_type":"method","task_identifier":"m.f"},
	{"id":"yes","task_type":"method","task_identifier":"m.f"},
	{"id":"no","task_type":"method","task_identifier":"m.f"},
	{"id":"oops","task_type":"method","task_identifier":"m.f"}],
	"links":[
	{"source":"a","target":"yes","conditions":[{"source_output":"ok","value":true}]},
	{"source":"a","target":"no","conditions":[{"source_output":"ok","value":false}]},
	{"source":"a","target":"oops","on_error":true,"map_all_data":true}]}`

func TestOnlyFiredLinks(t *testing.T) {
	wf := parse(t, branching)
	s, actions := begin(wf, engine.Options{Run: "r"})
	a := started(t, actions)
	if len(a.Tests) != 2 || a.Fatal || !a.Wanted.Error {
		t.Fatalf("request %+v", a)
	}
	e := ended(a, task.Succeeded)
	e.Result.Fired = []int{a.Tests[1].Link}
	actions = engine.Step(s, e)
	if no := started(t, actions); no.Node != "no" || len(actions) != 1 {
		t.Errorf("started %v", actions)
	}
}

func TestNoBranch(t *testing.T) {
	s, actions := begin(parse(t, branching), engine.Options{Run: "r"})
	if o := finished(t, engine.Step(s, ended(started(t, actions), task.Succeeded))); o.Status != engine.Succeeded || o.Outputs != nil {
		t.Errorf("outcome %+v", o)
	}
}

// An error that a link handles does not end the run; the handler gets it.
func TestHandledError(t *testing.T) {
	s, actions := begin(parse(t, branching), engine.Options{Run: "r"})
	e := ended(started(t, actions), task.Failed)
	e.Result.Failure = task.Failure{Message: "no \"luck\"\n", Traceback: "where"}
	handler := started(t, engine.Step(s, e))
	if handler.Node != "oops" || len(handler.Inputs) != 2 {
		t.Fatalf("handler %+v", handler)
	}
	if text := string(handler.Inputs[0].Value.JSON); handler.Inputs[0].Name != "WorkflowException" || !strings.Contains(text, `no \"luck\"`) {
		t.Errorf("input %s", text)
	}
	if blob := string(handler.Inputs[1].Value.Blobs[0]); !strings.Contains(blob, `no "luck"\u000a`) {
		t.Errorf("exception %q", blob)
	}
	if o := finished(t, engine.Step(s, ended(handler, task.Succeeded))); o.Status != engine.Succeeded {
		t.Errorf("outcome %+v", o)
	}
}

// A task that was skipped because another failed runs again if the run goes on,
// and that does not count as lost.
func TestSkipped(t *testing.T) {
	s, actions := begin(parse(t, two), engine.Options{Run: "r", Retry: engine.Retry{Lost: 0}})
	r := started(t, actions)
	for range 10 {
		r = started(t, engine.Step(s, ended(r, task.Skipped)))
	}
	if s.Counts().Lost != 0 {
		t.Errorf("counts %+v", s.Counts())
	}
}

// A loop of 100,000 iterations costs each iteration the same, and keeps nothing.
func TestLongLoop(t *testing.T) {
	wf := parse(t, `{"graph":{"id":"g"},"nodes":[
		{"id":"a","task_type":"method","task_identifier":"m.f","force_start_node":true},
		{"id":"end","task_type":"method","task_identifier":"m.f"}],"links":[
		{"source":"a","target":"a","conditions":[{"source_output":"go","value":true}],"data_mapping":[{"source_output":"x","target_input":"x"}]},
		{"source":"a","target":"end","conditions":[{"source_output":"go","value":false}],"data_mapping":[{"source_output":"x","target_input":"x"}]}]}`)
	s := engine.New(engine.NewPlan(wf, engine.PlanOptions{Outputs: wf.SelectOutputs(nil), Keep: true}), engine.Options{Run: "r"})
	r := started(t, engine.Step(s, engine.Begin{}))
	kept := 0
	for i := range 100000 {
		e := ended(r, task.Succeeded, task.Named{Name: "x", Value: task.Value{Kind: task.Held, Seq: r.Seq, Output: "x"}})
		kept++
		e.Result.Fired = []int{r.Tests[0].Link}
		if i == 99999 {
			e.Result.Fired = []int{r.Tests[1].Link}
		}
		actions := engine.Step(s, e)
		for _, a := range actions {
			if _, ok := a.(engine.Release); ok {
				kept--
			}
		}
		if r = started(t, actions); kept > 3 {
			t.Fatalf("%d values are kept after %d iterations", kept, i)
		}
	}
	if r.Node != "end" {
		t.Errorf("after the loop: %s", r.Node)
	}
	if o := finished(t, engine.Step(s, ended(r, task.Succeeded))); o.Status != engine.Succeeded || s.Counts().Succeeded != 100001 {
		t.Errorf("%+v, %+v", o, s.Counts())
	}
}
