package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/history"
	"github.com/ewoks-hpc/ewoks-hpc/report"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// The TestAdversary tests compare what a cluster has recorded with what its tasks
// themselves wrote down, a file for each execution, whatever was done to the cluster
// meanwhile.

// witnessCode are tasks that say what they do in files of their own. A file that has
// no end is of an execution that did not come to it.
const witnessCode = `import json, os, time, uuid
def witness(n, run, seconds=0.0, size=0, go="", **parts):
    job = os.environ.get("SLURM_ARRAY_JOB_ID", "")
    if job:
        job += "_" + os.environ["SLURM_ARRAY_TASK_ID"]
    seen = {"run": run, "node": str(n), "job": job, "pid": os.getpid(), "began": time.time()}
    name = os.path.join("witness", uuid.uuid4().hex)
    save(name, seen)
    end = time.monotonic() + seconds
    while time.monotonic() < end or go and not os.path.exists(go):
        time.sleep(0.02)
    seen["ended"] = time.time()
    save(name, seen)
    return b"x" * size if size else n + sum(p if isinstance(p, int) else len(p) for p in parts.values())
def save(name, seen):
    with open(name + ".tmp", "w") as f:
        json.dump(seen, f)
    os.replace(name + ".tmp", name + ".json")
`

// execution is what one task wrote down of one execution.
type execution struct {
	Run, Node, Job string
	Pid            int
	Began, Ended   float64 // seconds since 1970, Ended is 0 if it did not come to its end
}

// witnessed prepares a folder for workflows of tasks that witness.
func (s *site) witnessed() {
	s.Helper()
	s.write("witness.py", witnessCode)
	if err := os.MkdirAll(filepath.Join(s.dir, "work", "witness"), 0o700); err != nil {
		s.Fatal(err)
	}
}

// witnesses is a workflow of n tasks and one after them, n0 to n<n>. More are further
// inputs of the first n.
func (s *site) witnesses(run string, n int, more string) {
	s.Helper()
	var b strings.Builder
	node := func(i int, more string) {
		fmt.Fprintf(&b, "  - {id: \"%d\", task_type: method, task_identifier: witness.witness, default_inputs: [{name: n, value: %d}, {name: run, value: %s}%s]}\n", i, i, run, more)
	}
	fmt.Fprintf(&b, "graph: {id: %s}\nnodes:\n", run)
	for i := range n {
		node(i, more)
	}
	node(n, "")
	b.WriteString("links:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - {source: \"%d\", target: \"%d\", data_mapping: [{source_output: return_value, target_input: i%d}]}\n", i, n, i)
	}
	s.write(run+".yaml", b.String())
}

// witnessOutput is what run prints for witnesses of n tasks.
func witnessOutput(n int) string { return fmt.Sprintf("{\n  \"return_value\": %d\n}\n", n*(n+1)/2) }

// executions are all that tasks wrote down, by run and node.
func (s *site) executions() map[string][]execution {
	s.Helper()
	found := map[string][]execution{}
	for _, file := range glob(s, filepath.Join(s.dir, "work", "witness", "*.json")) {
		text, err := os.ReadFile(file)
		if err != nil {
			s.Fatal(err)
		}
		var e execution
		if err := json.Unmarshal(text, &e); err != nil {
			s.Fatalf("%s: %v", file, err)
		}
		found[e.Run+" "+e.Node] = append(found[e.Run+" "+e.Node], e)
	}
	return found
}

// begunBy counts the executions of a run that have begun.
func (s *site) begunBy(run string) (n int) {
	for key, list := range s.executions() {
		if strings.HasPrefix(key, run+" ") {
			n += len(list)
		}
	}
	return n
}

// recorded is what a launcher has recorded of one run.
type recorded struct {
	about    report.Description
	attempts map[string][]task.Attempt // by run label and node
}

// records reads what a launcher has recorded of all runs; damaged is what could not
// be read.
func (s *site) records(cluster string) (runs []recorded) {
	s.Helper()
	folder := history.Folder(s.state(cluster, "history"))
	for _, file := range glob(s, s.state(cluster, "history", "*.about")) {
		key := strings.TrimSuffix(filepath.Base(file), ".about")
		if strings.HasPrefix(key, "-") {
			continue
		}
		r := recorded{attempts: map[string][]task.Attempt{}}
		if err := folder.About(key, &r.about); err != nil {
			s.Fatal(err)
		}
		for a, err := range folder.Read(key) {
			if err != nil {
				s.Errorf("records of %s: %v", r.about.Label, err)
				continue
			}
			at := r.about.Label + " " + a.Node
			r.attempts[at] = append(r.attempts[at], a)
		}
		runs = append(runs, r)
	}
	return runs
}

