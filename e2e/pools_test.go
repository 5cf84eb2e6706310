package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/slurm/slurmtest"
)

// Pools, resources and walltimes on a Slurm whose nodes have a GPU each.
func TestPools(t *testing.T) {
	t.Parallel()
	slurm := slurmtest.Start(t, slurmtest.Options{Nodes: 3, CPUs: 8})
	for name, test := range map[string]func(*site){
		"routing": routing, "several --pool": severalPools, "nodes": severalNodes, "walltime": walltime, "given back": givenBack,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(newSite(t, slurm))
		})
	}
}

const poolsFile = `[pool.cpu]
cores = 4
memory = "400MB"
walltime = "00:10:00"

[pool.gpu]
queue = "gpu"
gres = "gpu:1"
cores = 2
walltime = "00:10:00"
min_jobs = 0
max_jobs = 1

[[route]]
node = "*_gpu"
pool = "gpu"
`

const lookModule = `import os
def look():
    return [os.environ[name] if name in os.environ else "" for name in ("SLURM_JOB_PARTITION", "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES")]
`

const lookWorkflow = `graph: {id: look}
nodes:
  - {id: plain, task_type: method, task_identifier: look.look}
  - {id: wide, task_type: method, task_identifier: look.look, resources: {cores: 3, memory: 300MB}}
  - {id: by_name_gpu, task_type: method, task_identifier: look.look}
  - {id: asks, task_type: method, task_identifier: look.look, resources: {gpus: 1, time_limit: "00:05:00"}}
`

// Tasks go to the pool that a rule or what they ask for says, and see what is theirs.
func routing(s *site) {
	s.write("ewoks-hpc.toml", poolsFile)
	s.write("look.py", lookModule)
	s.write("look.yaml", lookWorkflow)
	up := s.ok("up", "--cluster", "routed", "--detach", poll)
	for _, want := range []string{"pool cpu  1 Slurm job submitted, 4 tasks at a time each", "pool gpu  0 to 1 Slurm job, as tasks need them, 1 task at a time each"} {
		if !strings.Contains(up, want) {
			s.Errorf("up does not say %q:\n%s", want, up)
		}
	}
	if jobs := s.queue("routed"); len(jobs) != 1 {
		s.Errorf("without tasks there are %v", jobs)
	}
	var seen map[string]map[string][]string
	if err := json.Unmarshal([]byte(s.ok("run", "look.yaml", "--cluster", "routed", "--no-merge-outputs")), &seen); err != nil {
		s.Fatal(err)
	}
	for node, want := range map[string][]string{
		"plain": {"debug", "1", ""}, "wide": {"debug", "3", ""}, "by_name_gpu": {"gpu", "2", "0"}, "asks": {"gpu", "2", "0"},
	} {
		if got := seen[node]["return_value"]; !slices.Equal(got, want) {
			s.Errorf("node %s sees %q, want %q", node, got, want)
		}
	}
	text := s.ok("status", "--cluster", "routed")
	for _, want := range []string{"pool cpu: jobs 1 (1 wanted), 4 slots each", "pool gpu: jobs 1 (adapts between 0 and 1), 1 slot each"} {
		if !strings.Contains(text, want) {
			s.Errorf("status does not say %q:\n%s", want, text)
		}
	}
	s.write("large.yaml", strings.Replace(lookWorkflow, "cores: 3", "cores: 5", 1))
	e := s.try("run", "large.yaml", "--cluster", "routed")
	if e.code != 2 || !strings.Contains(e.err, `node "wide" asks for 5 cores, 300MB of memory: pool cpu has 4 cores; pool gpu has 2 cores`) || !strings.Contains(e.err, "hint: ") {
		s.Errorf("exit code %d: %s", e.code, e.err)
	}
	s.down("routed")
}

// The options after one --pool are for it alone.
func severalPools(s *site) {
	s.write("look.py", lookModule)
	s.write("look.yaml", lookWorkflow)
	e := s.try("run", "look.yaml", "--scheduler", "slurm", "--no-merge-outputs", poll,
		"--pool", "small", "--cores", "4", "--pool", "large_gpu", "--queue", "gpu", "--cores", "3", "--gres", "gpu:1")
	var seen map[string]map[string][]string
	if e.code != 0 {
		s.Fatalf("exit code %d: %s", e.code, e.err)
	}
	if err := json.Unmarshal([]byte(e.out), &seen); err != nil {
		s.Fatal(err)
	}
	if a, b := seen["wide"]["return_value"], seen["asks"]["return_value"]; a[0] != "debug" || a[1] != "3" || b[0] != "gpu" || b[1] != "3" || b[2] != "0" {
		s.Errorf("seen: %v", seen)
	}
}

