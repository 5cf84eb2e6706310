package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/cluster"
	"github.com/ewoks-hpc/ewoks-hpc/slurm/slurmtest"
)

// TestClusters runs clusters of real jobs.
func TestClusters(t *testing.T) {
	both(t, map[string]func(*testing.T, *site){
		"replaced and scaled": testKeeps,
		"silent jobs":         testSilent,
		"refused":             testRefused,
		"stopped at once":     testStopAtOnce,
		"adapts":              testAdapts,
		"keys":                testKeys,
	})
}

func newCluster(t *testing.T, s *site, pools ...cluster.PoolOptions) *cluster.Cluster {
	t.Helper()
	c, err := cluster.New(cluster.Options{
		Name: "test", Backend: s, Coordinator: s, Keys: &s.keys, Pools: pools, Interval: 200 * time.Millisecond,
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if left, err := c.Stop(ctx); err != nil || len(left) > 0 {
			t.Errorf("left %+v, %v", left, err)
		}
		if keys := s.keys.jobs(); len(keys) > 0 {
			t.Errorf("jobs that have ended still have keys: %v", keys)
		}
	})
	return c
}

func start(t *testing.T, s *site, pools ...cluster.PoolOptions) *cluster.Cluster {
	t.Helper()
	c := newCluster(t, s, pools...)
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

// in returns the jobs in a phase.
func in(c *cluster.Cluster, phase cluster.Phase) []cluster.Job {
	return slices.DeleteFunc(c.Jobs(), func(j cluster.Job) bool { return j.Phase != phase })
}

func greeted(jobs []cluster.Job) int {
	return len(slices.DeleteFunc(slices.Clone(jobs), func(j cluster.Job) bool { return !j.Greeted }))
}

func testKeeps(t *testing.T, s *site) {
	c := start(t, s, cluster.PoolOptions{Name: "p", Size: cluster.Fixed(3), Spec: spec()})
	wait(t, "3 workers", func() bool { return greeted(in(c, cluster.Running)) == 3 })
	first := in(c, cluster.Running)
	if first[0].ID != first[2].ID || len(first[0].Name) > 64 || !strings.HasPrefix(first[0].Name, "ewoks-hpc-test-") {
		t.Errorf("not one launch: %+v", first)
	}

	s.quit(t, first[1])
	wait(t, "replaced", func() bool { return greeted(in(c, cluster.Running)) == 3 && len(in(c, cluster.Ended)) == 1 })
	if ended := in(c, cluster.Ended)[0]; ended.Index != first[1].Index || !strings.Contains(s.reason(ended), "ended") {
		t.Errorf("%+v ended because %q", ended, s.reason(ended))
	}
	if lines := c.Explain(); len(lines) > 0 {
		t.Errorf("all is well, but %q", lines)
	}

	s.setBusy(first[0])
	s.setBusy(first[2])
	if err := c.Resize(t.Context(), "p", cluster.Fixed(1)); err != nil {
		t.Fatal(err)
	}
	wait(t, "idle one gone", func() bool { return len(in(c, cluster.Running)) == 2 })
	wait(t, "busy one drained", func() bool { return s.drained(first[0]) != s.drained(first[2]) })
	time.Sleep(500 * time.Millisecond) // two more rounds must change nothing
	if s.drained(first[0]) && s.drained(first[2]) || len(in(c, cluster.Running)) != 2 {
		t.Errorf("more than one busy worker is drained: %+v", c.Jobs())
	}
	if err := c.Resize(t.Context(), "other", cluster.Fixed(1)); err == nil {
		t.Error("an unknown pool can be scaled")
	}

	for range 2 {
		if left, err := c.Stop(t.Context()); err != nil || len(left) > 0 {
			t.Fatalf("left %+v, %v", left, err)
		}
	}
	if err := c.Resize(t.Context(), "p", cluster.Fixed(2)); err == nil {
		t.Error("a stopped cluster can be scaled")
	}
	for _, j := range c.Jobs() {
		if j.Phase != cluster.Ended || j.Pid != 0 && alive(j.Pid) {
			t.Errorf("after the stop: %+v", j)
		}
	}
}

func testSilent(t *testing.T, s *site) {
	s.write(t, "fail", "")
	c := start(t, s, cluster.PoolOptions{Name: "p", Size: cluster.Fixed(1), Spec: spec()})
	stopped := func() bool { return strings.Contains(strings.Join(c.Explain(), "\n"), "pool p is stopped") }
	wait(t, "stopped", stopped)
	said := strings.Join(c.Explain(), "\n")
	for _, want := range []string{"3 jobs in a row", "ImportError: no such module"} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in %q", want, said)
		}
	}
	time.Sleep(500 * time.Millisecond) // nothing more may come in two more rounds
	if jobs := c.Jobs(); len(jobs) != 3 {
		t.Errorf("%d jobs were submitted, want 3", len(jobs))
	}
	if err := c.Resize(t.Context(), "p", cluster.Fixed(1)); err != nil {
		t.Fatal(err)
	}
	wait(t, "tried again", func() bool { return len(c.Jobs()) > 3 })
	wait(t, "stopped again", stopped)
}

