package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/slurm/slurmtest"
)

// TestAdversaryFaults: one thing is done to a cluster in the midst of a run, which
// ends well all the same; what is recorded is what happened.
func TestAdversaryFaults(t *testing.T) {
	t.Parallel()
	slurm := slurmtest.Start(t, slurmtest.Options{Nodes: 4, CPUs: 8, Conf: []string{"MessageTimeout=3"}})
	for name, test := range map[string]func(*adversary){
		"keeper killed":         keeperKilled,
		"template killed":       templateKilled,
		"interpreter frozen":    interpreterFrozen,
		"batch step killed":     batchStepKilled,
		"one of an array":       oneOfAnArray,
		"job logs deleted":      jobLogsDeleted,
		"temporary folder gone": temporaryFolderGone,
		"job held":              jobHeld,
		"walltime shortened":    walltimeShortened,
		"values deleted":        valuesDeleted,
		"values truncated":      valuesTruncated,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &adversary{site: newSite(t, slurm), cluster: strings.ReplaceAll(name, " ", "-")}
			a.witnessed()
			test(a)
		})
	}
}

// adversary does something to a cluster while a run goes through it.
type adversary struct {
	*site
	cluster string
}

const adversaryTasks = 40

// amid brings two jobs of two slots up, does harm in the midst of a run, which must
// succeed, and compares.
func (a *adversary) amid(harm func(), runArgs ...string) {
	a.Helper()
	a.up()
	a.goOn(harm, runArgs...)
}

// goOn is amid with jobs that are there.
func (a *adversary) goOn(harm func(), runArgs ...string) {
	a.Helper()
	a.until("two workers", func() bool { return len(a.status(a.cluster).Workers) == 2 })
	a.witnesses(a.cluster, adversaryTasks, ", {name: seconds, value: 0.2}")
	done := a.begin(append([]string{"run", a.cluster + ".yaml", "--cluster", a.cluster}, runArgs...)...)
	a.until("the run is under way", func() bool { return a.begunBy(a.cluster) > 8 })
	harm()
	e := <-done
	if e.code != 0 || e.out != witnessOutput(adversaryTasks) {
		a.Errorf("exit code %d\n%s%s", e.code, e.out, e.err)
	}
}

func (a *adversary) up(more ...string) {
	a.Helper()
	a.ok(append([]string{"up", "--cluster", a.cluster, "--jobs", "2", "--cores", "2", "--detach", poll}, more...)...)
}

// end compares and ends. The causes of attempts that did not succeed are among these.
func (a *adversary) end(causes ...string) {
	a.Helper()
	a.agree(a.cluster, 0)
	for cause, n := range a.causes(a.cluster, a.cluster) {
		a.Logf("%d attempts: %s", n, cause)
		if !contains(causes, cause) {
			a.Errorf("%d attempts were %q, want %q only", n, cause, causes)
		}
	}
	a.down(a.cluster)
}

// interpreters are the processes that execute tasks; their parents are keepers.
func (a *adversary) interpreters() (pids []int) {
	a.Helper()
	for _, list := range a.executions() {
		for _, e := range list {
			if e.Ended == 0 && syscall.Kill(e.Pid, 0) == nil {
				pids = append(pids, e.Pid)
			}
		}
	}
	if len(pids) == 0 {
		a.Fatal("nothing is executed")
	}
	return pids
}

// parentOf reads the parent from /proc.
func (a *adversary) parentOf(pid int) (parent int) {
	a.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", itoa(pid), "status"))
	if err != nil {
		a.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "PPid:"); ok {
			for _, digit := range bytes.TrimSpace([]byte(value)) {
				parent = 10*parent + int(digit-'0')
			}
		}
	}
	return parent
}

// The parent of an interpreter, which ends what tasks have started, is killed.
func keeperKilled(a *adversary) {
	a.amid(func() {
		keeper := a.parentOf(a.interpreters()[0])
		a.must(syscall.Kill(keeper, syscall.SIGKILL))
	}, "--retries", "1")
	a.end("failed: died")
}

// The process that interpreters are forked from is killed, and with it they are.
func templateKilled(a *adversary) {
	a.amid(func() {
		template := a.parentOf(a.parentOf(a.interpreters()[0]))
		a.must(syscall.Kill(template, syscall.SIGKILL))
	}, "--retries", "1")
	a.end("failed: died")
}

// A task hangs where no signal reaches it: its limit ends it.
func interpreterFrozen(a *adversary) {
	a.amid(func() { a.must(syscall.Kill(a.interpreters()[0], syscall.SIGSTOP)) }, "--task-timeout", "3s", "--timeout-retries", "1")
	if n := a.causes(a.cluster, a.cluster)["failed: timeout"]; n != 1 {
		a.Errorf("%d timeouts", n)
	}
	a.end("failed: timeout")
}

