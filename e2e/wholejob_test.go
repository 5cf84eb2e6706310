package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
	"github.com/ewoks-hpc/ewoks-hpc/slurm/slurmtest"
)

// Tasks that have a whole job of several nodes, and use srun in it.
func TestWholeJobs(t *testing.T) {
	t.Parallel()
	slurm := slurmtest.Start(t, slurmtest.Options{Nodes: 3, CPUs: 4})
	for name, test := range map[string]func(*site){
		"beside others": besideOthers, "ended": endedSteps,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(newSite(t, slurm))
		})
	}
}

const wholeFile = `[pool.cpu]
cores = 2
walltime = "00:10:00"

[pool.mpi]
nodes = 2
worker_per = "job"
cores = 2
walltime = "00:10:00"
min_jobs = 0
max_jobs = 1

[[route]]
node = "ranks"
nodes = 2
`

// What srun prints comes in any order.
const eachNode = "srun -l sh -c 'echo $SLURMD_NODENAME $OMP_NUM_THREADS' | sort\n"

const wholeWorkflow = `graph: {id: whole}
nodes:
  - {id: plain, task_type: method, task_identifier: look.look}
  - {id: named, task_type: method, task_identifier: look.look, resources: {pool: mpi}}
  - {id: ranks, task_type: script, task_identifier: ranks.sh, default_inputs: [{name: _capture_output, value: true}]}
  - {id: other, task_type: script, task_identifier: ranks.sh, default_inputs: [{name: _capture_output, value: true}], resources: {nodes: 1, cores: 2}}
`

// A task that says nodes has them all, one after the other; those that say nothing go to
// the ordinary pool.
func besideOthers(s *site) {
	s.write("ewoks-hpc.toml", wholeFile)
	s.write("look.py", "import os\ndef look():\n    return [os.environ['SLURM_JOB_NUM_NODES'], os.environ['SLURM_NTASKS']]\n")
	s.write("ranks.sh", eachNode)
	s.write("whole.yaml", wholeWorkflow)
	up := s.ok("up", "--cluster", "whole", "--detach", poll)
	if want := "pool mpi  0 to 1 Slurm job, as tasks need them, 1 task at a time each (nodes 2, cores 2, walltime 10m0s)"; !strings.Contains(up, want) {
		s.Errorf("up does not say %q:\n%s", want, up)
	}
	var seen map[string]map[string]any
	if err := json.Unmarshal([]byte(s.ok("run", "whole.yaml", "--cluster", "whole", "--no-merge-outputs")), &seen); err != nil {
		s.Fatal(err)
	}
	for node, want := range map[string]string{"plain": "[1 1]", "named": "[2 4]"} {
		if got := fmt.Sprint(seen[node]["return_value"]); got != want {
			s.Errorf("node %s sees nodes and tasks %s, want %s", node, got, want)
		}
	}
	for _, node := range []string{"ranks", "other"} {
		var nodes []string
		for i, line := range strings.Split(strings.TrimSpace(fmt.Sprint(seen[node]["out"])), "\n") {
			words := strings.Fields(line)
			if len(words) != 3 || words[0] != fmt.Sprintf("%d:", i) || words[2] != "1" {
				s.Errorf("node %s: srun printed %q as line %d", node, line, i)
				continue
			}
			nodes = append(nodes, words[1])
		}
		slices.Sort(nodes)
		if len(nodes) != 4 || nodes[0] != nodes[1] || nodes[1] == nodes[2] || nodes[2] != nodes[3] {
			s.Errorf("node %s: srun ran on %q, want two on each of two nodes", node, nodes)
		}
	}
	s.write("wide.yaml", strings.Replace(wholeWorkflow, "nodes: 1, cores: 2", "nodes: 3", 1))
	e := s.try("run", "wide.yaml", "--cluster", "whole")
	if e.code != 2 || !strings.Contains(e.err, `node "other" asks for 3 nodes: pool cpu has no worker for a whole job (worker_per = "job"); pool mpi has 2 nodes`) ||
		!strings.Contains(e.err, "mpi (2 whole nodes, each with 2 cores, walltime 10m0s)") {
		s.Errorf("exit code %d: %s", e.code, e.err)
	}
	s.down("whole")
}

const endless = `graph: {id: endless}
nodes: [{id: e, task_type: script, task_identifier: endless.sh, resources: {nodes: 2}}]
`

// When a task ends before its time, so do its steps, on all nodes, and the next
// can use them at once.
func endedSteps(s *site) {
	s.write("ewoks-hpc.toml", wholeFile)
	s.write("ranks.sh", eachNode)
	s.write("ranks.yaml", `graph: {id: r}
nodes: [{id: ranks, task_type: script, task_identifier: ranks.sh, default_inputs: [{name: _capture_output, value: true}]}]
`)
	// Each process leaves its session, and after srun there would be another.
	s.write("endless.sh", "srun sh -c 'setsid sleep 4321 & touch begun-$SLURM_PROCID; sleep 4321'\nsrun touch never\n")
	s.write("endless.yaml", endless)
	s.write("limited.yaml", strings.Replace(endless, "nodes: 2", "nodes: 2, time_limit: 4", 1))
	s.ok("up", "--cluster", "steps", "--pool", "mpi", "--min-jobs", "1", "--max-jobs", "1", "--detach", poll)
	for _, test := range []struct {
		file string
		end  func()
		code int
		says string
	}{
		{"endless.yaml", func() { s.ok("cancel", "last", "--cluster", "steps") }, 3, "cancel"},
		{"limited.yaml", func() {}, 1, "took longer than its limit of 4s"},
	} {
		done := make(chan ended)
		go func() { done <- s.try("run", test.file, "--cluster", "steps") }()
		s.until("four processes on two nodes", func() bool {
			begun, _ := filepath.Glob(filepath.Join(s.dir, "work", "begun-*"))
			return len(begun) == 4
		})
		test.end()
		if e := <-done; e.code != test.code || !strings.Contains(e.err, test.says) {
			s.Errorf("%s: exit code %d: %s", test.file, e.code, e.err)
		}
		s.until("the end of the step", func() bool { return s.steps() == 0 })
		s.until("the end of its processes", func() bool { return !s.sleeping() })
		if e := s.try("run", "ranks.yaml", "--cluster", "steps"); e.code != 0 || strings.Count(e.out, `\n`) != 4 {
			s.Errorf("after %s: exit code %d\n%s%s", test.file, e.code, e.out, e.err)
		}
		for i := range 4 {
			if err := os.Remove(filepath.Join(s.dir, "work", fmt.Sprintf("begun-%d", i))); err != nil {
				s.Error(err)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(s.dir, "work", "never")); err == nil {
		s.Error("the script went on after its first srun")
	}
	done := make(chan ended)
	go func() { done <- s.try("run", "endless.yaml", "--cluster", "steps") }()
	s.until("the task is executed again", func() bool { return s.sleeping() })
	s.down("steps")
	<-done
}

// steps counts those that Slurm runs besides batch scripts, of jobs of several nodes.
func (s *site) steps() (n int) {
	s.Helper()
	out, err := s.slurm.Command("squeue", "-h", "-s", "-o", "%i %N").Output()
	if err != nil {
		s.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		if !strings.Contains(line, ".batch ") && strings.Contains(line, "[") {
			n++
		}
	}
	return n
}

func (s *site) sleeping() bool {
	return slices.ContainsFunc(ewokstest.Processes(s.dir), func(p ewokstest.Process) bool {
		return strings.Contains(string(p.Args), "sleep\x004321")
	})
}
