package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/slurm/slurmtest"
)

// TestBehaviourNodes takes jobs away from their nodes, and nodes from under jobs, so
// its parts run in turn.
func TestBehaviourNodes(t *testing.T) {
	t.Parallel()
	slurm := slurmtest.Start(t, slurmtest.Options{Nodes: 3, CPUs: 4,
		Conf:       []string{"PreemptType=preempt/partition_prio", "PreemptMode=REQUEUE"},
		Partitions: []string{"PartitionName=urgent Nodes=ALL PriorityTier=9"},
	})
	for _, part := range []struct {
		name string
		test func(*site)
	}{
		{"12 preempted", preempted},
		{"15 requeued", requeued},
		{"16 node fails", nodeFails},
		{"ended while there was no launcher", endedMeanwhile},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(newSite(t, slurm)) })
	}
}

// lose begins a run of two tasks in one job, lets the job be taken away, and checks
// that both are executed again and nothing counts as failed.
func (s *site) lose(cluster string, patience time.Duration, takeAway func(job string)) {
	s.Helper()
	s.fan(cluster, "wait", 2, "")
	done := s.begin("run", cluster+".yaml", "--cluster", cluster)
	s.until("both tasks are begun", func() bool { return len(s.noted(cluster)) == 2 })
	takeAway(s.status(cluster).Workers[0].Job)
	s.untilLong("both tasks are begun again", patience, func() bool { return len(s.noted(cluster)) == 4 })
	s.write("go-on", "")
	if again := s.doneRight(cluster, 2, <-done); again != 2 {
		s.Errorf("%d tasks were executed again, want 2", again)
	}
	s.lossesOnly(cluster)
}

// A job of higher priority takes the node.
func preempted(s *site) {
	s.ok("up", "--cluster", "preempted", "--jobs", "1", "--cores", "2", "--job-extra-directive", "--nodelist=n1", "--detach", poll)
	s.lose("preempted", 30*time.Second, func(job string) {
		out, err := s.slurm.Command("sbatch", "--partition=urgent", "--nodelist=n1", "--ntasks=1", "--cpus-per-task=4", "--output=/dev/null", "--wrap=sleep 3").CombinedOutput()
		if err != nil {
			s.Fatalf("sbatch: %v\n%s", err, out)
		}
		s.until("it is preempted", func() bool { return contains(s.history("preempted"), job+" PREEMPTED") })
	})
	s.down("preempted")
}

// A job that may be requeued is, by hand. What it had is executed elsewhere; there
// are as many jobs as before in the end.
func requeued(s *site) {
	up := []string{"up", "--cluster", "requeued", "--jobs", "1", "--cores", "2", "--job-directives-skip", "--no-requeue", "--job-extra-directive", "--requeue", "--detach", poll}
	s.ok(up...)
	s.until("a worker", func() bool { return len(s.status("requeued").Workers) == 1 })
	s.lose("requeued", 30*time.Second, s.requeue)
	s.until("one job and one worker", func() bool { return len(s.queue("requeued")) == 1 && len(s.status("requeued").Workers) == 1 })
	// Once more while there is no launcher, so that no other job can take its place:
	// its worker comes back as another one, and the log of the first is still there.
	first := s.status("requeued").Workers[0]
	s.kill("requeued")
	s.requeue(first.Job)
	s.ok(up...)
	s.until("its next worker", func() bool {
		for _, w := range s.status("requeued").Workers {
			if w.Job == first.Job && restarts(s.T, w.Worker) == restarts(s.T, first.Worker)+1 {
				return true
			}
		}
		return false
	})
	if log := s.ok("logs", "--cluster", "requeued", first.Job); strings.Count(log, "worker starts") < 2 {
		s.Errorf("the log does not tell of two workers:\n%s", log)
	}
	s.down("requeued")
}

// restarts is how often the job of a worker was requeued before.
func restarts(t *testing.T, worker string) (n int) {
	t.Helper()
	_, process, _ := strings.Cut(worker, ".")
	if _, err := fmt.Sscanf(process, "%d-", &n); err != nil {
		t.Fatalf("worker %s: %v", worker, err)
	}
	return n
}