// agree holds the records of a cluster, whose launcher is down or has nothing to do,
// against what tasks wrote down. Records of so many attempts may be missing.
func (s *site) agree(cluster string, missing int) {
	s.Helper()
	seen := s.executions()
	runs := s.records(cluster)
	if len(runs) == 0 {
		s.Error("no run is recorded")
	}
	for _, r := range runs {
		missing -= s.agreeRun(&r, seen)
		s.agreeReport(cluster, &r)
	}
	if missing < 0 {
		s.Errorf("%d more executions than may be are not recorded", -missing)
	}
}

// agreeRun returns how many attempts are not recorded.
func (s *site) agreeRun(r *recorded, seen map[string][]execution) (missing int) {
	s.Helper()
	for _, at := range slices.Sorted(maps.Keys(seen)) {
		if strings.HasPrefix(at, r.about.Label+" ") {
			if n := len(seen[at]) - tries(r.attempts[at]); n > 0 {
				s.Logf("%s: %d executions, recorded are %+v", at, len(seen[at]), r.attempts[at])
				missing += n
			}
		}
	}
	for _, at := range slices.Sorted(maps.Keys(r.attempts)) {
		successes := 0
		for i, a := range r.attempts[at] {
			if slices.ContainsFunc(r.attempts[at][:i], func(b task.Attempt) bool { return b.Number == a.Number && b.Status == a.Status }) {
				s.Errorf("%s: attempt %d is recorded twice: %+v", at, a.Number, r.attempts[at])
			}
			if a.Status == "succeeded" {
				successes++
				if !slices.ContainsFunc(seen[at], func(e execution) bool { return e.is(&a) }) {
					s.Errorf("%s: attempt %+v counts as succeeded, but the executions were %+v", at, a, seen[at])
				}
			}
		}
		if successes > 1 || successes == 0 && r.about.Status == "succeeded" && missing == 0 {
			s.Errorf("%s: %d successes of a run that %s: %+v", at, successes, r.about.Status, r.attempts[at])
		}
	}
	return missing
}

// tries counts attempts. One that counted as lost may have a success besides: the
// worker came back.
func tries(list []task.Attempt) int {
	numbers := map[int]bool{}
	for _, a := range list {
		numbers[a.Number] = true
	}
	return len(numbers)
}

// is says whether a success is this execution.
func (e execution) is(a *task.Attempt) bool {
	began, ended := time.UnixMicro(int64(e.Began*1e6)), time.UnixMicro(int64(e.Ended*1e6))
	const early, late = 2 * time.Second, 20 * time.Millisecond // fetching inputs, rounding
	return e.Ended > 0 && e.Job == a.Job && a.Started.After(began.Add(-early)) && a.Started.Before(began.Add(late)) && !a.Ended.Before(ended.Add(-late))
}

// agreeReport holds the report of a run against its records.
func (s *site) agreeReport(cluster string, r *recorded) {
	s.Helper()
	file := filepath.Join(s.dir, "report.json")
	s.ok("report", r.about.Name, "--cluster", cluster, "--format", "json", "--file", file, "--force")
	text, err := os.ReadFile(file)
	if err != nil {
		s.Fatal(err)
	}
	var d report.Data
	if err := json.Unmarshal(text, &d); err != nil {
		s.Fatal(err)
	}
	attempts, succeeded := 0, 0
	for _, list := range r.attempts {
		for _, a := range list {
			attempts++
			if a.Status == "succeeded" {
				succeeded++
			}
		}
	}
	if d.Totals.Attempts != attempts || d.Totals.Succeeded != succeeded || d.Unreadable > 0 || d.About.Status != r.about.Status {
		s.Errorf("the report of %s has %+v and status %s, the records have %d attempts, %d of them succeeded, and status %s",
			r.about.Label, d.Totals, d.About.Status, attempts, succeeded, r.about.Status)
	}
}

// causes are those of the attempts of a run that did not succeed, with their number.
func (s *site) causes(cluster, run string) map[string]int {
	s.Helper()
	found := map[string]int{}
	for _, r := range s.records(cluster) {
		if r.about.Label != run {
			continue
		}
		for _, list := range r.attempts {
			for _, a := range list {
				if a.Status != "succeeded" {
					found[a.Status+": "+string(a.Failure.Cause)]++
				}
			}
		}
	}
	return found
}
