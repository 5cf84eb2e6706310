package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/slurm/slurmtest"
)

// What a launcher leaves behind, the next one takes over: jobs, workers and runs.
func TestResume(t *testing.T) {
	t.Parallel()
	slurm := slurmtest.Start(t, slurmtest.Options{Nodes: 2, CPUs: 2})
	for name, signal := range map[string]syscall.Signal{"killed": syscall.SIGKILL, "ended": syscall.SIGTERM} {
		t.Run(name, func(t *testing.T) {
			resume(newSite(t, slurm), name, signal)
		})
	}
}

// counting is a fan of tasks; each writes its name down when it is executed.
const counting = `import os, time
def count(n):
    with open("executed", "a") as f:
        f.write("%d\n" % n)
    while n >= 4 and not os.path.exists("go-on"):
        time.sleep(0.02)
    return n
def total(**counts):
    return sum(counts.values())
`

func countingWorkflow(n int) string {
	var b strings.Builder
	b.WriteString("graph: {id: counting}\nnodes:\n  - {id: total, task_type: method, task_identifier: counting.total}\n")
	for i := range n {
		fmt.Fprintf(&b, "  - {id: n%d, task_type: method, task_identifier: counting.count, default_inputs: [{name: 0, value: %d}]}\n", i, i)
	}
	b.WriteString("links:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - {source: n%d, target: total, data_mapping: [{source_output: return_value, target_input: i%d}]}\n", i, i)
	}
	return b.String()
}

func (s *site) executed() (list []string) {
	text, _ := os.ReadFile(filepath.Join(s.dir, "work", "executed"))
	return strings.Fields(string(text))
}

// launcher is the process id of a cluster's launcher.
func (s *site) launcher(cluster string) (pid int) {
	s.Helper()
	text, err := os.ReadFile(s.state(cluster, "launcher.pid"))
	if err == nil {
		_, err = fmt.Sscan(string(text), &pid)
	}
	if err != nil {
		s.Fatal(err)
	}
	return pid
}

func resume(s *site, cluster string, signal syscall.Signal) {
	s.write("counting.yaml", countingWorkflow(12))
	s.write("counting.py", counting)
	// Two jobs run, the third waits for room.
	up := []string{"up", "--cluster", cluster, "--jobs", "3", "--cores", "2", "--detach", poll}
	s.ok(up...)
	done := make(chan ended)
	go func() { done <- s.try("run", "counting.yaml", "--cluster", cluster) }()
	s.until("the tasks that wait are begun", func() bool { return len(s.executed()) == 8 })
	jobs, workers := s.queue(cluster), len(s.status(cluster).Workers)
	if err := syscall.Kill(s.launcher(cluster), signal); err != nil {
		s.Fatal(err)
	}
	s.until("the launcher has ended", func() bool { return s.try("status", "--cluster", cluster).code != 0 })
	s.ok(up...)
	s.until("the workers are back", func() bool { return len(s.status(cluster).Workers) == workers })
	if now := s.queue(cluster); !slices.Equal(now, jobs) {
		s.Errorf("jobs %v, before %v", now, jobs)
	}
	s.write("go-on", "")
	if e := <-done; e.code != 0 || e.out != "{\n  \"return_value\": 66\n}\n" {
		s.Errorf("exit code %d\n%s%s", e.code, e.out, e.err)
	}
	list := s.executed()
	slices.Sort(list)
	if len(slices.Compact(list)) != 12 || len(list) != 12 {
		s.Errorf("executed %v, want each of 12 once", list)
	}
	if o := s.status(cluster); o.Totals.Lost != 0 {
		s.Errorf("lost and failed: %+v", o.Totals)
	}
	s.down(cluster)
}