func testRefused(t *testing.T, s *site) {
	bad := spec()
	bad.Queue = "nowhere"
	c := newCluster(t, s, cluster.PoolOptions{Name: "good", Size: cluster.Fixed(2), Spec: spec()}, cluster.PoolOptions{Name: "bad", Size: cluster.Fixed(1), Spec: bad})
	err := c.Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "pool bad: ") || s.slurm != nil && !strings.Contains(err.Error(), "invalid partition specified: nowhere") {
		t.Errorf("started with %v", err)
	}
	if jobs := c.Jobs(); len(jobs) != 2 || len(in(c, cluster.Ended)) != 2 {
		t.Errorf("a refused start leaves %+v", jobs)
	}
}

func testStopAtOnce(t *testing.T, s *site) {
	c := start(t, s, cluster.PoolOptions{Name: "p", Size: cluster.Fixed(4), Spec: spec()})
	began := time.Now()
	if left, err := c.Stop(t.Context()); err != nil || len(left) > 0 {
		t.Errorf("left %+v, %v", left, err)
	}
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("that took %v", took)
	}
}

// counting counts the questions.
type counting struct {
	cluster.Backend
	lists atomic.Int64
}

func (c *counting) List(ctx context.Context, launches []cluster.Launch) ([]cluster.Job, bool, error) {
	c.lists.Add(1)
	return c.Backend.List(ctx, launches)
}

// Changed tells nothing: like Slurm, the backend must be asked.
func (c *counting) Changed() <-chan struct{} { return nil }

// TestPokes: pokes and refreshes make it look early, but every 2 seconds at most.
func TestPokes(t *testing.T) {
	t.Parallel()
	s := localSite(t)
	backend := &counting{Backend: s.Backend}
	c, err := cluster.New(cluster.Options{Name: "t", Backend: backend, Coordinator: s, Interval: time.Hour,
		Pools: []cluster.PoolOptions{{Name: "p", Size: cluster.Fixed(1), Spec: spec()}}})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for n := int64(1); n <= 2; n++ {
		wait(t, "looked early", func() bool {
			c.Poke()
			if err := c.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			return backend.lists.Load() >= n
		})
		if early := time.Duration(n)*2*time.Second - 100*time.Millisecond; backend.lists.Load() > n || time.Since(began) < early {
			t.Errorf("%d lists after %v", backend.lists.Load(), time.Since(began))
		}
	}
	if left, err := c.Stop(t.Context()); err != nil || len(left) > 0 {
		t.Errorf("left %+v, %v", left, err)
	}
}

// TestSlurmTrouble freezes and kills the controller, and uses up its nodes.
func TestSlurmTrouble(t *testing.T) {
	t.Parallel()
	private := slurmtest.Start(t, slurmtest.Options{Nodes: 1, CPUs: 2, Conf: []string{"MessageTimeout=2", "MaxArraySize=3"}})
	for _, test := range []struct {
		name string
		test func(*testing.T, *site)
	}{
		{"waiting jobs", testWaiting},
		{"interrupted submission", testInterrupted},
		{"controller down", testDown},
		{"cancelled by hand", testByHand},
		{"backlog", testBacklog},
	} {
		t.Run(test.name, func(t *testing.T) { test.test(t, slurmSite(t, private)) })
	}
}

