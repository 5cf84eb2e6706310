package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
	"github.com/ewoks-hpc/ewoks-hpc/slurm/slurmtest"
)

// All tests share one Slurm, as users do; each has a cluster of its own name.
func TestSlurm(t *testing.T) {
	t.Parallel()
	slurm := slurmtest.Start(t, slurmtest.Options{Nodes: 4, CPUs: 8})
	for name, test := range map[string]func(*site){
		"two lines": twoLines, "wrong queue": wrongQueue, "scale": scaling, "adapt": adapting, "killed worker": killedWorker,
		"killed launcher": killedLauncher, "run --scheduler slurm": runOnSlurm, "interrupt": interrupted, "secrets": secrets,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(newSite(t, slurm))
		})
	}
}

const sleeps = `graph: {id: sleeps}
nodes:
  - {id: a, task_type: method, task_identifier: time.sleep, default_inputs: [{name: 0, value: 1}]}
  - {id: b, task_type: method, task_identifier: time.sleep, default_inputs: [{name: 0, value: 1}]}
`

const sleepsOutput = "{\n  \"return_value\": null\n}\n"

// poll lets clusters look at Slurm's queue as often as is allowed.
const poll = "--poll-interval=1s"

// The two commands of the README.
func twoLines(s *site) {
	s.write("sleeps.yaml", sleeps)
	up := s.ok("up", "--queue", "gpu", "--gres", "gpu:1", "--cores", "4", "--memory", "2GB", "--walltime", "00:20:00", "--jobs", "2", "--detach")
	for _, want := range []string{"cluster default is up", "address  tls://", "page     http://127.0.0.1:", "2 Slurm jobs submitted"} {
		if !strings.Contains(up, want) {
			s.Errorf("up does not say %q:\n%s", want, up)
		}
	}
	if out := s.ok("run", "sleeps.yaml", "--cluster", "default"); out != sleepsOutput {
		s.Errorf("outputs %s", out)
	}
	s.until("two workers", func() bool { return len(s.status("default").Workers) == 2 })
	o := s.status("default")
	if o.Totals.Succeeded != 2 || len(o.Jobs) != 2 {
		s.Errorf("%d tasks done by %d jobs", o.Totals.Succeeded, len(o.Jobs))
	}
	for i, w := range o.Workers {
		if want := o.Jobs[0].ID + "_"; !strings.HasPrefix(w.Job, want) || w.Slots != 1 { // one GPU
			s.Errorf("worker %d has %d slots in job %s, want 1 in one of %s", i, w.Slots, w.Job, want)
		}
	}
	text := s.ok("status")
	if !strings.Contains(text, o.Workers[0].Job) || !strings.Contains(text, "JOB") {
		s.Errorf("status does not show job %s:\n%s", o.Workers[0].Job, text)
	}
	if log := s.ok("logs", o.Workers[0].Job); !strings.Contains(log, "worker starts") {
		s.Errorf("log of job %s:\n%s", o.Workers[0].Job, log)
	}
	s.oneArray("default", 2)
	s.down("default")
}

// oneArray checks that all jobs of a cluster are one job array.
func (s *site) oneArray(cluster string, n int) {
	s.Helper()
	jobs, arrays := s.queue(cluster), map[string]bool{}
	for _, j := range jobs {
		arrays[strings.Fields(j)[0]] = true
	}
	if len(jobs) != n || len(arrays) != 1 {
		s.Errorf("%d jobs in %d arrays, want %d in one: %v", len(jobs), len(arrays), n, jobs)
	}
}

// Slurm's own words, at once, and nothing is left.
func wrongQueue(s *site) {
	s.write("sleeps.yaml", sleeps)
	for _, args := range [][]string{
		{"up", "--queue", "nosuch", "--detach"},
		{"up", "--queue", "nosuch"},
		{"run", "sleeps.yaml", "--scheduler", "slurm", "--queue", "nosuch"},
	} {
		e := s.try(args...)
		if e.code != 3 || !strings.Contains(e.err, "invalid partition specified: nosuch") || !strings.Contains(e.err, "hint: ") || e.out != "" {
			s.Errorf("%v: exit code %d\nstdout: %s\nstderr: %s", args, e.code, e.out, e.err)
		}
		if e.took > 8*time.Second {
			s.Errorf("%v took %s to fail", args, e.took)
		}
		if left := ewokstest.Left(s.dir); len(left) > 0 {
			s.Errorf("%v left %v", args, left)
		}
		if e := s.try("status"); e.code != 3 || !strings.Contains(e.err, "is not up") {
			s.Errorf("status afterwards: exit code %d, %s", e.code, e.err)
		}
	}
}

func scaling(s *site) {
	s.ok("up", "--cluster", "scaled", "--jobs", "1", "--detach", poll)
	workers := func(n int) func() bool {
		return func() bool { return len(s.status("scaled").Workers) == n && len(s.queue("scaled")) == n }
	}
	s.until("one worker", workers(1))
	s.ok("scale", "--cluster", "scaled", "--jobs", "3")
	s.until("three workers", workers(3))
	s.ok("scale", "--cluster", "scaled", "--jobs", "1")
	s.until("one worker again", workers(1))
	s.ok("scale", "--cluster", "scaled", "--jobs", "0")
	s.until("no worker", workers(0))
	s.down("scaled")
}

