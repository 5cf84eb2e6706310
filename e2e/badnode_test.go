package e2e

import (
	"strings"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/slurm/slurmtest"
)

// Jobs take whole nodes here, so that Slurm gives them the one that is free.
func TestBadNodes(t *testing.T) {
	t.Parallel()
	slurm := slurmtest.Start(t, slurmtest.Options{Nodes: 3, CPUs: 2})
	t.Run("one of three", func(t *testing.T) { badNode(newSite(t, slurm)) })
	t.Run("all", func(t *testing.T) { badNodes(newSite(t, slurm)) })
	t.Run("none", func(t *testing.T) { takenAway(newSite(t, slurm)) })
}

// A node on which jobs die is not used any more, and the cluster works without it.
func badNode(s *site) {
	s.write("sleeps.yaml", sleeps)
	s.ok("up", "--cluster", "bad", "--cores", "2", "--jobs", "3", "--job-script-prologue", `[ "$SLURMD_NODENAME" != n2 ]`, "--detach", poll)
	excluded := func() bool {
		return strings.Contains(s.ok("status", "--cluster", "bad"), "note: pool default: node n2 is not used until")
	}
	s.until("n2 is excluded", excluded)
	s.until("two workers", func() bool { return len(s.status("bad").Workers) == 2 })
	s.until("the third job avoids n2", func() bool {
		out, err := s.slurm.Command("scontrol", "--oneliner", "show", "job").CombinedOutput()
		if err != nil {
			s.Fatalf("%s, %v", out, err)
		}
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, "JobState=PENDING") && strings.Contains(line, "ExcNodeList=n2") {
				return true
			}
		}
		return false
	})
	if out := s.ok("run", "sleeps.yaml", "--cluster", "bad"); out != sleepsOutput {
		s.Errorf("outputs %s", out)
	}
	died := 0
	for _, j := range s.status("bad").Jobs {
		if j.Nodes == "n2" {
			died++
		}
	}
	if text := s.ok("status", "--cluster", "bad"); died != 2 || strings.Contains(text, "is stopped") || !strings.Contains(text, "2 jobs died fast there; the last: job ") {
		s.Errorf("%d jobs died on n2:\n%s", died, text)
	}
	s.ok("scale", "--cluster", "bad", "--jobs", "2")
	s.until("no job is queued", func() bool { return len(s.queue("bad")) == 2 })
	if text := s.ok("resume", "--cluster", "bad"); !strings.Contains(text, "pool default uses n2 again") {
		s.Errorf("resume says\n%s", text)
	}
	if excluded() {
		s.Error("n2 is excluded after resume")
	}
	s.ok("scale", "--cluster", "bad", "--jobs", "3")
	s.until("n2 is excluded again", excluded)
	s.down("bad")
}

// When they die everywhere it is not the nodes: nothing more is submitted until
// somebody resumes.
func badNodes(s *site) {
	s.ok("up", "--cluster", "worse", "--cores", "2", "--jobs", "1", "--job-script-prologue", "module load ewoks", "--detach", poll)
	stopped := func() bool {
		return strings.Contains(s.ok("status", "--cluster", "worse"), "note: pool default is stopped since")
	}
	s.until("the pool is stopped", stopped)
	text := s.ok("status", "--cluster", "worse")
	for _, want := range []string{"3 jobs in a row ended before a worker said hello", "job_script_prologue", "then ewoks-hpc resume --cluster worse tries again", "      ewoks-hpc: job_script_prologue line 1 failed"} {
		if !strings.Contains(text, want) {
			s.Errorf("status does not say %q:\n%s", want, text)
		}
	}
	before := len(s.status("worse").Jobs)
	if before != 3 {
		s.Errorf("%d jobs were submitted, want 3", before)
	}
	if text := s.ok("resume", "--cluster", "worse"); !strings.Contains(text, "pool default submits jobs again") {
		s.Errorf("resume says\n%s", text)
	}
	s.until("it is stopped again", func() bool { return stopped() && len(s.status("worse").Jobs) == before+3 })
	s.down("worse")
}

// Jobs that somebody cancels, queued or before their worker says hello, are replaced,
// and neither the pool nor a node is blamed.
func takenAway(s *site) {
	for name, option := range map[string][]string{
		"held": {"--job-extra-directives=--begin=now+1hour"},
		"slow": {"--job-script-prologue", "sleep 1000"},
	} {
		s.ok(append([]string{"up", "--cluster", name, "--cores", "1", "--jobs", "1", "--detach", poll}, option...)...)
		want := map[string]string{"held": "it may not start yet", "slow": "no worker has said hello yet"}[name]
		for n := range 4 {
			s.until("another job", func() bool {
				return len(s.queue(name)) == 1 && len(s.status(name).Jobs) == n+1 && strings.Contains(s.ok("status", "--cluster", name), want)
			})
			id, _, _ := strings.Cut(s.queue(name)[0], " ")
			if out, err := s.slurm.Command("scancel", id).CombinedOutput(); err != nil {
				s.Fatalf("%s, %v", out, err)
			}
		}
		s.until("the last is replaced", func() bool { return len(s.status(name).Jobs) == 5 })
		if text := s.ok("status", "--cluster", name); strings.Contains(text, "is stopped") || strings.Contains(text, "is not used") {
			s.Errorf("after jobs were cancelled by hand:\n%s", text)
		}
		s.down(name)
	}
}
