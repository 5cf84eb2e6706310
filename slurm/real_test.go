package slurm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/slurm/slurmtest"
)

// site is a private Slurm and a driver for it.
type site struct {
	*CLI
	cluster *slurmtest.Cluster
}

func newSite(t *testing.T, conf ...string) site {
	t.Helper()
	cluster := slurmtest.Start(t, slurmtest.Options{
		Conf:       append([]string{"MessageTimeout=2"}, conf...),
		Partitions: []string{"PartitionName=short Nodes=ALL MaxTime=1"},
	})
	s := site{cluster: cluster}
	s.CLI = s.with(Options{})
	return s
}

// with makes another driver for the same Slurm.
func (s site) with(opts Options) *CLI {
	opts.Env = slices.Concat(os.Environ(), opts.Env, s.cluster.Env())
	return NewCLI(opts)
}

// job is a submission whose script runs the commands.
func job(t *testing.T, n int, commands string, args ...string) Submission {
	name := strings.NewReplacer("/", "-", " ", "-").Replace(t.Name())
	return Submission{
		Name: name, Array: n, Script: "#!/bin/sh\n" + commands + "\n", Dir: t.TempDir(),
		Args: append([]string{"--output=%A_%a.out", "--no-requeue", "--time=5"}, args...),
	}
}

func mustSubmit(t *testing.T, cli *CLI, s Submission) string {
	t.Helper()
	id, err := cli.Submit(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// waitJobs lists a name until its jobs satisfy ok.
func waitJobs(t *testing.T, cli *CLI, name, what string, ok func([]Job) bool) []Job {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	for {
		snapshot, err := cli.List(ctx, []string{name})
		if err == nil && snapshot.Complete && ok(snapshot.Jobs) {
			return snapshot.Jobs
		}
		if sleep(ctx, 100*time.Millisecond) != nil {
			t.Fatalf("%s: never %s, but %+v, %v", name, what, snapshot.Jobs, err)
		}
	}
}

// all says whether there are n jobs, each in this state.
func all(n int, state State) func([]Job) bool {
	return func(jobs []Job) bool {
		return len(jobs) == n && !slices.ContainsFunc(jobs, func(j Job) bool { return j.State != state })
	}
}

func waitFile(t *testing.T, path string) string {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if text, err := os.ReadFile(path); err == nil && strings.HasSuffix(string(text), "end\n") {
			return string(text)
		}
	}
	t.Fatalf("%s is not complete after 30 s", path)
	return ""
}

func TestAgainstSlurm(t *testing.T) {
	t.Parallel()
	s := newSite(t, "CliFilterPlugins=cli_filter/lua")
	const filter = `
function slurm_cli_setup_defaults(o, e) return slurm.SUCCESS end
function slurm_cli_pre_submit(o, p)
  if o["comment"] == "refuse" then slurm.log_error("the site wants no such job"); return slurm.ERROR end
  slurm.log_info("Welcome to the site")
  return slurm.SUCCESS
end
function slurm_cli_post_submit(o, j, st) return slurm.SUCCESS end
`
	if err := os.WriteFile(filepath.Join(s.cluster.Dir, "cli_filter.lua"), []byte(filter), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]func(*testing.T, site){
		"probe":           testProbe,
		"life of jobs":    testLife,
		"rejected":        testRejected,
		"rejected record": testRejectedRecord,
		"site policy":     testSitePolicy,
		"impossible":      testImpossible,
		"cancel":          testCancel,
		"signal":          testSignal,
		"environment":     testEnvironment,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, site{s.with(Options{}), s.cluster})
		})
	}
}

func testProbe(t *testing.T, s site) {
	info, err := s.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if info.Version == "" || info.ClusterName != "private" || info.MaxArraySize != 1000 || info.MessageTimeout != 2*time.Second ||
		info.KillWait != 3*time.Second || info.MinJobAge != 30*time.Second || info.Accounting || !info.Completions {
		t.Errorf("got %+v", info)
	}
}