func batchStepKilled(a *adversary) {
	a.amid(func() { a.scancel("--batch", "--signal=KILL", a.status(a.cluster).Workers[0].Job) })
	a.until("two workers again", func() bool { return len(a.status(a.cluster).Workers) == 2 })
	a.end("lost: worker lost", "lost: walltime")
}

func oneOfAnArray(a *adversary) {
	a.amid(func() { a.scancel(a.status(a.cluster).Workers[0].Job) })
	a.until("two workers again", func() bool { return len(a.status(a.cluster).Workers) == 2 })
	a.end("lost: worker lost", "lost: walltime")
}

// A user makes room, and takes the logs of jobs that run.
func jobLogsDeleted(a *adversary) {
	a.amid(func() { a.must(os.RemoveAll(a.state(a.cluster, "jobs"))) })
	job := a.status(a.cluster).Workers[0].Job
	if e := a.try("logs", "--cluster", a.cluster, job); e.code != 2 || !strings.Contains(e.err, "no log of job "+job) {
		a.Errorf("logs: exit code %d\n%s", e.code, e.err)
	}
	a.scancel(job)
	a.until("another job takes its place", func() bool {
		o := a.status(a.cluster)
		for _, w := range o.Workers {
			if w.Job == job {
				return false
			}
		}
		return len(o.Workers) == 2
	})
	a.end("")
}

// Some cleaner removes all temporary files.
func temporaryFolderGone(a *adversary) {
	clean := func() {
		for _, name := range glob(a.site, filepath.Join(a.dir, "tmp", "*")) {
			a.Logf("removed: %s", name)
		}
		a.must(os.RemoveAll(filepath.Join(a.dir, "tmp")))
	}
	a.amid(func() {
		clean()
		a.must(syscall.Kill(a.interpreters()[0], syscall.SIGKILL)) // its successor has none from the start
	}, "--retries", "1")
	a.end("failed: died")
}

// A user holds a job that waits, and later lets it go.
func jobHeld(a *adversary) {
	a.witnesses(a.cluster, 4, "")
	a.up("--job-extra-directive", "--hold")
	job := a.status(a.cluster).Jobs[0].ID
	a.until("status says so", func() bool { return strings.Contains(a.ok("status", "--cluster", a.cluster), "JobHeldUser") })
	done := a.begin("run", a.cluster+".yaml", "--cluster", a.cluster)
	a.until("explain says so", func() bool { return strings.Contains(a.try("explain", "last", "--cluster", a.cluster).out, "held") })
	a.scontrol("release", job)
	if e := <-done; e.code != 0 || e.out != witnessOutput(4) {
		a.Errorf("exit code %d\n%s%s", e.code, e.out, e.err)
	}
	a.until("status says it no more", func() bool { return !strings.Contains(a.ok("status", "--cluster", a.cluster), "JobHeldUser") })
	a.end()
}

// Somebody changes the time limit of a job.
func walltimeShortened(a *adversary) {
	a.amid(func() {
		job := a.status(a.cluster).Workers[0].Job
		a.scontrol("update", "jobid="+job, "timelimit=1")
		a.scontrol("update", "jobid="+job, "endtime=now")
	})
	a.end("lost: worker lost", "lost: walltime")
}

// stored waits for large values of a run whose last task waits, does something to
// their files, and lets it go on.
func (a *adversary) stored(harm func(file string)) ended {
	a.Helper()
	a.up()
	a.witnesses(a.cluster, 2, ", {name: size, value: 3000000}, {name: seconds, value: 0.2}")
	a.ok("pause", "--cluster", a.cluster)
	done := a.begin("run", a.cluster+".yaml", "--cluster", a.cluster)
	a.until("the run is known", func() bool { return strings.Contains(a.ok("runs", "--cluster", a.cluster), a.cluster) })
	a.ok("resume", "--cluster", a.cluster)
	a.until("both tasks are begun", func() bool { return a.begunBy(a.cluster) >= 2 })
	a.ok("pause", "--cluster", a.cluster)
	var files []string
	a.until("values are stored", func() bool {
		files = slices.DeleteFunc(glob(a.site, a.state(a.cluster, "values", "*", "*")), func(name string) bool {
			return strings.HasSuffix(name, ".tmp") // still being written
		})
		return len(files) == 2
	})
	for _, file := range files {
		harm(file)
	}
	a.ok("resume", "--cluster", a.cluster)
	return <-done
}

func valuesDeleted(a *adversary) {
	e := a.stored(func(file string) { a.must(os.Remove(file)) })
	if e.code != 1 || !strings.Contains(e.err, "an input cannot be read from the value store") {
		a.Errorf("exit code %d\n%s", e.code, e.err)
	}
	a.end("failed: exception")
}

func valuesTruncated(a *adversary) {
	e := a.stored(func(file string) { a.must(os.Truncate(file, 1000)) })
	if e.code != 1 || !strings.Contains(e.err, "an input cannot be read from the value store") {
		a.Errorf("exit code %d\n%s", e.code, e.err)
	}
	a.end("failed: died", "failed: exception")
}