// A job of several nodes has a worker on each.
func severalNodes(s *site) {
	s.write("look.py", "import os, time\ndef look():\n    time.sleep(1)\n    return os.environ['SLURMD_NODENAME']\n")
	s.write("look.yaml", lookWorkflow[:strings.Index(lookWorkflow, "  - {id: wide")]+
		"  - {id: other, task_type: method, task_identifier: look.look}\n")
	s.ok("up", "--cluster", "wide", "--nodes", "2", "--cores", "1", "--walltime", "00:10:00", "--detach", poll)
	s.until("two workers", func() bool { return len(s.status("wide").Workers) == 2 })
	var seen map[string]map[string]string
	if err := json.Unmarshal([]byte(s.ok("run", "look.yaml", "--cluster", "wide", "--no-merge-outputs")), &seen); err != nil {
		s.Fatal(err)
	}
	if a, b := seen["plain"]["return_value"], seen["other"]["return_value"]; a == b || a == "" || b == "" {
		s.Errorf("both tasks ran on one node: %v", seen)
	}
	if jobs := s.queue("wide"); len(jobs) != 1 {
		s.Errorf("jobs %v", jobs)
	}
	s.down("wide")
}

const nap = `import os, time
def nap(n):
    with open("begun-%d" % n, "a") as f:
        f.write("x")
    time.sleep(4)
    return n
`

func naps(n int) string {
	text := "graph: {id: naps}\nnodes:\n"
	for i := range n {
		text += fmt.Sprintf("  - {id: n%d, task_type: method, task_identifier: nap.nap, default_inputs: [{name: n, value: %d}], resources: {time_limit: 6}}\n", i, i)
	}
	return text
}

// A run longer than a walltime loses nothing: no task is begun that would not end, the
// worker ends by itself, and its successor goes on.
func walltime(s *site) {
	if testing.Short() {
		s.Skip("takes longer than a minute")
	}
	s.write("nap.py", nap)
	s.write("naps.yaml", naps(18))
	s.ok("up", "--cluster", "brief", "--cores", "1", "--walltime", "00:01:00", "--detach", poll)
	s.ok("run", "naps.yaml", "--cluster", "brief", "--outputs", "none")
	if o := s.status("brief"); o.Totals.Lost != 0 || o.Totals.Failed != 0 || o.Totals.Succeeded != 18 {
		s.Errorf("done, failed and lost: %+v", o.Totals)
	}
	for i := range 18 {
		if text, err := os.ReadFile(filepath.Join(s.dir, "work", fmt.Sprintf("begun-%d", i))); err != nil || string(text) != "x" {
			s.Errorf("task %d was begun %d times (%v)", i, len(text), err)
		}
	}
	states := map[string]int{}
	jobs := s.status("brief").Jobs
	// 18 tasks of 4 s fit into two jobs, if no early signal cuts one short.
	if len(jobs) > 2 {
		s.Errorf("%d jobs were needed", len(jobs))
	}
	for _, j := range jobs {
		states[j.Phase+": "+j.Reason]++
	}
	if states["ended: it ended by itself"] == 0 || states["ended: its walltime was over"] > 0 || states["ended: it was cancelled"] > 0 {
		s.Errorf("the jobs are %v", states)
	}
	s.down("brief")
}

// SIGTERM: what is running is given back at once, and does not count as a failure.
func givenBack(s *site) {
	s.write("waiting.yaml", waiting)
	s.write("waits.py", waits)
	s.ok("up", "--cluster", "taken", "--cores", "1", "--jobs", "2", "--detach", poll)
	done := make(chan ended)
	go func() { done <- s.try("run", "waiting.yaml", "--cluster", "taken") }()
	s.until("both tasks are begun", s.begun)
	first := s.status("taken").Workers[0].Job
	if out, err := s.slurm.Command("scancel", "--signal=TERM", "--full", first).CombinedOutput(); err != nil {
		s.Fatalf("%v: %s", err, out)
	}
	s.until("the task is given back", func() bool { return s.status("taken").Totals.Lost == 1 })
	s.write("go-on", "")
	if e := <-done; e.code != 0 || e.out != "{\n  \"return_value\": 3\n}\n" {
		s.Errorf("exit code %d\n%s%s", e.code, e.out, e.err)
	}
	if o := s.status("taken"); o.Totals.Failed != 0 {
		s.Errorf("failed and lost: %+v", o.Totals)
	}
	s.down("taken")
}
