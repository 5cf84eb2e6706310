package cluster_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/cluster"
)

func said(c *cluster.Cluster, what string) bool {
	return strings.Contains(strings.Join(c.Explain(), "\n"), what)
}

// testAdapts: jobs come with the tasks and go when there are none, but not at once,
// and not while they are busy.
func testAdapts(t *testing.T, s *site) {
	const idle = time.Second
	c := start(t, s, cluster.PoolOptions{Name: "p", Size: cluster.Size{Max: 3}, Slots: 2, IdleTimeout: idle, Spec: spec()})
	if jobs := c.Jobs(); len(jobs) > 0 || !said(c, "pool p: no demand") {
		t.Fatalf("without tasks there are %+v, and %q", jobs, c.Explain())
	}
	s.setReady(3)
	wait(t, "2 workers", func() bool { return greeted(in(c, cluster.Running)) == 2 })
	jobs := c.Jobs()
	if len(jobs) != 2 || jobs[0].ID != jobs[1].ID || len(c.Explain()) > 0 {
		t.Fatalf("3 tasks in slots of 2 are not one array of 2 jobs: %+v, %q", jobs, c.Explain())
	}
	s.setReady(100)
	wait(t, "3 workers", func() bool { return greeted(in(c, cluster.Running)) == 3 })
	if p := c.Pools()[0]; p.Jobs != 3 || p.Demand != 100 || p.Slots != 2 || p.Size.String() != "adapts between 0 and 3" {
		t.Errorf("pool %+v", p)
	}

	s.setBusy(jobs[0])
	s.setReady(0)
	calm := time.Now()
	wait(t, "the idle ones are gone", func() bool { return len(in(c, cluster.Running)) == 1 && len(in(c, cluster.Ended)) == 2 })
	if took := time.Since(calm); took < idle {
		t.Errorf("idle jobs went after %v, before the idle timeout", took)
	}
	time.Sleep(2 * idle) // a busy job must still be there then
	if left := in(c, cluster.Running); len(left) != 1 || left[0].Index != jobs[0].Index || s.drained(jobs[0]) || s.reason(jobs[0]) != "" {
		t.Errorf("the busy job is not what is left: %+v", left)
	}
	s.setIdle(jobs[0])
	wait(t, "none left", func() bool { return len(in(c, cluster.Ended)) == 3 && said(c, "no demand") })
	time.Sleep(idle)
	if all := c.Jobs(); len(all) != 3 {
		t.Errorf("without tasks jobs come: %+v", all)
	}

	if err := c.Resize(t.Context(), "p", cluster.Fixed(1)); err != nil {
		t.Fatal(err)
	}
	wait(t, "a fixed one", func() bool { return greeted(in(c, cluster.Running)) == 1 })
	if err := c.Resize(t.Context(), "p", cluster.Size{Min: 2, Max: 1}); err == nil {
		t.Error("between 2 and 1 jobs are accepted")
	}
}

// testBacklog: no more jobs wait than may, and those that are not needed any more
// are cancelled after the idle timeout.
func testBacklog(t *testing.T, s *site) {
	const idle = 2 * time.Second
	c := start(t, s, cluster.PoolOptions{Name: "p", Size: cluster.Size{Max: 9}, Slots: 1, IdleTimeout: idle, Backlog: 2, Spec: spec()})
	s.setReady(9)
	wait(t, "2 run and 2 are queued", func() bool { return greeted(in(c, cluster.Running)) == 2 && len(in(c, cluster.Queued)) == 2 })
	for _, j := range in(c, cluster.Running) {
		s.setBusy(j)
	}
	time.Sleep(time.Second) // five more rounds must not submit more
	if jobs := c.Jobs(); len(jobs) != 4 {
		t.Errorf("with a backlog of 2 there are %+v", jobs)
	}
	s.setReady(0)
	calm := time.Now()
	wait(t, "the queued ones are cancelled", func() bool { return len(in(c, cluster.Queued)) == 0 })
	if took := time.Since(calm); took < idle {
		t.Errorf("queued jobs were cancelled after %v, before the idle timeout", took)
	}
	if jobs := in(c, cluster.Running); len(jobs) != 2 {
		t.Errorf("the busy jobs do not go on: %+v", c.Jobs())
	}
}
