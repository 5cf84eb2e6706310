package runner_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/pyhost"
	"github.com/ewoks-hpc/ewoks-hpc/runner"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// wholeCase is a workflow and what is to come of it.
type wholeCase struct {
	nodes, links    string
	inputs, outputs string
	limit           time.Duration
	keepGoing       bool
	// shown are the outputs, "name=JSON" in order.
	shown string
	// node, cause and message are of the failure; message is a part of it.
	node, message  string
	cause          task.Cause
	stdout, stderr string
	steps          string // their nodes; one that failed has a "!"
}

const (
	addA  = `{"id":"a","task_type":"method","task_identifier":"steps.add","default_inputs":[{"name":"a","value":1},{"name":"b","value":1}]}`
	addB  = `{"id":"b","label":"second","task_type":"method","task_identifier":"steps.add","default_inputs":[{"name":"b","value":10}]}`
	addC  = `{"id":"c","task_type":"method","task_identifier":"steps.add","default_inputs":[{"name":"b","value":100}]}`
	three = addA + "," + addB + "," + addC
	told  = `{"id":"told","task_type":"method","task_identifier":"steps.told"}`
)

func link(from, to, more string) string {
	return fmt.Sprintf(`{"source":%q,"target":%q,%s}`, from, to, more)
}

func data(from, to string) string {
	return link(from, to, `"data_mapping":[{"source_output":"return_value","target_input":"a"}]`)
}

func handled(from string) string {
	return link(from, "told", `"on_error":true,"data_mapping":[{"source_output":"WorkflowException","target_input":"error"}]`)
}

func step(id, name, inputs string) string {
	return fmt.Sprintf(`{"id":%q,"task_type":"method","task_identifier":"steps.%s","default_inputs":[%s]}`, id, name, inputs)
}

var (
	chain      = data("a", "b") + "," + data("b", "c")
	wholeCases = map[string]wholeCase{
		"chain":       {nodes: three, links: chain, shown: "return_value=112", steps: "a b c"},
		"no links":    {nodes: three, shown: "return_value=2 return_value=10 return_value=100", steps: "a b c"},
		"input by id": {nodes: three, links: chain, inputs: `[{"id":"b","name":"b","value":5}]`, shown: "return_value=107", steps: "a b c"},
		"input by label": {
			nodes: three, links: chain, inputs: `[{"label":"second","task_identifier":"steps.add","name":"b","value":7}]`, shown: "return_value=109", steps: "a b c",
		},
		"input to all":   {nodes: three, links: chain, inputs: `[{"all":true,"name":"b","value":2}]`, shown: "return_value=7", steps: "a b c"},
		"input to start": {nodes: three, links: chain, inputs: `[{"name":"a","value":1000}]`, shown: "return_value=1111", steps: "a b c"},
		"outputs":        {nodes: three, links: chain, outputs: `[{"node":0,"name":"return_value","as":"first"},{"node":2,"name":"return_value","as":"last"}]`, shown: "first=2 last=112", steps: "a b c"},
		"no outputs":     {nodes: three, links: chain, outputs: `[]`, steps: "a b c"},
		"condition": {
			nodes: three,
			links: link("a", "b", `"conditions":[{"source_output":"return_value","value":2}]`) + "," + link("a", "c", `"conditions":[{"source_output":"return_value","value":3}]`),
			shown: "return_value=10", steps: "a b",
		},
		"loop": {
			nodes: `{"id":"step","task_type":"ppfmethod","task_identifier":"steps.count","force_start_node":true},{"id":"again","task_type":"ppfport"},{"id":"done","task_type":"ppfport"}`,
			links: link("step", "again", `"map_all_data":true,"conditions":[{"source_output":"more","value":true}]`) + "," + link("again", "step", `"map_all_data":true`) + "," +
				link("step", "done", `"map_all_data":true,"conditions":[{"source_output":"more","value":false}]`),
			inputs: `[{"id":"step","name":"limit","value":3}]`,
			shown:  `_ppfdict={"limit": 3, "x": 3, "more": false}`, steps: "step again step again step done",
		},
		"failure": {
			nodes: addA + "," + step("bad", "fail", "") + "," + addC, links: data("a", "bad") + "," + data("bad", "c"),
			node: "bad", cause: task.Exception, message: "no 2", steps: "a bad!",
		},
		"failure that is handled": {
			nodes: addA + "," + step("bad", "fail", "") + "," + told, links: data("a", "bad") + "," + handled("bad"),
			shown: `return_value="Execution failed for ewoks task 'bad' (id: 'bad', task: 'steps.fail'): no 2"`, steps: "a bad! told",
		},
		"crash": {
			nodes: addA + "," + step("bad", "crash", ""), links: data("a", "bad"),
			node: "bad", cause: task.Died, message: "exit status 3", steps: "a bad!",
		},
		"crash that is handled": {
			nodes: step("bad", "crash", "") + "," + told, links: handled("bad"),
			shown: `return_value="Execution failed for ewoks task 'bad' (id: 'bad', task: 'steps.crash'): the Python interpreter ended during the task (exit status 3)"`, steps: "bad! told",
		},
		"no memory": {nodes: step("bad", "exhaust", ""), node: "bad", cause: task.OutOfMemory, message: "none left", steps: "bad!"},
		"time of a task": {
			nodes: addA + "," + step("slow", "sleep", `{"name":"seconds","value":100}`), links: data("a", "slow"), limit: 200 * time.Millisecond,
			node: "slow", cause: task.Timeout, message: "200ms", steps: "a slow!",
		},
		"an output that is not there": {
			nodes: addA + "," + addB, links: link("a", "b", `"data_mapping":[{"source_output":"other","target_input":"a"}]`),
			node: "a", cause: task.Exception, message: "'other' is not an output variable", steps: "a",
		},
		"goes on": {
			nodes: step("bad", "fail", "") + "," + addA + "," + addB, links: data("a", "b"), keepGoing: true,
			shown: "return_value=12", steps: "bad! a b",
		},
		"goes on, for nothing": {
			nodes: step("bad", "fail", "") + "," + addA, links: data("bad", "a"), keepGoing: true,
			node: "bad", cause: task.Exception, message: "no 0", steps: "bad!",
		},
		"prints": {
			nodes: step("p", "say", `{"name":"text","value":"x"}`) + "," + step("q", "say", `{"name":"text","value":"y"}`), links: link("p", "q", `"required":true`),
			shown: `return_value="y"`, steps: "p q",
			stdout: "[p] one x\n[p] two x\n[q] one y\n[q] two y\n", stderr: "[p] three x\n[q] three y\n",
		},
	}
)

