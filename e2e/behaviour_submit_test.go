package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/slurm/slurmtest"
)

// TestBehaviourJobs: what happens to jobs one by one. All share one Slurm.
func TestBehaviourJobs(t *testing.T) {
	t.Parallel()
	slurm := slurmtest.Start(t, slurmtest.Options{Nodes: 4, CPUs: 8, Partitions: []string{
		"PartitionName=short Nodes=ALL MaxTime=30", "PartitionName=small Nodes=ALL MaxNodes=1",
	}})
	for name, test := range map[string]func(*site){
		"1 lost answer": lostAnswer, "4 worker by hand": workerByHand, "10 impossible": impossible,
		"12 timeout": timedOut, "14 signals": signals, "19 inside a job": insideJob, "24 no orphans": orphans, "25 polite": polite,
		"launcher killed anywhere": killedAnywhere, "launcher frozen 5 s": frozenShortly, "two launchers": twoLaunchers,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(newSite(t, slurm))
		})
	}
}

// Every submission arrives, but no sbatch lives to tell: the jobs are found by
// their name, and nothing is submitted twice.
func lostAnswer(s *site) {
	s.wrap("sbatch", `"$REAL" "$@" >/dev/null; kill -9 $$`)
	s.ok("up", "--cluster", "lost", "--jobs", "2", "--cores", "1", "--detach", poll)
	s.until("two workers", func() bool { return len(s.status("lost").Workers) == 2 })
	s.oneArray("lost", 2)
	if n := s.calls("sbatch"); n != 1 {
		s.Errorf("sbatch was run %d times", n)
	}
	if log := s.log("lost"); !strings.Contains(log, "got lost") {
		s.Error("the answer was not lost at all")
	}
	s.down("lost")
}

// A job that cannot start is explained at once, and no others are submitted for it.
func impossible(s *site) {
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"time":  {[]string{"--queue", "short", "--walltime", "99"}, "PartitionTimeLimit"},
		"nodes": {[]string{"--queue", "small", "--nodes", "2"}, "PartitionNodeLimit"},
	} {
		cluster := "impossible-" + name
		s.ok(append([]string{"up", "--cluster", cluster, "--max-jobs", "3", "--min-jobs", "1", "--cores", "1", "--detach", poll}, test.args...)...)
		up := time.Now()
		s.until("explained", func() bool {
			text := s.ok("status", "--cluster", cluster)
			return strings.Contains(text, "1 job is never going to start: it asks for more") && strings.Contains(text, test.want)
		})
		if took := time.Since(up); took > 10*time.Second { // two looks, 2 s apart, on a busy machine
			s.Errorf("explained after %s", took)
		}
		time.Sleep(3 * time.Second) // some more looks must not add jobs
		if jobs := s.queue(cluster); len(jobs) != 1 || !strings.Contains(jobs[0], "PENDING") {
			s.Errorf("jobs %v, want one", jobs)
		}
		s.down(cluster)
	}
}

// A launcher that runs inside a job leaves nothing of that job, nor of what steers
// sbatch, to its own jobs: there srun works.
func insideJob(s *site) {
	s.write("inner.py", `import os, subprocess
def look():
    leaked = [k for k in os.environ if k.startswith(("SBATCH_", "SLURM_MEM_PER_NODE"))]
    return leaked + [os.environ["SLURM_JOB_PARTITION"], subprocess.run(["srun", "-n1", "echo", "works"], capture_output=True, text=True).stdout.strip()]
`)
	s.write("inner.yaml", "graph: {id: inner}\nnodes: [{id: a, task_type: method, task_identifier: inner.look}]\n")
	cmd := s.command("srun", "--mem=300", "--ntasks=1", "--partition=short", program, "run", "inner.yaml", "--scheduler", "slurm", "--jobs", "1", "--mem-per-cpu", "100M", "--cores", "1")
	cmd.Env = append(cmd.Env, "SBATCH_PARTITION=small", "SBATCH_TIMELIMIT=7")
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if got := strings.Join(strings.Fields(string(out)), ""); err != nil || got != `{"return_value":["debug","works"]}` {
		s.Errorf("%s, %v\n%s", got, err, errs.String())
	}
}