// Jobs come with the tasks, as one array, and go when there are none; a busy one
// stays.
func adapting(s *site) {
	s.write("waiting.yaml", waiting)
	s.write("waits.py", waits)
	up := s.ok("up", "--cluster", "adapts", "--cores", "1", "--max-jobs", "3", "--idle-timeout", "3s", "--detach", poll)
	if !strings.Contains(up, "0 to 3 Slurm jobs, as tasks need them, 1 task at a time each") {
		s.Errorf("up says\n%s", up)
	}
	if text := s.ok("status", "--cluster", "adapts"); !strings.Contains(text, "jobs 0 (adapts between 0 and 3)") || !strings.Contains(text, "no demand") {
		s.Errorf("without tasks status says\n%s", text)
	}
	if jobs := s.queue("adapts"); len(jobs) > 0 {
		s.Errorf("without tasks there are %v", jobs)
	}
	done := make(chan ended)
	go func() { done <- s.try("run", "waiting.yaml", "--cluster", "adapts") }()
	s.until("both tasks are begun", s.begun)
	s.oneArray("adapts", 2)
	time.Sleep(5 * time.Second) // longer than the idle timeout: busy jobs stay
	s.oneArray("adapts", 2)
	s.write("go-on", "")
	if e := <-done; e.code != 0 || e.out != "{\n  \"return_value\": 3\n}\n" {
		s.Errorf("exit code %d\n%s%s", e.code, e.out, e.err)
	}
	s.until("no job", func() bool { return len(s.queue("adapts")) == 0 })
	s.until("status says why", func() bool { return strings.Contains(s.ok("status", "--cluster", "adapts"), "no demand") })
	if o := s.status("adapts"); o.Totals.Lost != 0 || o.Totals.Succeeded != 3 {
		s.Errorf("done and lost: %+v", o.Totals)
	}
	s.down("adapts")
}

const waiting = `graph: {id: waiting}
nodes:
  - {id: a, task_type: method, task_identifier: waits.wait, default_inputs: [{name: n, value: 1}]}
  - {id: b, task_type: method, task_identifier: waits.wait, default_inputs: [{name: n, value: 2}]}
  - {id: c, task_type: method, task_identifier: waits.add}
links:
  - {source: a, target: c, data_mapping: [{source_output: return_value, target_input: a}]}
  - {source: b, target: c, data_mapping: [{source_output: return_value, target_input: b}]}
`

const waits = `import os, time
def wait(n):
    open("begun-%d" % n, "w").close()
    while not os.path.exists("go-on"):
        time.sleep(0.02)
    return n
def add(a, b):
    return a + b
`

func (s *site) begun() bool {
	for n := 1; n <= 2; n++ {
		if _, err := os.Stat(filepath.Join(s.dir, "work", fmt.Sprintf("begun-%d", n))); err != nil {
			return false
		}
	}
	return true
}

// A worker killed in the middle of a run costs time, and nothing else.
func killedWorker(s *site) {
	s.write("waiting.yaml", waiting)
	s.write("waits.py", waits)
	s.ok("up", "--cluster", "killed", "--jobs", "2", "--detach", poll)
	done := make(chan ended)
	go func() { done <- s.try("run", "waiting.yaml", "--cluster", "killed") }()
	s.until("both tasks are begun", s.begun)
	for _, w := range s.status("killed").Workers {
		if w.Holding > 0 {
			if err := syscall.Kill(w.Pid, syscall.SIGKILL); err != nil {
				s.Fatal(err)
			}
			break
		}
	}
	s.write("go-on", "")
	if e := <-done; e.code != 0 || e.out != "{\n  \"return_value\": 3\n}\n" {
		s.Errorf("exit code %d\n%s%s", e.code, e.out, e.err)
	}
	if o := s.status("killed"); o.Totals.Lost == 0 || o.Totals.Failed != 0 {
		s.Errorf("lost and failed: %+v", o.Totals)
	}
	s.down("killed")
}

// After the launcher is gone, down still finds its jobs.
func killedLauncher(s *site) {
	s.ok("up", "--cluster", "orphan", "--jobs", "2", "--detach", poll)
	s.until("two workers", func() bool { return len(s.status("orphan").Workers) == 2 })
	var pid int
	text, err := os.ReadFile(s.state("orphan", "launcher.pid"))
	if err != nil {
		s.Fatal(err)
	}
	if _, err := fmt.Sscan(string(text), &pid); err != nil {
		s.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		s.Fatal(err)
	}
	s.until("status tells", func() bool { return strings.Contains(s.try("status", "--cluster", "orphan").err, "has ended") })
	s.down("orphan")
}

func runOnSlurm(s *site) {
	s.write("sleeps.yaml", sleeps)
	e := s.try("run", "sleeps.yaml", "--scheduler", "slurm", "--jobs", "2", "--cores", "1")
	if e.code != 0 || e.out != sleepsOutput {
		s.Errorf("exit code %d\n%s%s", e.code, e.out, e.err)
	}
	if jobs := s.queue("run"); len(jobs) > 0 {
		s.Errorf("jobs are left: %v", jobs)
	}
	if entries, _ := os.ReadDir(s.state()); len(entries) > 0 {
		s.Errorf("state is left: %v", entries)
	}
}

func interrupted(s *site) {
	s.write("waiting.yaml", waiting)
	s.write("waits.py", waits)
	cmd := s.command(program, "run", "waiting.yaml", "--scheduler", "slurm", "--job-name", "stopped", "--cores", "2")
	var errs strings.Builder
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	s.until("both tasks are begun", s.begun)
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		s.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 || !strings.Contains(errs.String(), "interrupted") {
		s.Errorf("exit code %d: %s", code, errs.String())
	}
	out, err := s.slurm.Command("squeue", "-h", "-o", "%j").Output()
	if err != nil || strings.Contains(string(out), "stopped") {
		s.Errorf("left in the queue: %s %v", out, err)
	}
	if left := ewokstest.Left(s.dir); len(left) > 0 {
		s.Errorf("left: %v", left)
	}
}
