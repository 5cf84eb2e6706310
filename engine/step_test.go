package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

func parse(t testing.TB, doc string) *workflow.Workflow {
	t.Helper()
	wf, err := workflow.Parse([]byte(doc), workflow.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return wf
}

func begin(wf *workflow.Workflow, o engine.Options) (*engine.State, []engine.Action) {
	s := engine.New(engine.NewPlan(wf, engine.PlanOptions{Outputs: wf.SelectOutputs(nil)}), o)
	return s, engine.Step(s, engine.Begin{})
}

const two = `{"graph":{"id":"g"},"nodes":[
	{"id":"a","task_type":"method","task_identifier":"m.f","default_inputs":[{"name":0,"value":1}]},
	{"id":"b","label":"B","task_type":"method","task_identifier":"m.g","default_inputs":[{"name":"y","value":2},{"name":"z","value":3}]}],
	"links":[{"source":"a","target":"b","data_mapping":[{"source_output":"return_value","target_input":"y"}]}]}`

func started(t testing.TB, actions []engine.Action) *task.Request {
	t.Helper()
	for _, a := range actions {
		if s, ok := a.(engine.Start); ok {
			return s.Request
		}
	}
	t.Fatalf("nothing was started: %v", actions)
	return nil
}

func finished(t testing.TB, actions []engine.Action) engine.Outcome {
	t.Helper()
	if len(actions) > 0 {
		if f, ok := actions[len(actions)-1].(engine.Finish); ok {
			return f.Outcome
		}
	}
	t.Fatalf("the run did not end: %v", actions)
	return engine.Outcome{}
}

func ended(r *task.Request, status task.Status, outputs ...task.Named) engine.Ended {
	return engine.Ended{Result: task.Result{ID: r.ID, Attempt: r.Attempt, Status: status, Outputs: outputs}}
}

func pickled(name, data string) task.Named {
	return task.Named{Name: name, Value: task.Value{Kind: task.Pickled, Blobs: [][]byte{[]byte(data)}}}
}

func TestDataOverLink(t *testing.T) {
	s, actions := begin(parse(t, two), engine.Options{Run: "r"})
	a := started(t, actions)
	b := started(t, engine.Step(s, ended(a, task.Succeeded, pickled("return_value", "made by a"))))
	var got []string
	for _, in := range b.Inputs {
		got = append(got, fmt.Sprintf("%s=%s%s", in.Name, in.Value.JSON, strings.Join(text(in.Value.Blobs), "")))
	}
	if want := "y=made by a z=3"; strings.Join(got, " ") != want {
		t.Errorf("inputs %v, want %s", got, want)
	}
	if b.Node != "b" || b.Label != "B" || b.Type != "method" || b.Identifier != "m.g" || !b.Wanted.Show || !b.Wanted.None {
		t.Errorf("request %+v", b)
	}
}

func text(blobs [][]byte) (list []string) {
	for _, b := range blobs {
		list = append(list, string(b))
	}
	return list
}

func TestUnknownOutput(t *testing.T) {
	s, actions := begin(parse(t, two), engine.Options{Run: "r"})
	o := finished(t, engine.Step(s, ended(started(t, actions), task.Succeeded, pickled("other", ""))))
	want := "'return_value' is not an output variable of the source node (Link 'a' -> 'b')"
	if o.Status != engine.Failed || o.Failure.Message != want {
		t.Errorf("outcome %+v, want %q", o, want)
	}
}

func TestFailureEndsRun(t *testing.T) {
	wf := parse(t, strings.Replace(two, `{"source":"a","target":"b","data_mapping":[{"source_output":"return_value","target_input":"y"}]}`, "", 1))
	s, actions := begin(wf, engine.Options{Run: "r"})
	if len(actions) != 2 {
		t.Fatalf("two independent nodes gave %v", actions)
	}
	actions = engine.Step(s, ended(started(t, actions), task.Failed))
	if _, ok := actions[0].(engine.Stop); !ok {
		t.Errorf("the other task was not stopped: %v", actions)
	}
	if o := finished(t, actions); o.Status != engine.Failed || o.Node != "a" {
		t.Errorf("outcome %+v", o)
	}
}

func TestLost(t *testing.T) {
	s, actions := begin(parse(t, two), engine.Options{Run: "r", Retry: engine.Retry{Lost: 2}})
	first := started(t, actions)
	second := started(t, engine.Step(s, ended(first, task.Lost)))
	if second.Attempt != 2 || second.ID != first.ID {
		t.Fatalf("after a loss: %+v", second)
	}
	if actions := engine.Step(s, ended(first, task.Lost)); actions != nil {
		t.Errorf("the first attempt was lost twice: %v", actions)
	}
	if actions := engine.Step(s, ended(first, task.Failed)); actions != nil {
		t.Errorf("a failure of an attempt that is not the current one counted: %v", actions)
	}
	third := started(t, engine.Step(s, ended(second, task.Lost)))
	// The first durable success counts, whichever attempt it is of.
	actions = engine.Step(s, ended(first, task.Succeeded, pickled("return_value", "")))
	if stop, ok := actions[0].(engine.Stop); !ok || stop.ID != third.ID {
		t.Errorf("the third attempt is not stopped: %v", actions)
	}
	b := started(t, actions)
	if actions := engine.Step(s, ended(third, task.Succeeded, pickled("return_value", ""))); actions != nil {
		t.Errorf("a second success counted: %v", actions)
	}
	for range 2 {
		b = started(t, engine.Step(s, ended(b, task.Lost)))
	}
	if o := finished(t, engine.Step(s, ended(b, task.Lost))); o.Status != engine.Failed || !strings.Contains(o.Failure.Message, "lost 3 times") {
		t.Errorf("after too many losses: %+v", o)
	}
}

func TestEmpty(t *testing.T) {
	_, actions := begin(parse(t, "{}"), engine.Options{Run: "r"})
	if o := finished(t, actions); o.Status != engine.Succeeded || o.Outputs != nil {
		t.Errorf("outcome of the empty graph: %+v", o)
	}
}

// TestLinear notices when the cost of a task grows with the graph: a graph that
// is ten times as large may then not be run within the time of the test.
func TestLinear(t *testing.T) {
	for _, graph := range []string{chain(20000), star(50000)} {
		s, actions := begin(parse(t, graph), engine.Options{Run: "r"})
		for len(actions) > 0 {
			var next []engine.Action
			for _, a := range actions {
				if start, ok := a.(engine.Start); ok {
					next = append(next, engine.Step(s, ended(start.Request, task.Succeeded, pickled("x", "")))...)
				}
			}
			actions = next
		}
		if s.Outcome().Status != engine.Succeeded {
			t.Errorf("outcome %+v", s.Outcome())
		}
	}
}

func node(i int) string {
	return fmt.Sprintf(`{"id":"n%d","task_type":"method","task_identifier":"m.f"}`, i)
}

func graph(nodes int, link func(i int) (source, target int)) string {
	var n, l []string
	for i := range nodes {
		n = append(n, node(i))
		if i > 0 {
			source, target := link(i)
			l = append(l, fmt.Sprintf(`{"source":"n%d","target":"n%d","data_mapping":[{"source_output":"x","target_input":"from%d"}]}`, source, target, source))
		}
	}
	return fmt.Sprintf(`{"graph":{"id":"g"},"nodes":[%s],"links":[%s]}`, strings.Join(n, ","), strings.Join(l, ","))
}

func chain(n int) string { return graph(n, func(i int) (int, int) { return i - 1, i }) }

// star is many nodes that all feed one.
func star(n int) string { return graph(n, func(i int) (int, int) { return i, 0 }) }

func TestKeepGoing(t *testing.T) {
	apart := strings.Replace(two, `{"source":"a","target":"b","data_mapping":[{"source_output":"return_value","target_input":"y"}]}`, "", 1)
	for _, test := range []struct {
		name, doc string
		fails     []string
		want      engine.Status
	}{
		{"an end node has ended", apart, []string{"a"}, engine.Succeeded},
		{"no end node has ended", apart, []string{"b", "a"}, engine.Failed},
		{"nothing else can be executed", two, []string{"a"}, engine.Failed},
	} {
		s, actions := begin(parse(t, test.doc), engine.Options{Run: "r", KeepGoing: true})
		for len(actions) > 0 {
			start, ok := actions[0].(engine.Start)
			if !ok {
				break
			}
			if start.Request.Fatal {
				t.Errorf("%s: the failure of %s would keep others from being executed", test.name, start.Request.Node)
			}
			event := ended(start.Request, task.Succeeded)
			if slices.Contains(test.fails, start.Request.Node) {
				event = ended(start.Request, task.Failed)
				event.Result.Failure.Message = "failed " + start.Request.Node
			}
			actions = append(actions[1:], engine.Step(s, event)...)
		}
		o := finished(t, actions)
		if o.Status != test.want {
			t.Errorf("%s: %+v, want %s", test.name, o, test.want)
		}
		if first := test.fails[0]; o.Status == engine.Failed && first == "a" && o.Node != "a" {
			t.Errorf("%s: the error is that of %s", test.name, o.Node)
		}
	}
}

func TestValues(t *testing.T) {
	wf := parse(t, two)
	plan := engine.NewPlan(wf, engine.PlanOptions{Outputs: wf.SelectOutputs([]workflow.OutputSelector{{Selector: workflow.Selector{All: true}}}), Values: true})
	s := engine.New(plan, engine.Options{Run: "r"})
	a := started(t, engine.Step(s, engine.Begin{}))
	if a.Wanted.Show || a.Wanted.None || !a.Wanted.Error {
		t.Errorf("wanted %+v", a.Wanted)
	}
	stored := task.Named{Name: "return_value", Value: task.Value{Kind: task.Stored, Path: "a"}}
	actions := engine.Step(s, ended(a, task.Succeeded, stored, task.Named{Name: "unset"}))
	b := started(t, actions)
	actions = engine.Step(s, ended(b, task.Succeeded, pickled("return_value", "b")))
	for _, action := range actions {
		if r, ok := action.(engine.Release); ok {
			t.Errorf("an output of the run was released: %+v", r)
		}
	}
	o := finished(t, actions)
	if len(o.Outputs) != 2 || o.Outputs[0].Path != "a" || o.Outputs[0].Position != 0 || string(o.Outputs[1].Blobs[0]) != "b" || o.Outputs[1].Position != 1 {
		t.Errorf("outputs %+v", o.Outputs)
	}
	s = engine.New(plan, engine.Options{Run: "r"})
	a = started(t, engine.Step(s, engine.Begin{}))
	o = finished(t, engine.Step(s, ended(a, task.Failed, pickled("WorkflowExceptionInstance", "error"))))
	if o.Status != engine.Failed || string(o.Exception.Blobs[0]) != "error" {
		t.Errorf("outcome %+v", o)
	}
}
