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

// The TestBehaviour tests hold what docs/slurm.md says, by the numbers there.

// TestBehaviourLists: what can be read in Slurm's lists.
func TestBehaviourLists(t *testing.T) {
	t.Parallel()
	cluster := slurmtest.Start(t, slurmtest.Options{Partitions: []string{"PartitionName=others Nodes=ALL AllowAccounts=them"}})
	s := site{cluster: cluster}
	s.CLI = s.with(Options{})
	t.Run("7 vanished job", func(t *testing.T) { t.Parallel(); testVanished(t, s) })
	t.Run("8 sparse array", func(t *testing.T) { t.Parallel(); testSparse(t, s) })
	t.Run("9 reasons", func(t *testing.T) { t.Parallel(); testReasons(t, s) })
}

// A job that Slurm has no record of any more is absent, and that is no error: not
// alone, and not beside another.
func testVanished(t *testing.T, s site) {
	sub := job(t, 2, "true", "--hold")
	id := mustSubmit(t, s.CLI, sub)
	waitJobs(t, s.CLI, sub.Name, "held", all(2, Held))
	gone := id + "_0"
	if err := s.Cancel(t.Context(), []string{gone}, CancelOptions{}); err != nil {
		t.Fatal(err)
	}
	// Cancelled before it began, it vanishes at once.
	waitJobs(t, s.CLI, sub.Name, "vanished", func(jobs []Job) bool { return len(jobs) == 1 && jobs[0].Index == 1 })
	if out, err := s.cluster.Command("squeue", "-h", "-t", "all", "-j", "9999999").CombinedOutput(); err == nil {
		t.Errorf("Slurm does not mind to be asked for a job that it does not know: %q; this test shows nothing", out)
	}
	snapshot, err := s.List(t.Context(), []string{"never-submitted", sub.Name})
	if err != nil || !snapshot.Complete || len(snapshot.Jobs) != 1 || snapshot.Jobs[0].State != Held {
		t.Errorf("listed %+v, %v; want only the one that is held", snapshot, err)
	}
	if snapshot, err = s.List(t.Context(), []string{"never-submitted"}); err != nil || !snapshot.Complete || len(snapshot.Jobs) > 0 {
		t.Errorf("listed %+v, %v; want nothing", snapshot, err)
	}
	if err := s.Cancel(t.Context(), []string{gone, "9999999"}, CancelOptions{}); err != nil {
		t.Errorf("to cancel what is gone: %v", err)
	}
}

// What is left of an array when all but the squares are cancelled: Slurm would cut
// that list in the middle of a number.
func testSparse(t *testing.T, s site) {
	const n = 400
	sub := job(t, n, "true", "--hold")
	id := mustSubmit(t, s.CLI, sub)
	waitJobs(t, s.CLI, sub.Name, "held", all(n, Held))
	var others []string
	var squares []int
	for i, root := 0, 0; i < n; i++ {
		if i == root*root {
			squares = append(squares, i)
			root++
			continue
		}
		others = append(others, fmt.Sprintf("%s_%d", id, i))
	}
	if err := s.Cancel(t.Context(), others, CancelOptions{}); err != nil {
		t.Fatal(err)
	}
	out, err := s.cluster.Command("squeue", "-h", "-j", id, "-o", "%i").Output()
	if err != nil || strings.Contains(string(out), "361") {
		t.Errorf("Slurm shows all of %s by itself, %v; this test shows nothing", out, err)
	}
	waitJobs(t, s.CLI, sub.Name, "sparse", func(jobs []Job) bool {
		var left []int
		for _, job := range jobs {
			if job.State == Held && job.ID == id {
				left = append(left, job.Index)
			}
		}
		slices.Sort(left)
		return slices.Equal(left, squares)
	})
}

