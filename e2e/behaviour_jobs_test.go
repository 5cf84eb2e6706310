package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

// The walltime of a job ends while its task runs: the task is executed again, and
// nothing counts as failed.
func timedOut(s *site) {
	s.fan("late", "wait", 2, "")
	s.ok("up", "--cluster", "late", "--jobs", "1", "--cores", "2", "--detach", poll)
	done := s.begin("run", "late.yaml", "--cluster", "late")
	s.until("both tasks are begun", func() bool { return len(s.noted("late")) == 2 })
	first := s.status("late").Jobs[0].ID
	s.scontrol("update", "jobid="+first+"_0", "endtime=now")
	s.untilLong("both tasks are begun again", time.Minute, func() bool { return len(s.noted("late")) == 4 })
	s.until("the first job has timed out", func() bool {
		jobs := s.history("late")
		return len(jobs) == 2 && strings.Contains(strings.Join(jobs, "\n"), first+"_0 TIMEOUT")
	})
	s.write("go-on", "")
	s.doneRight("late", 2, <-done)
	s.lossesOnly("late")
	s.down("late")
}

// lossesOnly checks that tasks of a cluster were lost, that none failed, and that
// no pool is stopped.
func (s *site) lossesOnly(cluster string) {
	s.Helper()
	if o := s.status(cluster); o.Totals.Lost == 0 || o.Totals.Failed != 0 {
		s.Errorf("lost and failed: %+v", o.Totals)
	}
	if text := s.ok("status", "--cluster", cluster); strings.Contains(text, "stopped") {
		s.Errorf("a pool is stopped:\n%s", text)
	}
}

// USR1 lets a worker finish what it has, TERM makes it say good-bye and end; in
// both cases another job takes its place.
func signals(s *site) {
	s.fan("first", "wait", 1, ", {name: go, value: go-first}")
	s.fan("second", "wait", 1, ", {name: go, value: go-second}")
	s.ok("up", "--cluster", "signals", "--jobs", "1", "--cores", "1", "--detach", poll)
	done := s.begin("run", "first.yaml", "--cluster", "signals")
	s.until("the task is begun", func() bool { return len(s.noted("first")) == 1 })
	old := s.status("signals")
	s.scancel("--batch", "--signal=USR1", old.Jobs[0].ID+"_0")
	s.until("the worker drains", func() bool {
		return strings.Contains(s.ok("logs", "--cluster", "signals", old.Workers[0].Job), "signal USR1")
	})
	s.write("go-first", "")
	if again := s.doneRight("first", 1, <-done); again != 0 {
		s.Errorf("the task was executed %d times more", again)
	}
	s.until("the job is completed", func() bool { return contains(s.history("signals"), old.Jobs[0].ID+"_0 COMPLETED") })

	done = s.begin("run", "second.yaml", "--cluster", "signals")
	s.until("the task is begun", func() bool { return len(s.noted("second")) == 1 })
	o := s.status("signals")
	worker := o.Workers[0]
	if worker.Worker == old.Workers[0].Worker || o.Totals.Lost != 0 {
		s.Errorf("worker %s came after %s, lost %d", worker.Worker, old.Workers[0].Worker, o.Totals.Lost)
	}
	s.scancel(worker.Job)
	s.until("good-bye", func() bool {
		return strings.Contains(s.log("signals"), "worker left\" service=coordinator worker="+worker.Worker)
	})
	s.until("the task is begun again", func() bool { return len(s.noted("second")) == 2 })
	s.write("go-second", "")
	s.doneRight("second", 1, <-done)
	s.lossesOnly("signals")
	s.down("signals")
}

func contains(lines []string, what string) bool {
	for _, line := range lines {
		if strings.Contains(line, what) {
			return true
		}
	}
	return false
}

func (s *site) scancel(args ...string) {
	s.Helper()
	if out, err := s.slurm.Command("scancel", args...).CombinedOutput(); err != nil {
		s.Fatalf("scancel %v: %v\n%s", args, err, out)
	}
}

// Processes that a task has started end with the job, also those that left their
// process group, session and parents: Slurm here does not find these.
func orphans(s *site) {
	s.write("stray.py", `import os, subprocess, time
def stray(name, lasts):
    subprocess.run(["sh", "-c", "setsid sh -c 'echo $$ >%s.tmp; mv %s.tmp %s; exec sleep 300' >/dev/null 2>&1 &" % (name, name, name)])
    while not os.path.exists(name):
        time.sleep(0.02)
    if lasts:
        time.sleep(300)
`)
	for i, lasts := range []string{"false", "true"} {
		s.write(fmt.Sprintf("stray%d.yaml", i), fmt.Sprintf(`graph: {id: stray}
nodes: [{id: a, task_type: method, task_identifier: stray.stray, default_inputs: [{name: name, value: pid%d}, {name: lasts, value: %s}]}]
`, i, lasts))
	}
	s.ok("up", "--cluster", "stray", "--jobs", "1", "--cores", "1", "--detach", poll)
	s.ok("run", "stray0.yaml", "--cluster", "stray")
	done := s.begin("run", "stray1.yaml", "--cluster", "stray")
	pids := []int{s.pidIn("pid0"), s.pidIn("pid1")}
	s.ok("scale", "--cluster", "stray", "--jobs", "0")
	s.scancel(s.status("stray").Workers[0].Job)
	s.until("the job has ended", func() bool { return len(s.queue("stray")) == 0 })
	for i, pid := range pids {
		s.until("process "+itoa(i)+" has ended", func() bool { return syscall.Kill(pid, 0) != nil })
	}
	s.down("stray")
	if e := <-done; e.code == 0 {
		s.Errorf("a run that was cancelled succeeded: %s", e.out)
	}
}

// pidIn waits for a file with a process id.
func (s *site) pidIn(name string) (pid int) {
	s.Helper()
	s.until(name, func() bool {
		text, err := os.ReadFile(filepath.Join(s.dir, "work", name))
		if err == nil {
			_, err = fmt.Sscan(string(text), &pid)
		}
		return err == nil
	})
	return pid
}