func testLife(t *testing.T, s site) {
	sub := job(t, 3, `while ! test -e go; do sleep 0.1; done; exit $SLURM_ARRAY_TASK_ID`)
	began := time.Now().Add(-2 * time.Second) // Slurm's times are whole seconds
	id := mustSubmit(t, s.CLI, sub)
	for _, job := range waitJobs(t, s.CLI, sub.Name, "running", all(3, Running)) {
		if job.ID != id || job.Name != sub.Name || !strings.HasPrefix(job.Nodes, "n") || job.Start.Before(began) || job.Start.After(time.Now()) {
			t.Errorf("running job %+v of array %s since %v", job, id, began)
		}
	}
	if err := os.WriteFile(filepath.Join(sub.Dir, "go"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	ended := waitJobs(t, s.CLI, sub.Name, "ended", all(3, Ended))
	for _, job := range ended {
		if want := map[int]Outcome{0: Completed, 1: Failed, 2: Failed}[job.Index]; job.Outcome != want || job.End.IsZero() {
			t.Errorf("ended job %+v, want outcome %s", job, want)
		}
	}
	known, err := s.History(t.Context(), ended)
	if err != nil || len(known) != 3 {
		t.Fatalf("history of 3 jobs: %+v, %v", known, err)
	}
	for _, job := range known {
		if job.ExitCode != fmt.Sprintf("%d:0", job.Index) || job.ID != id || job.State != Ended {
			t.Errorf("history says %+v", job)
		}
	}
}

func testRejected(t *testing.T, s site) {
	sub := job(t, 1, "true", "--partition=nope")
	began := time.Now()
	_, err := s.Submit(t.Context(), sub)
	var e *Error
	if !errors.Is(err, ErrRejected) || !errors.As(err, &e) || !strings.Contains(err.Error(), "invalid partition specified: nope") || e.Hint() == "" {
		t.Errorf("got %v, want ErrRejected with Slurm's words and a hint", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("that took %v", took)
	}
}

func testRejectedRecord(t *testing.T, s site) {
	sub := job(t, 1, "sleep 60", "--mem=9G")
	if _, err := s.Submit(t.Context(), sub); !errors.Is(err, ErrRejected) {
		t.Fatalf("got %v, want ErrRejected", err)
	}
	record := waitJobs(t, s.CLI, sub.Name, "recorded", all(1, Ended))
	if found, err := s.Find(t.Context(), sub.Name); err != nil || len(found) > 0 {
		t.Errorf("found %+v, %v; the record of a refused submission is no job", found, err)
	}
	sub.Args[len(sub.Args)-1] = "--mem=100M"
	id := mustSubmit(t, s.CLI, sub)
	if adopted, found, err := s.Adopt(t.Context(), sub.Name); adopted != id || !found || err != nil || id == record[0].ID {
		t.Errorf("adopted %q, %v, %v; want %s, not the refused %s", adopted, found, err, id, record[0].ID)
	}
}

func testSitePolicy(t *testing.T, s site) {
	var log strings.Builder
	cli := s.with(Options{Logger: logTo(&log)})
	mustSubmit(t, cli, job(t, 1, "true"))
	if !strings.Contains(log.String(), "Welcome to the site") {
		t.Errorf("the site's message is not in the log %q", log.String())
	}
	if _, err := cli.Submit(t.Context(), job(t, 1, "true", "--comment=refuse")); !errors.Is(err, ErrRejected) || !strings.Contains(err.Error(), "the site wants no such job") {
		t.Errorf("got %v, want ErrRejected in the site's words", err)
	}
}

func testImpossible(t *testing.T, s site) {
	sub := job(t, 1, "true", "--partition=short", "--time=99")
	mustSubmit(t, s.CLI, sub)
	waitJobs(t, s.CLI, sub.Name, "explained", func(jobs []Job) bool {
		wait, _ := Explain(jobs[0].Reason)
		return jobs[0].State == Queued && wait == WaitForever
	})
}

func testCancel(t *testing.T, s site) {
	finished, running, waiting := job(t, 1, "true"), job(t, 2, "sleep 60"), job(t, 3, "true", "--hold")
	running.Name += "-running"
	waiting.Name += "-held"
	ids := []string{mustSubmit(t, s.CLI, finished), mustSubmit(t, s.CLI, running), mustSubmit(t, s.CLI, waiting), "9999999"}
	names := []string{finished.Name, running.Name, waiting.Name}
	waitJobs(t, s.CLI, finished.Name, "ended", all(1, Ended))
	waitJobs(t, s.CLI, running.Name, "running", all(2, Running))
	waitJobs(t, s.CLI, waiting.Name, "held", all(3, Held))

	if err := s.Cancel(t.Context(), ids, CancelOptions{PendingOnly: true}); err != nil {
		t.Fatal(err)
	}
	// They vanish, or stay listed as one cancelled job; neither is an error.
	waitJobs(t, s.CLI, waiting.Name, "cancelled", func(jobs []Job) bool { return len(stillThere(jobs, ids)) == 0 })
	waitJobs(t, s.CLI, running.Name, "still running", all(2, Running))

	if err := s.Cancel(t.Context(), []string{ids[1] + "_0"}, CancelOptions{}); err != nil {
		t.Fatal(err)
	}
	jobs := waitJobs(t, s.CLI, running.Name, "half cancelled", func(jobs []Job) bool {
		return len(jobs) == 2 && jobs[0].State != jobs[1].State && slices.ContainsFunc(jobs, func(j Job) bool { return j.State == Ended })
	})
	for _, job := range jobs {
		if want := []State{Ended, Running}[job.Index]; job.State != want {
			t.Errorf("after the cancellation of index 0: %+v", job)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if left, err := s.CancelAndWait(ctx, names, ids, 100*time.Millisecond); err != nil || len(left) > 0 {
		t.Errorf("left %+v, %v", left, err)
	}
	waitJobs(t, s.CLI, running.Name, "cancelled", func(jobs []Job) bool {
		return all(2, Ended)(jobs) && jobs[0].Outcome == Cancelled && jobs[1].Outcome == Cancelled
	})
	if err := s.Cancel(t.Context(), []string{"12; rm"}, CancelOptions{}); err == nil {
		t.Error("a wrong id is accepted")
	}
}

func testSignal(t *testing.T, s site) {
	sub := job(t, 1, `trap 'echo end >got; exit 0' USR1; echo end >ready; while :; do sleep 0.1; done`)
	id := mustSubmit(t, s.CLI, sub)
	waitFile(t, filepath.Join(sub.Dir, "ready"))
	if err := s.Cancel(t.Context(), []string{id}, CancelOptions{Signal: "USR1", BatchOnly: true}); err != nil {
		t.Fatal(err)
	}
	waitFile(t, filepath.Join(sub.Dir, "got"))
	waitJobs(t, s.CLI, sub.Name, "completed", func(jobs []Job) bool { return len(jobs) == 1 && jobs[0].Outcome == Completed })
}

func testEnvironment(t *testing.T, s site) {
	cli := s.with(Options{
		Env: []string{"SBATCH_PARTITION=short", "SBATCH_COMMENT=refuse", "SLURM_MEM_PER_NODE=300", "SQUEUE_FORMAT=%i", "SLURM_TIME_FORMAT=%s",
			"SLURM_CLUSTERS=other", "SQUEUE_STATES=PD", "SCANCEL_INTERACTIVE=1", "EWOKS_HPC_TOKEN=s3cret", "SITE_SECRET=s3cret", "PLAIN=kept"},
		ExtraSecretPrefixes: []string{"SITE_SECRET"},
	})
	sub := job(t, 1, "env >out.tmp; srun -n1 true && echo srun works >>out.tmp; echo end >>out.tmp; mv out.tmp out", "--mem-per-cpu=100M")
	sub.Env = []string{"MINE=too", "SRUN_DEBUG=9", "SITE_SECRET_TWO=s3cret"}
	mustSubmit(t, cli, sub)
	env := waitFile(t, filepath.Join(sub.Dir, "out"))
	for _, leak := range []string{"s3cret", "SLURM_MEM_PER_NODE", "SBATCH_", "SQUEUE_", "SLURM_CLUSTERS", "SRUN_DEBUG", "SLURM_JOB_PARTITION=short"} {
		if strings.Contains(env, leak) {
			t.Errorf("%s leaked into the job", leak)
		}
	}
	for _, want := range []string{"PLAIN=kept\n", "MINE=too\n", "SLURM_JOB_PARTITION=debug\n", "srun works\n", "SLURM_CONF=" + s.cluster.Conf} {
		if !strings.Contains(env, want) {
			t.Errorf("no %q in the job's environment:\n%s", want, env)
		}
	}
	waitJobs(t, cli, sub.Name, "completed", func(jobs []Job) bool { return len(jobs) == 1 && jobs[0].Outcome == Completed })
}