// Reasons that are sentences, with commas, apostrophes and parentheses.
func testReasons(t *testing.T, s site) {
	if out, err := s.cluster.Command("scontrol", "update", "nodename=n3", "state=drain", "reason=test").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, test := range map[string]struct {
		args  []string
		wait  Wait
		slurm string // in Slurm's words
	}{
		"account": {[]string{"--partition=others"}, WaitForever, "so it can't use this partition"},
		"node":    {[]string{"--nodelist=n3"}, WaitUnclear, "ReqNodeNotAvail"},
		"held":    {[]string{"--hold"}, WaitForever, "JobHeldUser"},
		"begin":   {[]string{"--begin=now+1hour"}, WaitQuietly, "BeginTime"},
		"no room": {[]string{"--nodelist=n1", "--mem=3900M"}, WaitQuietly, ""},
	} {
		t.Run(name, func(t *testing.T) {
			sub := job(t, 1, "sleep 60", test.args...)
			if name == "no room" { // a second one has no room beside the first
				mustSubmit(t, s.CLI, sub)
				waitJobs(t, s.CLI, sub.Name, "running", all(1, Running))
				sub.Name += "-2"
			}
			mustSubmit(t, s.CLI, sub)
			waitJobs(t, s.CLI, sub.Name, "explained", func(jobs []Job) bool {
				if len(jobs) != 1 || jobs[0].State != Queued && jobs[0].State != Held || jobs[0].Reason == "None" {
					return false
				}
				wait, words := Explain(jobs[0].Reason)
				return wait == test.wait && strings.Contains(jobs[0].Reason, test.slurm) && !strings.HasPrefix(words, "Slurm says")
			})
		})
	}
}

// TestBehaviourProlog: a node whose prolog fails does not start jobs. 9: one that
// may be requeued is held, one that may not is cancelled.
func TestBehaviourProlog(t *testing.T) {
	t.Parallel()
	prolog := filepath.Join(t.TempDir(), "prolog")
	if err := os.WriteFile(prolog, []byte("#!/bin/sh\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, "Prolog="+prolog)
	held, cancelled := job(t, 1, "true", "--nodelist=n1", "--requeue"), job(t, 1, "true", "--nodelist=n2")
	held.Args = slices.DeleteFunc(held.Args, func(arg string) bool { return arg == "--no-requeue" })
	held.Name += "-held"
	mustSubmit(t, s.CLI, held)
	mustSubmit(t, s.CLI, cancelled)
	waitJobs(t, s.CLI, held.Name, "held", func(jobs []Job) bool {
		if len(jobs) != 1 || jobs[0].State != Queued && jobs[0].State != Held {
			return false
		}
		wait, _ := Explain(jobs[0].Reason)
		return wait == WaitForever && strings.Contains(jobs[0].Reason, "launch failed requeued held")
	})
	jobs := waitJobs(t, s.CLI, cancelled.Name, "ended", all(1, Ended))
	if jobs[0].Outcome != Cancelled {
		t.Errorf("ended as %+v", jobs[0])
	}
}

// TestBehaviourFullQueue: sbatch waits by itself while Slurm takes no more jobs (21);
// what it waits for is submitted once, when there is room.
func TestBehaviourFullQueue(t *testing.T) {
	t.Parallel()
	s := newSite(t, "MaxJobCount=20", "MaxArraySize=20")
	filler := job(t, 15, "true", "--hold")
	filler.Name += "-filler"
	id := mustSubmit(t, s.CLI, filler)
	sub := job(t, 10, "sleep 60", "--hold")
	if _, err := s.Submit(t.Context(), Submission{Name: sub.Name + "-large", Script: sub.Script, Array: 45}); !errors.Is(err, ErrRejected) {
		t.Errorf("an array of 45 where 19 are allowed: %v", err)
	}
	type answer struct {
		id  string
		err error
	}
	done := make(chan answer, 1)
	go func() {
		id, err := s.Submit(t.Context(), sub)
		done <- answer{id, err}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	select {
	case got := <-done:
		t.Fatalf("Slurm is full, but %+v", got)
	case <-ctx.Done():
	}
	var most []string // whose records vanish at once, unlike that of the last one
	for i := range 14 {
		most = append(most, fmt.Sprintf("%s_%d", id, i))
	}
	if err := s.Cancel(t.Context(), most, CancelOptions{}); err != nil {
		t.Fatal(err)
	}
	got := <-done
	if got.err != nil {
		t.Fatal(got.err)
	}
	for _, job := range waitJobs(t, s.CLI, sub.Name, "held", all(10, Held)) {
		if job.ID != got.id {
			t.Errorf("job %+v is not of array %s", job, got.id)
		}
	}
}