func (c wholeCase) document() string {
	return fmt.Sprintf(`{"graph":{"id":"g"},"nodes":[%s],"links":[%s]}`, c.nodes, c.links)
}

// A run as a whole ends as the same run does with the sequential scheduler, and as the
// table says; all share an interpreter as long as it lives.
func TestWhole(t *testing.T) {
	x := startWhole(t, 1, "")
	for name, c := range wholeCases {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			w := task.Whole{Inputs: json.RawMessage(c.inputs), Outputs: json.RawMessage(c.outputs), Limit: c.limit, KeepGoing: c.keepGoing}
			if c.inputs == "" {
				w.Inputs = nil
			}
			if c.outputs == "" {
				w.Outputs = nil
			}
			r := x.execute(c.document(), w)
			c.check(t, r, begun)
			compare(t, r, c.sequential(t))
		})
	}
	if started := int(x.starts.Load()); started > 5 {
		t.Errorf("%d interpreters were started, want one, and one after each that ended", started)
	}
}

func (c wholeCase) check(t *testing.T, r task.Result, begun time.Time) {
	t.Helper()
	var shown, steps []string
	for _, s := range r.Shown {
		shown = append(shown, s.Name+"="+string(s.JSON))
	}
	for _, s := range r.Steps {
		name := s.Node
		if s.Failed {
			name += "!"
		}
		steps = append(steps, name)
		if s.After < 0 || s.After+s.Duration > r.Duration {
			t.Errorf("step %+v of a run of %s", s, r.Duration)
		}
	}
	if got := strings.Join(shown, " "); got != c.shown {
		t.Errorf("outputs %s\nwant %s", got, c.shown)
	}
	if got := strings.Join(steps, " "); got != c.steps {
		t.Errorf("steps %q, want %q", got, c.steps)
	}
	if r.Failure.Cause != c.cause || r.Failure.Node != c.node || !strings.Contains(r.Failure.Message, c.message) || (r.Status == task.Failed) != (c.cause != "") {
		t.Errorf("status %s, failure %+v", r.Status, r.Failure)
	}
	if r.Stdout != c.stdout || r.Stderr != c.stderr {
		t.Errorf("printed %q and %q", r.Stdout, r.Stderr)
	}
	if r.Started.Before(begun) || r.Started.Add(r.Duration).After(time.Now()) || r.Duration <= 0 {
		t.Errorf("started at %s for %s, submitted at %s", r.Started, r.Duration, begun)
	}
}

// sequential runs the workflow as `run` does.
func (c wholeCase) sequential(t *testing.T) engine.Outcome {
	t.Helper()
	wf := new(workflow.Workflow)
	if err := wf.UnmarshalJSON([]byte(c.document())); err != nil {
		t.Fatal(err)
	}
	if c.inputs != "" {
		var inputs []workflow.GraphInput
		if err := json.Unmarshal([]byte(c.inputs), &inputs); err != nil {
			t.Fatal(err)
		}
		if err := wf.ApplyInputs(inputs, nil); err != nil {
			t.Fatal(err)
		}
	}
	selected := wf.SelectOutputs(nil)
	if c.outputs != "" {
		var outputs []task.SelectedOutput
		if err := json.Unmarshal([]byte(c.outputs), &outputs); err != nil {
			t.Fatal(err)
		}
		selected = nil
		for _, o := range outputs {
			selected = append(selected, workflow.Selected{Node: o.Node, Name: workflow.Arg(o.Name), As: o.As})
		}
	}
	plan := engine.NewPlan(wf, engine.PlanOptions{Outputs: selected, Keep: true})
	run := runner.New(engine.New(plan, engine.Options{Run: "s", Limit: c.limit, Strict: true, KeepGoing: c.keepGoing}), nil)
	o := options(t, "")
	o.Store, o.OnResults = t.TempDir(), run.OnResults
	pool, err := pyhost.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	return run.Run(t.Context(), pool)
}

