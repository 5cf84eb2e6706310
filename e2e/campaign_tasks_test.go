package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// studyWorkflow has class tasks of the tests of ewokscore between two of our own,
// which write down what they do.
const studyWorkflow = `graph: {id: study}
nodes:
  - {id: begin, task_type: class, task_identifier: study.Begin}
  - {id: sum, task_type: class, task_identifier: ewokscore.tests.examples.tasks.sumtask.SumTask, default_inputs: [{name: b, value: 5}]}
  - {id: check, task_type: class, task_identifier: ewokscore.tests.examples.tasks.errorsumtask.ErrorSumTask}
  - {id: act, task_type: class, task_identifier: study.Act}
  - {id: end, task_type: class, task_identifier: study.End}
links:
  - {source: begin, target: sum, data_mapping: [{source_output: a, target_input: a}]}
  - {source: sum, target: check, data_mapping: [{source_output: result, target_input: a}]}
  - {source: check, target: act, data_mapping: [{source_output: result, target_input: total}]}
  - {source: act, target: end, data_mapping: [{source_output: total, target_input: total}]}
  - {source: begin, target: end, data_mapping: [{source_output: scan, target_input: scan}]}
`

// studyTasks write down each in a file of its own process. A row is told apart by its
// scan, which is not its place in the table.
const studyTasks = `import json, os, signal, socket, sys, time, uuid
from ewokscore import Task

def note(what, scan):
    env, stamp = os.environ, uuid.uuid4().hex
    job = env["SLURM_ARRAY_JOB_ID"] + "_" + env["SLURM_ARRAY_TASK_ID"]
    line = {"what": what, "scan": scan, "pid": os.getpid(), "job": job, "node": socket.gethostname(), "at": time.time(), "stamp": stamp}
    with open("notes/%d" % os.getpid(), "a") as f:
        f.write(json.dumps(line) + "\n")
    return stamp

class Begin(Task, input_names=["scan", "a"], output_names=["scan", "a"]):
    def run(self):
        note("begin", self.inputs.scan)
        self.outputs.scan, self.outputs.a = self.inputs.scan, self.inputs.a

class Act(Task, input_names=["scan", "kind", "seconds", "total"], output_names=["total"]):
    def run(self):
        scan = self.inputs.scan
        note("act", scan)
        time.sleep(self.inputs.seconds)
        getattr(self, self.inputs.kind)(scan)
        self.outputs.total = self.inputs.total

    def plain(self, scan):
        pass

    def printing(self, scan):
        print("scan", scan, "is fine")
        print("scan", scan, "is bright", file=sys.stderr)

    def once(self, scan):
        try:
            os.mkdir("once-%d" % scan)
        except FileExistsError:
            return
        raise ValueError("only the first time")

    def missing(self, scan):
        open("missing-%d.h5" % scan)

    def hanging(self, scan):
        time.sleep(1000)

    def eating(self, scan):
        food = [bytearray(b"x") * (1 << 26) for _ in range(64)]

    def killing(self, scan):
        os.kill(os.getpid(), signal.SIGSEGV)

class End(Task, input_names=["scan", "total"], output_names=["total", "stamp"]):
    def run(self):
        self.outputs.total, self.outputs.stamp = self.inputs.total, note("end", self.inputs.scan)
`

// note is a line that a task wrote down.
type note struct {
	What, Job, Node, Stamp string
	Scan, Pid              int
	At                     float64
}

// notes are what the tasks wrote down, by scan.
func (s *site) notes() map[int][]note {
	s.Helper()
	byScan := map[int][]note{}
	files, _ := filepath.Glob(filepath.Join(s.dir, "work", "notes", "*"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			s.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			var n note
			if !strings.HasSuffix(line, "\n") { // it is being written
				continue
			}
			if err := json.Unmarshal([]byte(line), &n); err != nil {
				s.Fatalf("%s: %v in %q", file, err, line)
			}
			byScan[n.Scan] = append(byScan[n.Scan], n)
		}
	}
	return byScan
}

// times is how many notes of a kind there are.
func times(list []note, what string) (n int) {
	for i := range list {
		if list[i].What == what {
			n++
		}
	}
	return n
}

// scan is a row of the table.
type scan struct {
	Scan    int     `json:"scan"`
	Kind    string  `json:"kind"`
	A       int     `json:"a"`
	Seconds float64 `json:"seconds"`
	Raise   bool    `json:"raise"`
}

// fate is how rows of a kind end, when nothing but they themselves goes wrong.
type fate struct {
	rows         int
	state        string
	tries        int    // that are not lost
	error, where string // of those that fail
	message      string // is in that of the row, as people see it
}

var fates = map[string]fate{
	"printing": {rows: 25, state: "done", tries: 1},
	"once":     {rows: 15, state: "done", tries: 2, error: "ValueError", where: "act", message: "only the first time"},
	"raising":  {rows: 12, state: "failed", tries: 2, error: "RuntimeError", where: "check", message: "Intentional error"},
	"missing":  {rows: 10, state: "failed", tries: 2, error: "FileNotFoundError", where: "act", message: "No such file or directory"},
	"hanging":  {rows: 2, state: "failed", tries: 2, error: "timeout", where: "act", message: "limit of 12s"},
	"eating":   {rows: 4, state: "failed", tries: 2, error: "out of memory", where: "act", message: "memory"},
	"killing":  {rows: 8, state: "failed", tries: 2, error: "died", where: "act", message: "the Python interpreter ended during the task (signal: segmentation fault)"},
	"plain":    {state: "done", tries: 1}, // the rest
}

// study is a table of n rows in a random order.
func study(random *rand.Rand, n int) []scan {
	var table []scan
	add := func(kind string) {
		table = append(table, scan{Scan: 1000 + len(table), Kind: kind, A: random.IntN(1000), Seconds: float64(random.IntN(200)) / 1000})
		if last := &table[len(table)-1]; kind == "raising" { // the task of ewokscore does it
			last.Raise = true
		}
	}
	for kind, f := range fates {
		for range f.rows {
			add(kind)
		}
	}
	for len(table) < n {
		add("plain")
	}
	random.Shuffle(n, func(i, j int) { table[i], table[j] = table[j], table[i] })
	return table
}

func (s *site) writeStudy(table []scan) {
	s.Helper()
	s.write("study.yaml", studyWorkflow)
	s.write("study.py", studyTasks)
	if err := os.Mkdir(filepath.Join(s.dir, "work", "notes"), 0o700); err != nil {
		s.Fatal(err)
	}
	var lines strings.Builder
	for _, row := range table {
		text, err := json.Marshal(row)
		if err != nil {
			s.Fatal(err)
		}
		fmt.Fprintln(&lines, string(text))
	}
	s.write("study.jsonl", lines.String())
	s.write("study.toml", studyCampaign)
}

const studyCampaign = `name = "study"
workflow = "study.yaml"
table = "study.jsonl"
retries = 1
max_in_flight = 120

[inputs]
scan = ["begin:scan", "act:scan"]
a = "begin:a"
kind = "act:kind"
seconds = "act:seconds"
raise = "check:raise_error"
`
