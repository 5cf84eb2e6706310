package e2e

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/slurm/slurmtest"
)

// TestSoakBehaviours are those behaviours that cannot be hurried.
func TestSoakBehaviours(t *testing.T) {
	soaking(t)
	t.Parallel()
	slurm := slurmtest.Start(t, slurmtest.Options{Nodes: 4, CPUs: 8, Conf: []string{"MinJobAge=5"}})
	for name, test := range map[string]func(*site){
		"6 killed behind a frozen launcher": killedBehind,
		"13 drain before the walltime":      drainInTime,
		"25 polite for 5 min":               politeLong,
		"launcher frozen 60 s":              func(s *site) { frozen(s, "longfrozen", time.Minute) },
		"launcher away 5 s":                 func(s *site) { away(s, "away", 5*time.Second) },
		"launcher away 60 s":                func(s *site) { away(s, "longaway", time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(newSite(t, slurm))
		})
	}
	t.Run("5 slurmctld down 60 s", func(t *testing.T) {
		t.Parallel()
		slurmctldDown(newSite(t, slurmtest.Start(t, slurmtest.Options{Nodes: 2, CPUs: 4, Conf: []string{"MessageTimeout=2"}})), 600)
	})
}

// A worker is killed while the launcher is frozen, for so long that Slurm forgets the
// job. Its tasks are executed again, not taken for done.
func killedBehind(s *site) {
	s.fan("behind", "wait", 2, "")
	s.ok("up", "--cluster", "behind", "--jobs", "1", "--cores", "2", "--detach", poll)
	done := s.begin("run", "behind.yaml", "--cluster", "behind")
	s.until("both tasks are begun", func() bool { return len(s.noted("behind")) == 2 })
	s.until("the job was listed", func() bool { return s.status("behind").Jobs[0].Nodes != "" })
	pid := s.launcher("behind")
	killed := s.status("behind").Workers[0]
	s.must(syscall.Kill(pid, syscall.SIGSTOP))
	s.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGCONT) })
	s.must(syscall.Kill(killed.Pid, syscall.SIGKILL))
	s.untilLong("Slurm has forgotten the job", 2*time.Minute, func() bool { return len(s.history("behind")) == 0 })
	s.must(syscall.Kill(pid, syscall.SIGCONT))
	s.untilLong("both tasks are begun again", time.Minute, func() bool { return len(s.noted("behind")) == 4 })
	s.write("go-on", "")
	s.doneRight("behind", 2, <-done)
	s.lossesOnly("behind")
	s.down("behind")
}

// Jobs of a minute do tasks of 8 s for longer than that: each worker ends before its
// walltime does, and no task is cut off.
func drainInTime(s *site) {
	s.fan("drains", "count", 10, ", {name: seconds, value: 8}")
	s.ok("up", "--cluster", "drains", "--jobs", "1", "--cores", "1", "--walltime", "00:01:00", "--detach", poll)
	if again := s.doneRight("drains", 10, s.try("run", "drains.yaml", "--cluster", "drains")); again != 0 {
		s.Errorf("%d tasks were executed again", again)
	}
	if o := s.status("drains"); o.Totals.Lost != 0 || o.Totals.Failed != 0 {
		s.Errorf("lost and failed: %+v", o.Totals)
	}
	if log := s.log("drains"); !strings.Contains(log, "COMPLETED") || strings.Contains(log, "TIMEOUT") {
		s.Error("a job did not end by itself before its walltime did")
	}
	s.down("drains")
}

// 200 tasks in five minutes take at most 25 looks at the queue.
func politeLong(s *site) {
	for _, command := range []string{"squeue", "sbatch"} {
		s.wrap(command, `exec "$REAL" "$@"`)
	}
	s.fan("slow", "count", 200, ", {name: seconds, value: 3}")
	s.ok("up", "--cluster", "slow", "--jobs", "2", "--cores", "1", "--detach")
	s.doneRight("slow", 200, s.try("run", "slow.yaml", "--cluster", "slow"))
	if n := s.calls("squeue"); n > 25 {
		s.Errorf("squeue was run %d times", n)
	}
	if n := s.calls("sbatch"); n != 1 {
		s.Errorf("sbatch was run %d times", n)
	}
	s.down("slow")
}

// The launcher is killed, and another one comes only after some time.
func away(s *site, cluster string, d time.Duration) {
	const tasks = 120
	s.fan(cluster, "count", tasks, ", {name: seconds, value: 0.1}")
	up := []string{"up", "--cluster", cluster, "--jobs", "2", "--cores", "2", "--detach", poll}
	s.ok(up...)
	s.until("two workers", func() bool { return len(s.status(cluster).Workers) == 2 })
	jobs := s.queue(cluster)
	done := s.begin("run", cluster+".yaml", "--cluster", cluster)
	s.until("the run is under way", func() bool { return len(s.noted(cluster)) > 10 })
	s.kill(cluster)
	time.Sleep(d)
	s.ok(up...)
	if again := s.doneRight(cluster, tasks, <-done); again != 0 {
		s.Errorf("%d tasks were executed again", again)
	}
	o := s.status(cluster)
	if now := s.queue(cluster); o.Totals.Failed != 0 || len(o.Workers) != 2 || strings.Join(now, "\n") != strings.Join(jobs, "\n") {
		s.Errorf("%+v, %d workers, jobs %v, before %v", o.Totals, len(o.Workers), now, jobs)
	}
	s.down(cluster)
}
