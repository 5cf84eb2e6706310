package workflow

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// repoRoot walks up to go.mod.
func repoRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the working directory")
		}
		dir = parent
	}
}

// oraclePython is the interpreter that has ewokscore. Without it the test is
// skipped, unless the environment requires it.
func oraclePython(t *testing.T) string {
	t.Helper()
	python := filepath.Join(repoRoot(t), ".venv", "bin", "python")
	out, err := exec.Command(python, "-c", "import ewokscore, importlib.metadata as m; print(m.version('ewokscore'))").CombinedOutput()
	if err == nil {
		t.Logf("comparing with ewokscore %s", bytes.TrimSpace(out))
		return python
	}
	message := fmt.Sprintf("%s cannot import ewokscore, so nothing is compared with it: %v\n%s", python, err, out)
	if os.Getenv("EWOKS_HPC_TEST_PYTHON") == "require" {
		t.Fatal(message)
	}
	t.Skip("SKIPPED, NOT TESTED: " + message)
	return ""
}

// answer is what ewokscore makes of a graph.
type answer struct {
	Error, Message    string
	Source            json.RawMessage
	Dump              json.RawMessage
	Start, End, Order []ID
	Cyclic            bool
	Required          [][3]json.RawMessage
}

// ask sends all requests to one Python process.
func ask(t *testing.T, requests []any) []answer {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), oraclePython(t), filepath.Join("testdata", "oracle.py"))
	cmd.WaitDelay = 5 * time.Second
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	sent := make(chan error, 1)
	go func() {
		encoder := json.NewEncoder(stdin)
		var err error
		for _, r := range requests {
			if err = encoder.Encode(r); err != nil {
				break
			}
		}
		stdin.Close()
		sent <- err
	}()
	answers := make([]answer, 0, len(requests))
	decoder := json.NewDecoder(bufio.NewReader(stdout))
	for {
		var a answer
		err := decoder.Decode(&a)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("answer %d: %v", len(answers), err)
		}
		answers = append(answers, a)
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if len(answers) != len(requests) {
		t.Fatalf("%d answers to %d requests", len(answers), len(requests))
	}
	return answers
}

// sumTask is the class that the generator uses; input "a" is required.
const sumTask = "ewokscore.tests.examples.tasks.sumtask.SumTask"

func TestOracleGeneratedGraphs(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("EWOKS_HPC_TEST_SEED"); text != "" {
		if _, err := fmt.Sscan(text, &seed); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("EWOKS_HPC_TEST_SEED=%d repeats this run", seed)
	gen := &generator{Rand: rand.New(rand.NewPCG(seed, 1))}
	requests := make([]any, 600)
	for i := range requests {
		requests[i] = map[string]any{"source": gen.graph(0)}
	}
	tally := map[string]int{}
	for i, a := range ask(t, requests) {
		outcome := compare(t, i, a)
		tally[outcome]++
		if t.Failed() {
			t.FailNow()
		}
	}
	t.Logf("outcomes: %v", tally)
	if tally["equal"] < len(requests)/4 {
		t.Errorf("only %d of %d graphs were valid: the generator proves too little", tally["equal"], len(requests))
	}
}

// What we write as YAML and JSON files must mean the same to ewokscore.
func TestOracleReadsOurFiles(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	gen := &generator{Rand: rand.New(rand.NewPCG(seed, 3))}
	sources := [][]byte{[]byte(`{"graph":{"id":"yes"},"nodes":[{"id":["on",["1:30","~"]],"task_type":"method","task_identifier":"1e3","default_inputs":[
		{"name":"numbers","value":[1e5,1E-7,1.0,-0.0,12345678901234567890,0]},
		{"name":"off","value":["yes","y","null","2020-01-01","0x1","1_000","a: b","- a","#","","\n x","\u00e9\u2028\ud83d\ude00\u0001","<<","=",".5",".inf","'","\""]},
		{"name":3,"value":{"on":true,"empty":{},"list":[],"<<":{"a":1}}}]}]}`)}
	for len(sources) < 80 {
		source := toJSON(t, gen.graph(0))
		// ewokscore's recursion overflows on some cycles.
		if w, err := Parse(source, LoadOptions{}); err == nil && !w.Cyclic() {
			sources = append(sources, source)
		}
	}
	dir := t.TempDir()
	var requests []any
	var loaded []*Workflow
	for i, source := range sources {
		w := mustParse(t, string(source))
		for extension, text := range map[string]func() ([]byte, error){"json": w.Document, "yaml": w.YAML} {
			data, err := text()
			if err != nil {
				t.Fatal(err)
			}
			requests = append(requests, object{"file": write(t, dir, fmt.Sprintf("%d.%s", i, extension), string(data))})
			loaded = append(loaded, w)
		}
	}
	for i, a := range ask(t, requests) {
		compareDump(func(format string, args ...any) {
			t.Errorf("%v: %s", requests[i], fmt.Sprintf(format, args...))
		}, loaded[i], a.Dump)
	}
}

func TestOracleExampleGraphs(t *testing.T) {
	examples := map[string]struct{ start, end string }{
		"acyclic1":     {"task1 task2", "task6"},
		"acyclic2":     {"task1", "task5 task6"},
		"acyclic3":     {"task1 task2", "task8"},
		"cyclic1":      {"task1", "task7"},
		"demo":         {"task0 task2", "task6"},
		"empty":        {"", ""},
		"self_trigger": {"task1 task2", "task3"},
		"triangle1":    {"task1", "task1 task2 task3"},
	}
	var names []string
	var requests []any
	for name := range examples {
		names = append(names, name)
		requests = append(requests, map[string]any{"example": name})
	}
	for i, a := range ask(t, requests) {
		t.Run(names[i], func(t *testing.T) {
			compare(t, i, a)
			w, err := Parse(a.Source, LoadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			// All example classes but error tasks require "a".
			start := strings.Join(sortedNames(w, w.StartNodes(exampleInputs)), " ")
			end := strings.Join(sortedNames(w, w.EndNodes()), " ")
			if want := examples[names[i]]; start != want.start || end != want.end {
				t.Errorf("start %q end %q, want %q and %q", start, end, want.start, want.end)
			}
		})
	}
}

func exampleInputs(identifier string) ([]string, bool) {
	switch identifier[strings.LastIndexByte(identifier, '.')+1:] {
	case "SumTask", "CondSumTask":
		return []string{"a"}, true
	case "SumList":
		return []string{"list"}, true
	}
	return nil, true
}

func sortedNames(w *Workflow, positions []int) []string {
	names := make([]string, len(positions))
	for i, p := range positions {
		names[i] = w.Nodes[p].Name()
	}
	slices.Sort(names)
	return names
}

func toJSON(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
