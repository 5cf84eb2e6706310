package cluster_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/cluster"
	"github.com/ewoks-hpc/ewoks-hpc/slurm"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// TestBackends is what every backend has to do.
func TestBackends(t *testing.T) {
	both(t, map[string]func(*testing.T, *site){
		"life":         testLife,
		"failure":      testFailure,
		"cancel":       testCancel,
		"adopt":        testAdopt,
		"refusal":      testRefusal,
		"two launches": testTwoLaunches,
	})
}

func launch(count int) cluster.Launch {
	key := task.NewKey()
	return cluster.Launch{Key: key, Name: "test-" + key, Pool: "p", Count: count, Spec: spec(), Submitted: time.Now()}
}

// submit starts a launch and ends it with the test.
func submit(t *testing.T, s *site, count int) cluster.Launch {
	t.Helper()
	l, err := s.Submit(t.Context(), launch(count))
	if err != nil {
		t.Fatal(err)
	}
	if l.ID == "" {
		t.Fatal("a launch without an id")
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		jobs, _, err := s.List(ctx, []cluster.Launch{l})
		if err == nil {
			err = s.Cancel(ctx, jobs)
		}
		if err != nil {
			t.Error(err)
		}
		wait(t, "cleaned up", func() bool {
			jobs, complete, err := s.List(ctx, []cluster.Launch{l})
			return err == nil && complete && !slices.ContainsFunc(jobs, func(j cluster.Job) bool { return j.Phase != cluster.Ended })
		})
	})
	return l
}

// waitPhase lists a launch until it has n jobs in a phase.
func waitPhase(t *testing.T, s *site, l cluster.Launch, n int, phase cluster.Phase) (found []cluster.Job) {
	t.Helper()
	wait(t, string(phase), func() bool {
		jobs, complete, err := s.List(t.Context(), []cluster.Launch{l})
		if err != nil || !complete {
			t.Fatalf("list: complete %v, %v", complete, err)
		}
		found = slices.DeleteFunc(jobs, func(j cluster.Job) bool { return j.Phase != phase })
		return len(found) == n
	})
	return found
}

func testLife(t *testing.T, s *site) {
	l := submit(t, s, 3)
	wait(t, "3 hellos", func() bool { return len(s.Work().Workers) == 3 })
	jobs := waitPhase(t, s, l, 3, cluster.Running)
	for _, j := range jobs {
		mine := 0
		for _, w := range s.Work().Workers {
			if j.Is(w.Hello) {
				mine++
			}
		}
		if mine != 1 || j.Key != l.Key || j.ID != l.ID || j.Nodes == "" || j.Since.IsZero() {
			t.Errorf("%d workers of %+v", mine, j)
		}
		wait(t, "a log", func() bool {
			text, _ := os.ReadFile(s.Log(j))
			return strings.Contains(string(text), "of "+l.Key)
		})
		if info, err := os.Stat(s.Log(j)); err != nil || s.slurm == nil && info.Mode().Perm() != 0o600 {
			t.Errorf("log of mode %v, %v", info.Mode(), err)
		}
		s.quit(t, j)
	}
	for _, j := range waitPhase(t, s, l, 3, cluster.Ended) {
		if j.Outcome != cluster.Completed || j.Plain == "" {
			t.Errorf("ended by itself: %+v", j)
		}
	}
}

func testFailure(t *testing.T, s *site) {
	s.write(t, "fail", "")
	l := submit(t, s, 2)
	for _, j := range waitPhase(t, s, l, 2, cluster.Ended) {
		text, err := os.ReadFile(s.Log(j))
		if j.Outcome != cluster.Failed || j.Lost || err != nil || !strings.Contains(string(text), "ImportError") {
			t.Errorf("failed: %+v with log %q, %v", j, text, err)
		}
	}
}

func testCancel(t *testing.T, s *site) {
	l := submit(t, s, 2)
	wait(t, "2 hellos", func() bool { return len(s.Work().Workers) == 2 })
	jobs := waitPhase(t, s, l, 2, cluster.Running)
	if err := s.Cancel(t.Context(), jobs[:1]); err != nil {
		t.Fatal(err)
	}
	ended := waitPhase(t, s, l, 1, cluster.Ended)[0]
	if ended.Index != jobs[0].Index || ended.Outcome != cluster.Cancelled {
		t.Errorf("cancelled index %d, but %+v ended", jobs[0].Index, ended)
	}
	if rest := waitPhase(t, s, l, 1, cluster.Running); rest[0].Index != jobs[1].Index {
		t.Errorf("still running: %+v", rest)
	}
	for range 2 { // what has ended is no error
		if err := s.Cancel(t.Context(), jobs); err != nil {
			t.Fatal(err)
		}
		waitPhase(t, s, l, 2, cluster.Ended)
	}
}

func testAdopt(t *testing.T, s *site) {
	l := submit(t, s, 1)
	lost := l
	lost.ID, lost.LogPattern = "", ""
	adopted, found, err := s.Adopt(t.Context(), lost)
	if err != nil || !found || adopted.ID != l.ID {
		t.Errorf("adopted %+v, %v, %v; want id %s", adopted, found, err, l.ID)
	}
	if s.Log(cluster.Job{Launch: adopted}) != s.Log(cluster.Job{Launch: l}) {
		t.Errorf("an adopted launch logs to %q", adopted.LogPattern)
	}
	if _, found, err = s.Adopt(t.Context(), launch(1)); err != nil || found {
		t.Errorf("adopted what never was: %v, %v", found, err)
	}
}

func testRefusal(t *testing.T, s *site) {
	l := launch(2)
	l.Spec.Queue = "nowhere"
	_, err := s.Submit(t.Context(), l)
	if err == nil || errors.Is(err, slurm.ErrTransient) || errors.Is(err, slurm.ErrAmbiguous) {
		t.Fatalf("got %v, want a refusal", err)
	}
	if s.slurm != nil && !strings.Contains(err.Error(), "invalid partition specified: nowhere") {
		t.Errorf("Slurm's words are not in %v", err)
	}
	if jobs, _, err := s.List(t.Context(), []cluster.Launch{l}); err != nil || len(jobs) > 0 {
		t.Errorf("jobs of a refused launch: %+v, %v", jobs, err)
	}
}

func testTwoLaunches(t *testing.T, s *site) {
	one, two := submit(t, s, 1), submit(t, s, 2)
	wait(t, "3 hellos", func() bool { return len(s.Work().Workers) == 3 })
	wait(t, "listed", func() bool {
		jobs, complete, err := s.List(t.Context(), []cluster.Launch{one, two})
		count := map[string]int{}
		for _, j := range jobs {
			count[j.Key]++
		}
		return err == nil && complete && count[one.Key] == 1 && count[two.Key] == 2
	})
}
