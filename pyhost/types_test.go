package pyhost_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/pyhost"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// A typeCase is a node and what is to come of it: outputs, as JSON, or an error.
// DIR in texts is the working directory.
type typeCase struct {
	kind, identifier, generator, label string
	inputs                             []task.Named
	want                               string
	// errType is the type of what was raised; errText its text, which is wrapped in
	// the words of ewoks unless it was raised before the execution.
	errType, errText string
	unwrapped        bool
	stdout, stderr   string
	// not are the ways in which the case is different, each with the reason.
	not map[string]string
}

// A way is how a node can be executed.
type way struct {
	python  []string
	context json.RawMessage
}

// The same outcome by the standard library, with and without ewokscore around,
// by ewokscore for each of the reasons to use it, and by ewokscore.execute_graph.
func TestTypes(t *testing.T) {
	dir := taskFolder(t)
	ways := map[string]way{
		"bare":    {bare(t), execInfo("", false, 0)},
		"around":  {withCore(t), nil},
		"unseen":  {withCore(t), execInfo("", false, 0)},
		"options": {withCore(t), object("task_options", map[string]any{"profile_directory": dir + "/profiles"})},
		"hashing": {withCore(t), object("varinfo", map[string]any{"enable_hashing": true})},
		"events":  {withCore(t), execInfo(dir+"/events", false, 0)},
	}
	cases := map[string]typeCase{}
	for _, table := range []map[string]typeCase{methodCases, ppfCases, scriptCases, classCases} {
		maps.Copy(cases, table)
	}
	names := slices.Sorted(maps.Keys(cases))
	for name, w := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := launch(t, pyhost.Options{Python: w.python, Dir: dir})
			var reqs []*task.Request
			for i, n := range names {
				reqs = append(reqs, cases[n].request(uint64(i), w.context))
			}
			p.Submit(reqs)
			for i, r := range collect(t, p, len(names)) {
				c := cases[names[i]]
				if c.not[name] == "" {
					c.check(t, names[i], dir, name == "bare", r)
				}
			}
		})
	}
	t.Run("reference", func(t *testing.T) {
		t.Parallel()
		checkReference(t, dir, names, cases)
	})
}

func (c typeCase) standard() bool {
	return c.kind == "method" || c.kind == "script" || strings.HasPrefix(c.kind, "ppf")
}

func (c typeCase) request(seq uint64, context json.RawMessage) *task.Request {
	return &task.Request{
		ID: task.ID{Run: "r", Seq: seq}, Attempt: 1, Node: "n", Label: c.label, Type: c.kind,
		Identifier: c.identifier, Generator: c.generator, Inputs: c.inputs,
		Wanted: task.Wanted{Show: true}, Context: context,
	}
}

func (c typeCase) check(t *testing.T, name, dir string, bare bool, r task.Result) {
	t.Helper()
	f := r.Failure
	switch {
	case bare && !c.standard():
		want := fmt.Sprintf("task type '%s' needs the Python package ewokscore", c.kind)
		if f.Type != "MissingPackage" || !strings.HasPrefix(f.Message, want) {
			t.Errorf("%s: without ewokscore: %s %s", name, f.Type, f.Message)
		}
		return
	case c.errType != "":
		if want := c.message(dir); f.Type != c.errType || f.Message != want {
			t.Errorf("%s: failed with %s: %s\nwant %s: %s", name, f.Type, f.Message, c.errType, want)
		}
	case r.Status != task.Succeeded:
		t.Errorf("%s: failed with %s\n%s", name, f.Message, f.Traceback)
	default:
		if got := shown(t, r); !reflect.DeepEqual(got, parsed(t, c.want)) {
			t.Errorf("%s: outputs %v, want %s", name, got, c.want)
		}
	}
	if c.stdout+c.stderr != "" && (r.Stdout != c.stdout || r.Stderr != c.stderr) {
		t.Errorf("%s: printed %q and %q", name, r.Stdout, r.Stderr)
	}
}

func (c typeCase) message(dir string) string {
	text := strings.ReplaceAll(c.errText, "DIR", dir)
	if c.unwrapped {
		return text
	}
	label, identifier := "n", c.identifier
	if c.label != "" {
		label = c.label
	}
	if c.kind == "notebook" {
		identifier = "ewokscore.notebooktask.NotebookExecutorTask"
	}
	return fmt.Sprintf("Execution failed for ewoks task '%s' (id: 'n', task: '%s'): %s", label, identifier, text)
}

func shown(t *testing.T, r task.Result) map[string]any {
	t.Helper()
	all := map[string]any{}
	for _, s := range r.Shown {
		all[s.Name] = parsed(t, string(s.JSON))
	}
	return all
}

func parsed(t *testing.T, text string) (v any) {
	t.Helper()
	decode(t, []byte(text), &v)
	return v
}

func checkReference(t *testing.T, dir string, names []string, cases map[string]typeCase) {
	var asked []string
	var q question
	for _, n := range names {
		if cases[n].not["reference"] == "" {
			asked, q.Execute = append(asked, n), append(q.Execute, [2]any{cases[n].graph(), map[string]any{}})
		}
	}
	for i, answer := range reference(t, dir, nil, q).Executed {
		c := cases[asked[i]]
		if e, failed := answer[1].([]any); failed || c.errType != "" {
			if !failed || e[1] != c.message(dir) || c.unwrapped && e[0] != c.errType {
				t.Errorf("%s: ewokscore fails with %v, want %s", asked[i], e, c.message(dir))
			}
			continue
		}
		outputs, _ := answer[0].(map[string]any)
		if !reflect.DeepEqual(outputs["n"], parsed(t, c.want)) {
			t.Errorf("%s: ewokscore gives %v, want %s", asked[i], outputs["n"], c.want)
		}
	}
}

func (c typeCase) graph() map[string]any {
	defaults := []any{}
	for _, in := range c.inputs {
		defaults = append(defaults, map[string]any{"name": in.Name, "value": in.Value.JSON})
	}
	node := map[string]any{"id": "n", "task_type": c.kind, "default_inputs": defaults}
	for key, value := range map[string]string{"task_identifier": c.identifier, "task_generator": c.generator, "label": c.label} {
		if value != "" {
			node[key] = value
		}
	}
	return map[string]any{"graph": map[string]any{"id": "graph"}, "nodes": []any{node}}
}

// inputs are names and JSON texts in turn.
func inputs(pairs ...string) (list []task.Named) {
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, literal(pairs[i], pairs[i+1]))
	}
	return list
}

// A task that wants to end the process fails, and the next one is executed.
func TestExit(t *testing.T) {
	dir := taskFolder(t)
	said := map[string]bool{}
	for _, w := range []way{{bare(t), nil}, {withCore(t), nil}, {withCore(t), execInfo(dir+"/events", false, 0)}} {
		p := launch(t, pyhost.Options{Python: w.python, Dir: dir})
		f := p.execute(t, typeCase{kind: "method", identifier: "plain.leave", inputs: inputs("0", "3")}.request(1, w.context)).Failure
		said[f.Type+": "+f.Message] = true
		if !strings.HasSuffix(f.Message, "the task called sys.exit(3)") {
			t.Errorf("failed with %s", f.Message)
		}
		if r := p.execute(t, typeCase{kind: "method", identifier: "plain.nothing"}.request(2, w.context)); r.Status != task.Succeeded {
			t.Errorf("the next one: %s", r.Failure.Message)
		}
	}
	if len(said) != 1 {
		t.Errorf("failed with %v", said)
	}
}