// requeue makes a job start again soon; by itself Slurm would wait two minutes. In the
// very second in which it is requeued its node would refuse it (credential revoked).
func (s *site) requeue(job string) {
	s.Helper()
	s.scontrol("requeue", job)
	s.until("it waits", func() bool { return contains(s.history("requeued"), job+" PENDING") })
	s.scontrol("update", "jobid="+job, "starttime=now+2")
}

// A node fails with all that runs on it.
func nodeFails(s *site) {
	s.ok("up", "--cluster", "failing", "--jobs", "1", "--cores", "2", "--detach", poll)
	s.until("a worker", func() bool { return len(s.status("failing").Workers) == 1 })
	node := ""
	s.until("its node is known", func() bool { node = s.status("failing").Jobs[0].Nodes; return node != "" })
	s.lose("failing", 30*time.Second, func(string) {
		s.must(s.slurm.KillNode(node))
		s.scontrol("update", "nodename="+node, "state=down", "reason=test")
	})
	o := s.status("failing")
	for _, j := range o.Jobs {
		if j.Phase == "running" && j.Nodes == node {
			s.Errorf("job %+v runs on the node that failed", j)
		}
	}
	if !contains(s.history("failing"), "NODE_FAIL") {
		s.Errorf("jobs %v", s.history("failing"))
	}
	s.down("failing")
	s.must(s.slurm.StartNode(node))
}

// Jobs that end while there is no launcher are not held against their pool: it is
// not known whether their workers said hello.
func endedMeanwhile(s *site) {
	up := []string{"up", "--cluster", "meanwhile", "--jobs", "3", "--cores", "1", "--detach", poll}
	s.ok(up...)
	s.until("three workers", func() bool { return len(s.status("meanwhile").Workers) == 3 })
	workers := s.status("meanwhile").Workers
	s.kill("meanwhile")
	for _, w := range workers {
		s.must(syscall.Kill(w.Pid, syscall.SIGTERM))
	}
	s.until("the jobs have ended", func() bool { return len(s.queue("meanwhile")) == 0 })
	s.ok(up...)
	s.until("three other workers", func() bool {
		if text := s.ok("status", "--cluster", "meanwhile"); strings.Contains(text, "stopped") {
			s.Fatalf("the pool is stopped:\n%s", text)
		}
		return len(s.queue("meanwhile")) == 3
	})
	s.down("meanwhile")
}

// TestBehaviourMemory: tasks that take more memory than their job has are ended by
// Slurm, again and again, but not for ever; the run says so in Slurm's words.
func TestBehaviourMemory(t *testing.T) {
	t.Parallel()
	s := newSite(t, slurmtest.Start(t, slurmtest.Options{Nodes: 1, CPUs: 4, Conf: []string{
		"JobAcctGatherType=jobacct_gather/linux", "JobAcctGatherFrequency=1", "JobAcctGatherParams=OverMemoryKill",
	}}))
	s.write("greedy.py", `import time
def take():
    with open("taken", "a") as f:
        f.write("x")
    hoard = bytearray(600 << 20)
    for i in range(0, len(hoard), 4096):
        hoard[i] = 1
    time.sleep(60)
`)
	s.write("greedy.yaml", "graph: {id: greedy}\nnodes: [{id: a, task_type: method, task_identifier: greedy.take}]\n")
	s.ok("up", "--cluster", "greedy", "--jobs", "1", "--cores", "1", "--memory", "300MB", "--detach", poll)
	e := s.try("run", "greedy.yaml", "--cluster", "greedy", "--max-lost", "1")
	if e.code != 1 || !strings.Contains(e.err, "memory") {
		s.Errorf("exit code %d: %s", e.code, e.err)
	}
	if text, _ := os.ReadFile(filepath.Join(s.dir, "work", "taken")); len(text) != 2 {
		s.Errorf("the task was executed %d times, want 2", len(text))
	}
	if !strings.Contains(s.log("greedy"), "exceeded memory limit") {
		s.Error("the launcher's log has not Slurm's words")
	}
	s.down("greedy")
}
