package pyhost_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/pyhost"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// A link of a chain: a node, and which output of the one before is which input.
type chained struct {
	kind, identifier string
	inputs           []task.Named
	output, input    string
}

// chain has a node of each type that can be told by its files.
var chain = []chained{
	{kind: "class", identifier: "classes.Sum", inputs: inputs("a", "1", "b", "2")},
	{kind: "class", identifier: "classes.Sum", output: "sum", input: "a"},
	{kind: "method", identifier: "classes.count", inputs: inputs("b", "5"), output: "sum", input: "0"},
	{kind: "script", identifier: "echo", inputs: inputs("_capture_output", "true"), output: "return_value", input: "1"},
	{kind: "ppfmethod", identifier: "classes.ppfcount", inputs: inputs("a", "3"), output: "out", input: "z"},
	{kind: "ppfport", output: "_ppfdict", input: "_ppfdict"},
}

// calls are the executions of the chain that leave a trace.
const calls = "Sum\nSum\ncount\nppfcount\n"

// What is persisted is what ewokscore itself persists: same files, same hashes.
// What is persisted is not executed again, whoever has executed it.
func TestPersistence(t *testing.T) {
	for scheme, uri := range map[string]string{"json": "%s", "nexus": "%s/all.nx::/entry/process"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			dir := taskFolder(t)
			ours, theirs := t.TempDir(), t.TempDir()
			arguments := func(root string) map[string]any {
				return map[string]any{"varinfo": map[string]any{"root_uri": fmt.Sprintf(uri, root), "scheme": scheme}}
			}
			if got := runChain(t, dir, 2, arguments(ours)); got != calls {
				t.Errorf("the first time were executed: %q", got)
			}
			file := filepath.Join(t.TempDir(), "calls")
			q := question{Execute: [][2]any{{chainGraph(), arguments(theirs)}, {chainGraph(), arguments(ours)}}, Trees: []string{ours, theirs}}
			trees := reference(t, dir, []string{"CALLS=" + file}, q).Trees
			if len(trees[1]) < 2*len(chain) || !reflect.DeepEqual(trees[0], trees[1]) {
				t.Errorf("%d files, ewokscore has %d:\n%s", len(trees[0]), len(trees[1]), difference(trees[0], trees[1]))
			}
			if text := read(t, file); text != calls {
				t.Errorf("ewokscore executed %q, want once", text)
			}
			if again := runChain(t, dir, 1, arguments(theirs)); again != "" {
				t.Errorf("executed again: %q", again)
			}
		})
	}
}

// runChain executes the chain in n new interpreters, each task in another one than
// the task before, and returns what was really executed.
func runChain(t *testing.T, dir string, n int, arguments map[string]any) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "calls")
	var pools []*pool
	for range n {
		pools = append(pools, launch(t, pyhost.Options{Python: withCore(t), Dir: dir, Env: environment("CALLS=" + file)}))
	}
	context, err := json.Marshal(arguments)
	if err != nil {
		t.Fatal(err)
	}
	var before []task.Named
	for i, c := range chain {
		r := typeCase{kind: c.kind, identifier: c.identifier, inputs: c.inputs}.request(uint64(i), context)
		r.Node = fmt.Sprint("n", i)
		if i > 0 {
			r.Inputs = append(r.Inputs[:len(r.Inputs):len(r.Inputs)], task.Named{Name: c.input, Value: named(t, before, c.output)})
		}
		result := pools[i%n].execute(t, r)
		if result.Status != task.Succeeded {
			t.Fatalf("node %s: %s\n%s", r.Node, result.Failure.Message, result.Failure.Traceback)
		}
		before = result.Outputs
	}
	for _, p := range pools {
		p.Close()
	}
	return read(t, file)
}

// read gives the content of a file, nothing if there is none.
func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(text)
}

func named(t *testing.T, list []task.Named, name string) task.Value {
	t.Helper()
	for _, n := range list {
		if n.Name == name {
			return n.Value
		}
	}
	t.Fatalf("no output %s", name)
	return task.Value{}
}

// chainGraph is the chain as a workflow.
func chainGraph() map[string]any {
	nodes, links := []any{}, []any{}
	for i, c := range chain {
		node := typeCase{kind: c.kind, identifier: c.identifier, inputs: c.inputs}.graph()["nodes"].([]any)[0].(map[string]any)
		node["id"] = fmt.Sprint("n", i)
		nodes = append(nodes, node)
		if i > 0 {
			links = append(links, map[string]any{
				"source": fmt.Sprint("n", i-1), "target": node["id"],
				"data_mapping": []any{map[string]any{"source_output": c.output, "target_input": c.input}},
			})
		}
	}
	return map[string]any{"graph": map[string]any{"id": "graph"}, "nodes": nodes, "links": links}
}

func difference(got, want map[string]any) string {
	var b strings.Builder
	for name := range maps.Keys(got) {
		if !reflect.DeepEqual(got[name], want[name]) {
			fmt.Fprintf(&b, "ours   %s: %v\n", name, got[name])
		}
	}
	for name := range maps.Keys(want) {
		if !reflect.DeepEqual(got[name], want[name]) {
			fmt.Fprintf(&b, "theirs %s: %v\n", name, want[name])
		}
	}
	return b.String()
}

// A node can be persisted alone; those after it get its value.
func TestPersistenceOfNode(t *testing.T) {
	dir, root := taskFolder(t), t.TempDir()
	p := launch(t, pyhost.Options{Python: withCore(t), Dir: dir})
	r := typeCase{kind: "method", identifier: "classes.count", inputs: inputs("a", "1")}.request(1, nil)
	r.VarInfo = json.RawMessage(fmt.Sprintf(`{"root_uri": %q, "scheme": "json"}`, root))
	value := named(t, p.execute(t, r).Outputs, "return_value")
	if n := len(reference(t, dir, nil, question{Trees: []string{root}}).Trees[0]); n != 2 {
		t.Errorf("%d files are persisted, want the value and the list of outputs", n)
	}
	for i, identifier := range []string{"plain.same", "builtins.str"} {
		after := typeCase{kind: "method", identifier: identifier, inputs: []task.Named{{Name: "0", Value: value}}}.request(uint64(2+i), nil)
		if got := string(p.execute(t, after).Shown[0].JSON); strings.Trim(got, `"`) != "2" {
			t.Errorf("%s was given %s", identifier, got)
		}
	}
}

// A test on an output that is persisted is a test on its value.
func TestConditionsOnPersisted(t *testing.T) {
	dir, root := taskFolder(t), t.TempDir()
	p := launch(t, pyhost.Options{Python: withCore(t), Dir: dir})
	r := typeCase{kind: "class", identifier: "classes.Sum", inputs: inputs("a", "1")}.request(1, object("varinfo", map[string]any{"root_uri": root}))
	two := json.RawMessage(`{"ewoks-hpc:pickle": "SwIu"}`) // pickle.dumps(2, 1) without its header
	r.Else = json.RawMessage(`{"ewoks-hpc:pickle": "SwUu"}`)
	for i, value := range []json.RawMessage{two, json.RawMessage("2.0"), json.RawMessage("3"), r.Else} {
		r.Tests = append(r.Tests, task.Test{Link: i, Conditions: []task.Condition{{Output: "sum", Value: value}}})
	}
	if result := p.execute(t, r); fmt.Sprint(result.Fired) != "[0 1]" {
		t.Errorf("fired %v, want [0 1] %s", result.Fired, result.Failure.Message)
	}
}