func compare(t *testing.T, r task.Result, o engine.Outcome) {
	t.Helper()
	if (r.Status == task.Succeeded) != (o.Status == engine.Succeeded) {
		t.Errorf("%s as a whole, %s in sequence", r.Status, o.Status)
	}
	failure := r.Failure
	failure.Node = ""
	if failure != o.Failure || r.Failure.Node != o.Node {
		t.Errorf("failure as a whole %+v\nin sequence %+v of %s", r.Failure, o.Failure, o.Node)
	}
	var whole, sequence []string
	for _, s := range r.Shown {
		whole = append(whole, s.Name+"="+string(s.JSON))
	}
	for _, s := range o.Outputs {
		if s.Name != "" {
			sequence = append(sequence, s.Name+"="+s.Shown)
		}
	}
	if fmt.Sprint(whole) != fmt.Sprint(sequence) {
		t.Errorf("outputs as a whole %v\nin sequence %v", whole, sequence)
	}
}

// Runs of other people's making are refused, and nothing outside the store is read.
func TestWholeRefusals(t *testing.T) {
	x := startWhole(t, 1, "")
	good := wholeCase{nodes: three, links: chain}.document()
	id := x.keep(good)
	forged := task.DocumentIdentifier([]byte("x"))
	x.write(forged, good)
	text := "no workflow"
	for name, c := range map[string]struct {
		id   string
		w    task.Whole
		want string
	}{
		"forged":         {forged, task.Whole{}, "not what its name says"},
		"not there":      {strings.Repeat("a", 64), task.Whole{}, "no such file"},
		"a path":         {"../../" + id, task.Whole{}, "not the identifier"},
		"in capitals":    {strings.ToUpper(id), task.Whole{}, "not the identifier"},
		"no workflow":    {x.keep(text), task.Whole{}, "workflow document"},
		"no such node":   {id, task.Whole{Inputs: json.RawMessage(`[{"id":"z","name":"a","value":1}]`)}, `no node with the id "z"`},
		"no inputs":      {id, task.Whole{Inputs: json.RawMessage(`{"a":1}`)}, "inputs of the run"},
		"no such output": {id, task.Whole{Outputs: json.RawMessage(`[{"node":3}]`)}, "node number 3, of 3"},
		"negative limit": {id, task.Whole{Limit: -1}, "limit"},
	} {
		x.Submit([]*task.Request{x.request(1, c.id, c.w)})
		r := x.collect(1)[0]
		if r.Status != task.Failed || r.Failure.Cause != task.Exception || !strings.Contains(r.Failure.Message, c.want) {
			t.Errorf("%s: %s %+v, want %q", name, r.Status, r.Failure, c.want)
		}
	}
	bare := x.request(1, id, task.Whole{})
	bare.Inputs = nil
	x.Submit([]*task.Request{bare})
	if r := x.collect(1)[0]; !strings.Contains(r.Failure.Message, "no input") {
		t.Errorf("without input: %+v", r.Failure)
	}
	x.Submit([]*task.Request{x.request(1, id, task.Whole{})})
	if r := x.collect(1)[0]; r.Status != task.Succeeded {
		t.Errorf("afterwards: %+v", r.Failure)
	}
}

// An executor that cannot start interpreters says why, for each run.
func TestWholeCannotStart(t *testing.T) {
	var mu sync.Mutex
	var got []task.Result
	all := make(chan struct{})
	store := t.TempDir()
	w := runner.NewWhole(runner.WholeOptions{
		Lanes: 2, Store: store,
		OnResults: func(results []task.Result) {
			mu.Lock()
			defer mu.Unlock()
			if got = append(got, results...); len(got) == 3 {
				close(all)
			}
		},
		Start: func(func([]task.Result)) (runner.Interpreter, error) {
			return pyhost.Start(pyhost.Options{Python: []string{"/nowhere/python3"}})
		},
	})
	defer w.Close()
	x := &executor{t: t}
	w.Submit([]*task.Request{x.request(1, "", task.Whole{}), x.request(2, "", task.Whole{}), x.request(3, "", task.Whole{})})
	select {
	case <-all:
	case <-time.After(30 * time.Second):
		t.Fatal("no results")
	}
	for _, r := range got {
		if r.Status != task.Failed || r.Failure.Cause != task.Died || !strings.Contains(r.Failure.Message, "/nowhere/python3") {
			t.Errorf("%+v", r)
		}
	}
}
