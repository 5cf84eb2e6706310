package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/slurm/slurmtest"
)

// TestBehaviourSlurmctld freezes, ends and empties the controller, so its parts run
// in turn.
func TestBehaviourSlurmctld(t *testing.T) {
	t.Parallel()
	slurm := slurmtest.Start(t, slurmtest.Options{Nodes: 2, CPUs: 4, Conf: []string{"MessageTimeout=2"}})
	for _, part := range []struct {
		name string
		test func(*site)
	}{
		{"2 killed amid a submission", killedAmidSubmission},
		{"5 slurmctld down", func(s *site) { slurmctldDown(s, 40) }},
		{"6 absence is not success", absence},
		{"20 site policy", sitePolicy},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(newSite(t, slurm)) })
	}
}

// The launcher is killed while an sbatch is on its way to a slurmctld that does not
// answer. The next launcher finds those jobs and submits none.
func killedAmidSubmission(s *site) {
	// Frozen any sooner, slurmctld would not answer what the launcher asks before.
	s.wrap("sbatch", `if [ -e hold ]; then : >held; while ! [ -e frozen ]; do sleep 0.02; done; fi; exec "$REAL" "$@"`)
	up := []string{"up", "--cluster", "amid", "--cores", "1", "--detach", poll}
	s.ok(append(up, "--jobs", "1")...)
	s.until("a worker", func() bool { return len(s.status("amid").Workers) == 1 })
	s.write("hold", "")
	scaled := s.begin("scale", "--cluster", "amid", "--jobs", "3")
	s.until("sbatch begins", func() bool { _, err := os.Stat(filepath.Join(s.dir, "work", "held")); return err == nil })
	s.must(s.slurm.StopController())
	s.Cleanup(func() { _ = s.slurm.ContController() }) // or the other parts would fail too
	s.write("frozen", "")
	time.Sleep(500 * time.Millisecond) // it must have sent what it has to say
	s.kill("amid")
	s.must(s.slurm.ContController())
	<-scaled
	s.ok(append(up, "--jobs", "3")...)
	s.until("three workers", func() bool { return len(s.status("amid").Workers) == 3 })
	time.Sleep(3 * time.Second) // two more looks must add nothing
	if jobs := s.history("amid"); len(jobs) != 3 || s.calls("sbatch") != 2 {
		s.Errorf("jobs %v after %d calls of sbatch, want three after two", jobs, s.calls("sbatch"))
	}
	s.down("amid")
}

func (s *site) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// While slurmctld is down tasks flow as before; what could not be submitted then is
// submitted when it is back.
func slurmctldDown(s *site, tasks int) {
	s.fan("flow", "count", tasks, ", {name: seconds, value: 0.2}")
	s.ok("up", "--cluster", "flow", "--jobs", "2", "--cores", "1", "--detach", poll)
	s.until("two workers", func() bool { return len(s.status("flow").Workers) == 2 })
	done := s.begin("run", "flow.yaml", "--cluster", "flow")
	s.until("tasks flow", func() bool { return len(s.noted("flow")) >= 5 })
	s.must(s.slurm.ShutdownController())
	if len(s.noted("flow")) == tasks {
		s.Error("slurmctld was not down while tasks flowed")
	}
	s.ok("scale", "--cluster", "flow", "--jobs", "3")
	if again := s.doneRight("flow", tasks, <-done); again != 0 {
		s.Errorf("%d tasks were executed again", again)
	}
	s.until("status says what is wrong", func() bool {
		return strings.Contains(s.ok("status", "--cluster", "flow"), "Unable to contact slurm controller")
	})
	if o := s.status("flow"); o.Totals.Lost != 0 || o.Totals.Failed != 0 || len(o.Workers) != 2 {
		s.Errorf("without slurmctld: %+v and %d workers", o.Totals, len(o.Workers))
	}
	s.must(s.slurm.StartController())
	s.untilLong("three workers", 90*time.Second, func() bool { return len(s.status("flow").Workers) == 3 })
	s.down("flow")
}

// Slurm forgets all jobs, and so their nodes end them. Jobs that are not listed any
// more did not succeed: what they had is executed again, in other jobs.
func absence(s *site) {
	s.fan("absent", "wait", 2, "")
	s.ok("up", "--cluster", "absent", "--jobs", "1", "--cores", "2", "--detach", poll)
	done := s.begin("run", "absent.yaml", "--cluster", "absent")
	s.until("both tasks are begun", func() bool { return len(s.noted("absent")) == 2 })
	s.until("the job was listed", func() bool { return s.status("absent").Jobs[0].Nodes != "" })
	s.must(errors.Join(s.slurm.ShutdownController(), s.slurm.ForgetJobs(), s.slurm.StartController()))
	s.untilLong("both tasks are begun again", time.Minute, func() bool { return len(s.noted("absent")) == 4 })
	s.write("go-on", "")
	s.doneRight("absent", 2, <-done)
	s.lossesOnly("absent")
	s.down("absent")
}

// A site that refuses --mem is told off in its own words, and one option makes the
// jobs acceptable.
func sitePolicy(s *site) {
	const policy = `function slurm_job_submit(job, parts, uid)
  if job.min_mem_per_node ~= nil then
    slurm.log_user("this site wants memory per core: use --mem-per-cpu")
    return slurm.ERROR
  end
  return slurm.SUCCESS
end
function slurm_job_modify(job, rec, parts, uid) return slurm.SUCCESS end
return slurm.SUCCESS
`
	s.must(os.WriteFile(filepath.Join(s.slurm.Dir, "job_submit.lua"), []byte(policy), 0o644))
	s.must(s.slurm.ShutdownController())
	s.must(appendTo(s.slurm.Conf, "JobSubmitPlugins=lua\n"))
	s.must(s.slurm.StartController())
	e := s.try("up", "--cluster", "policy", "--jobs", "1", "--cores", "1", "--memory", "200MB", "--detach", poll)
	if e.code != 3 || !strings.Contains(e.err, "this site wants memory per core: use --mem-per-cpu") {
		s.Errorf("exit code %d: %s", e.code, e.err)
	}
	s.ok("up", "--cluster", "policy", "--jobs", "1", "--cores", "1", "--mem-per-cpu", "200MB", "--detach", poll)
	s.until("a worker", func() bool { return len(s.status("policy").Workers) == 1 })
	s.down("policy")
}

func appendTo(path, text string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
