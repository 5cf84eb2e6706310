package pyhost_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
	"github.com/ewoks-hpc/ewoks-hpc/pyhost"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// This file: what the tests of task types have in common.

// withCore is the command of a Python that has ewokscore, bare that of one that
// has nothing but the standard library.
func withCore(t testing.TB) []string {
	return []string{filepath.Join(ewokstest.Venv(t), "bin", "python3")}
}

func bare(t testing.TB) []string { return append(withCore(t), "-S") }

// taskFolder is a new directory with the modules of testdata/types.
func taskFolder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/types")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "shebang.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// environment is that of this process with more variables. Sets have one order:
// ewokscore lists outputs in that of a set.
func environment(more ...string) []string {
	return append(append(os.Environ(), "PYTHONHASHSEED=0"), more...)
}

// launch gives a pool with this Python, ended with the test.
func launch(t testing.TB, o pyhost.Options) *pool {
	t.Helper()
	results := make(chan []task.Result, 1000)
	o.OnResults = func(r []task.Result) { results <- r }
	if o.Env == nil {
		o.Env = environment()
	}
	p, err := pyhost.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return &pool{p, results}
}

// execute gives the result of one request.
func (p *pool) execute(t testing.TB, r *task.Request) task.Result {
	t.Helper()
	p.Submit([]*task.Request{r})
	return collect(t, p, 1)[r.Seq]
}

// object builds JSON from names and values in turn.
func object(pairs ...any) json.RawMessage {
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // of a test's own making
	}
	return b
}

// execInfo is what the tasks of a run are told about it; its events go to a file,
// if there is one.
func execInfo(file string, asynchronous bool, delay float64) json.RawMessage {
	info := map[string]any{"job_id": "job", "workflow_id": "graph", "engine": "ewoks-hpc"}
	if file != "" {
		info["handlers"] = []any{map[string]any{
			"class": "classes.Lines", "asynchronous": asynchronous,
			"arguments": []any{
				map[string]any{"name": "path", "value": file},
				map[string]any{"name": "delay", "value": delay},
			},
		}}
	}
	return object("execinfo", info)
}

// event is what is compared of an ewoks event.
type event struct {
	Context    string `json:"context"`
	Type       string `json:"type"`
	Node       string `json:"node_id"`
	Task       string `json:"task_id"`
	Job        string `json:"job_id"`
	Workflow   string `json:"workflow_id"`
	Engine     string `json:"engine"`
	Error      *bool  `json:"error"`
	Message    string `json:"error_message"`
	Process    int    `json:"process_id"`
	InputURIs  []any  `json:"input_uris"`
	OutputURIs []any  `json:"output_uris"`
}

// events reads what classes.Lines has written.
func events(t testing.TB, file string) (list []event) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		var e event
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

// question is what testdata/types/reference.py is asked: to execute graphs with
// arguments of execute_graph, then to list what is persisted in directories.
type question struct {
	Execute [][2]any `json:"execute"`
	Trees   []string `json:"trees"`
	Answer  string   `json:"answer"`
}

type answer struct {
	// Executed are the outputs by node, or the type and text of an error.
	Executed [][2]any         `json:"executed"`
	Trees    []map[string]any `json:"trees"`
}

// reference asks ewokscore itself, in a directory with the modules.
func reference(t testing.TB, dir string, env []string, q question) (a answer) {
	t.Helper()
	q.Answer = filepath.Join(t.TempDir(), "answer.json")
	if q.Execute == nil {
		q.Execute = [][2]any{}
	}
	if q.Trees == nil {
		q.Trees = []string{}
	}
	text, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(withCore(t)[0], "reference.py")
	cmd.Dir, cmd.Stdin, cmd.Env = dir, bytes.NewReader(text), environment(env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("reference.py: %v\n%s", err, out)
	}
	if text, err = os.ReadFile(q.Answer); err != nil {
		t.Fatal(err)
	}
	decode(t, text, &a)
	if len(a.Executed) != len(q.Execute) || len(a.Trees) != len(q.Trees) {
		t.Fatalf("%d and %d answers to %d and %d questions", len(a.Executed), len(a.Trees), len(q.Execute), len(q.Trees))
	}
	return a
}

func decode(t testing.TB, text []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}