func testWaiting(t *testing.T, s *site) {
	c := newCluster(t, s, cluster.PoolOptions{Name: "p", Size: cluster.Fixed(5), Spec: spec()})
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	wait(t, "explained", func() bool {
		return len(in(c, cluster.Running)) == 2 && strings.Contains(strings.Join(c.Explain(), "\n"), "pool p: 3 jobs are queued: it waits for free nodes (Resources)") ||
			strings.Contains(strings.Join(c.Explain(), "\n"), "other jobs are ahead in the queue (Priority)")
	})
	launches := map[string]int{}
	for _, j := range c.Jobs() {
		launches[j.ID]++
	}
	if len(launches) != 3 { // of 2 jobs at most, one less than MaxArraySize
		t.Errorf("job arrays: %v", launches)
	}
	if err := c.Resize(t.Context(), "p", cluster.Fixed(2)); err != nil {
		t.Fatal(err)
	}
	wait(t, "queued ones cancelled", func() bool { return len(in(c, cluster.Running)) == 2 && len(in(c, cluster.Queued)) == 0 })
}

// testInterrupted ends a submission while Slurm does not answer: the jobs are there
// when it wakes up, and the cluster has to find them.
func testInterrupted(t *testing.T, s *site) {
	c := start(t, s, cluster.PoolOptions{Name: "p", Size: cluster.Fixed(0), Spec: spec()})
	if _, err := s.MaxCount(t.Context()); err != nil { // so that sbatch is what comes next
		t.Fatal(err)
	}
	if err := s.slurm.StopController(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err := c.Resize(ctx, "p", cluster.Fixed(2))
	if err := s.slurm.ContController(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatalf("%v, but nothing was refused", err)
	}
	wait(t, "found", func() bool { return greeted(in(c, cluster.Running)) == 2 })
	out, err := s.slurm.Command("squeue", "--noheader", "--array", "--states=RUNNING,PENDING", "--format=%j").Output()
	if lines := strings.Fields(string(out)); err != nil || len(lines) != 2 || lines[0] != in(c, cluster.Running)[0].Name {
		t.Errorf("Slurm has %q, %v", lines, err)
	}
}

func testDown(t *testing.T, s *site) {
	c := start(t, s, cluster.PoolOptions{Name: "p", Size: cluster.Fixed(1), Spec: spec()})
	wait(t, "a worker", func() bool { return greeted(in(c, cluster.Running)) == 1 })
	// An orderly end comes first: without it the controller forgets the latest jobs.
	if out, err := s.slurm.Command("scontrol", "shutdown", "slurmctld").CombinedOutput(); err != nil {
		t.Fatalf("%s, %v", out, err)
	}
	wait(t, "shut down", func() bool {
		_, err := os.Stat(filepath.Join(s.slurm.Dir, "slurmctld.pid"))
		return errors.Is(err, os.ErrNotExist)
	})
	s.slurm.KillController()
	wait(t, "explained", func() bool { return strings.Contains(strings.Join(c.Explain(), "\n"), "not known at present") })
	if err := c.Resize(t.Context(), "p", cluster.Fixed(2)); err != nil {
		t.Errorf("a controller that is down refuses nothing, but %v", err)
	}
	if jobs := in(c, cluster.Running); len(jobs) != 1 || s.reason(jobs[0]) != "" {
		t.Errorf("while Slurm does not answer: %+v", c.Jobs())
	}
	if err := s.slurm.StartController(); err != nil {
		t.Fatal(err)
	}
	wait(t, "2 workers", func() bool { return greeted(in(c, cluster.Running)) == 2 })
}

func testByHand(t *testing.T, s *site) {
	c := start(t, s, cluster.PoolOptions{Name: "p", Size: cluster.Fixed(1), Spec: spec()})
	wait(t, "a worker", func() bool { return greeted(in(c, cluster.Running)) == 1 })
	job := in(c, cluster.Running)[0]
	if out, err := s.slurm.Command("scancel", fmt.Sprintf("%s_%d", job.ID, job.Index)).CombinedOutput(); err != nil {
		t.Fatalf("%s, %v", out, err)
	}
	wait(t, "gone", func() bool { return strings.Contains(s.reason(job), "CANCELLED, it was cancelled") })
	wait(t, "replaced", func() bool {
		jobs := in(c, cluster.Running)
		return greeted(jobs) == 1 && jobs[0].Key != job.Key
	})
}