// The worker of a job is started once more, by hand, with the same launch key.
// Each task is executed once all the same, and no worker outlives the job whose
// key it has.
func workerByHand(s *site) {
	s.fan("hand", "count", 60, ", {name: seconds, value: 0.05}")
	s.ok("up", "--cluster", "hand", "--jobs", "1", "--cores", "1", "--detach", poll)
	s.until("a worker", func() bool { return len(s.status("hand").Workers) == 1 })
	args := launchArguments(s, "hand")
	var said strings.Builder
	cmd := s.command(program, append(args, "--index", "0")...)
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = cmd.Wait() }()
	if again := s.doneRight("hand", 60, s.try("run", "hand.yaml", "--cluster", "hand")); again != 0 {
		s.Errorf("%d tasks were executed again", again)
	}
	s.ok("scale", "--cluster", "hand", "--jobs", "0")
	s.until("no job", func() bool { return len(s.queue("hand")) == 0 })
	s.until("no worker", func() bool { return len(s.status("hand").Workers) == 0 })
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		_ = cmd.Process.Kill()
		<-ended
		s.Errorf("the worker outlives its job")
	}
	if !strings.Contains(said.String(), "worker ends") {
		s.Errorf("its log does not say why it ended:\n%s", said.String())
	}
	// After the job nobody gets in with its key any more.
	late := s.try(append(args, "--index", "0", "--death-timeout", "3s")...)
	if late.code != 3 || !strings.Contains(late.err, "worker ends") {
		s.Errorf("a late worker: exit code %d\n%s", late.code, late.err)
	}
	s.down("hand")
}

// launchArguments are those with which the job script starts a worker.
func launchArguments(s *site, cluster string) []string {
	job := s.status(cluster).Jobs[0].ID
	script, err := s.slurm.Command("scontrol", "write", "batch_script", job, "-").Output()
	if err != nil {
		s.Fatal(err)
	}
	words := strings.Fields(strings.ReplaceAll(string(script), "\\\n", " "))
	var args []string
	for _, name := range []string{"--access", "--launch"} {
		i := slices.Index(words, name)
		if i < 0 {
			s.Fatalf("no %s in\n%s", name, script)
		}
		args = append(args, name, strings.Trim(words[i+1], "'"))
	}
	return append([]string{"worker"}, args...)
}

// Few questions, however many tasks; and commands that take their time, as they do
// where Slurm limits the rate, are no failures.
func polite(s *site) {
	for _, command := range []string{"squeue", "sbatch", "scontrol"} {
		s.wrap(command, `sleep 2; exec "$REAL" "$@"`)
	}
	s.fan("many", "count", 200, ", {name: seconds, value: 0.05}")
	s.ok("up", "--cluster", "polite", "--jobs", "3", "--cores", "1", "--detach") // with the usual interval
	begun := time.Now()
	if again := s.doneRight("many", 200, s.try("run", "many.yaml", "--cluster", "polite")); again != 0 {
		s.Errorf("%d tasks were executed again", again)
	}
	if text := s.ok("status", "--cluster", "polite"); strings.Contains(text, "not known") || strings.Contains(text, "could not") {
		s.Errorf("slow commands count as failures:\n%s", text)
	}
	// One look in 15 s, one for each of the three hellos, at the start and for status.
	if n, most := s.calls("squeue"), 6+int(time.Since(begun)/(15*time.Second)); n > most {
		s.Errorf("squeue was run %d times in %s, want at most %d", n, time.Since(begun), most)
	}
	if n := s.calls("sbatch"); n != 1 {
		s.Errorf("sbatch was run %d times", n)
	}
	s.down("polite")
}

// The second launcher on a state directory refuses, and names the first, however
// close together they start.
func twoLaunchers(s *site) {
	var started []<-chan ended
	for range 3 {
		started = append(started, s.begin("up", "--cluster", "one", "--jobs", "1", "--cores", "1", "--detach", poll))
	}
	var up, refused int
	for _, done := range started {
		switch e := <-done; {
		case e.code == 0:
			up++
		case e.code == 3 && strings.Contains(e.err, "already") && strings.Contains(e.err, "hint: "):
			refused++
		default:
			s.Errorf("exit code %d\n%s%s", e.code, e.out, e.err)
		}
	}
	if up != 1 || refused != 2 {
		s.Fatalf("%d are up, %d refused", up, refused)
	}
	first := s.launcher("one")
	for _, args := range [][]string{{"--detach"}, {}} {
		e := s.try(append([]string{"up", "--cluster", "one", "--jobs", "1", "--cores", "1", poll}, args...)...)
		if e.code != 3 || !strings.Contains(e.err, "process "+itoa(first)) || !strings.Contains(e.err, "hint: ") {
			s.Errorf("%v: exit code %d, want one that names process %d\n%s", args, e.code, first, e.err)
		}
	}
	if now := s.launcher("one"); now != first || len(s.queue("one")) != 1 {
		s.Errorf("launcher %d became %d, jobs %v", first, now, s.queue("one"))
	}
	s.until("a worker", func() bool { return len(s.status("one").Workers) == 1 })
	s.down("one")
	if _, err := os.Stat(filepath.Join(s.state("one"), "launcher.pid")); err == nil {
		s.Error("launcher.pid is left")
	}
}
