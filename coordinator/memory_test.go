package coordinator_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/coordinator"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
	"github.com/ewoks-hpc/ewoks-hpc/resource"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/worker"
)

var memoryPools = []resource.Pool{
	{Name: "cpu", Capacity: resource.Capacity{Slots: 4, Cores: 4, Memory: 16e9}},
	{Name: "big", Capacity: resource.Capacity{Slots: 2, Cores: 4, Memory: 64e9}},
}

// tried is an attempt as the worker saw it.
type tried struct {
	pool   string
	memory resource.Bytes
}

// starving is a site with a worker of each pool, on which the first attempts at tasks of n0
// run out of memory.
type starving struct {
	*site
	times int

	mu     sync.Mutex
	busy   map[string]int // tasks that a worker executes
	tried  []tried
	shared []tried // attempts at n0 that were not alone
}

func newStarving(t *testing.T, times int) *starving {
	s := &starving{site: newSiteOf(t, time.Second, resource.Router{Pools: memoryPools}), times: times, busy: map[string]int{}}
	return s
}

func (s *starving) hirePool(p resource.Pool) {
	s.employ(p.Name, task.Hello{Pool: p.Name, Slots: p.Slots, Cores: p.Cores, Memory: p.Memory}, func(_ worker.Seat, r *task.Request) task.Result {
		s.mu.Lock()
		s.busy[p.Name]++
		if r.Node == "n0" {
			s.tried = append(s.tried, tried{p.Name, r.Resources.Memory})
			if s.busy[p.Name] > 1 {
				s.shared = append(s.shared, tried{p.Name, r.Resources.Memory})
			}
		}
		s.mu.Unlock()
		time.Sleep(2 * time.Millisecond) // stands for work
		s.mu.Lock()
		defer s.mu.Unlock()
		s.busy[p.Name]--
		if r.Node == "n0" && r.Attempt <= s.times {
			return task.Result{Status: task.Failed, Failure: task.Failure{Cause: task.OutOfMemory, Message: "no memory"}}
		}
		return s.count(r)
	})
}

// A task that ran out of memory is tried again with more, where there is more, and fails
// when it has had all that there is.
func TestRetryWithMoreMemory(t *testing.T) {
	for _, test := range []struct {
		name  string
		need  resource.Need
		times int
		want  []tried
		fails string
	}{
		{"declared", resource.Need{Memory: 10e9}, 2, []tried{{"cpu", 10e9}, {"big", 20e9}, {"big", 40e9}}, ""},
		{"of a pool", resource.Need{Memory: 10e9, Pool: "cpu"}, 1, []tried{{"cpu", 10e9}, {"cpu", 16e9}}, ""},
		{"all there is", resource.Need{Memory: 10e9, Pool: "cpu"}, 9, []tried{{"cpu", 10e9}, {"cpu", 16e9}}, `node "n0" ran out of memory with 16GB, and no worker that it may go to has more`},
		{"not declared", resource.Need{}, 1, []tried{{"cpu", 0}, {"big", 64e9}}, ""},
		{"not declared, never enough", resource.Need{}, 9, []tried{{"cpu", 0}, {"big", 64e9}}, `node "n0" ran out of memory with 64GB, and no`},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStarving(t, test.times)
			for _, p := range memoryPools {
				s.hirePool(p)
			}
			others := slices.Repeat([]resource.Need{{}}, 30)
			_, wait := s.begin(nodesOf(append([]resource.Need{test.need}, others...)...), engine.Retry{OutOfMemory: 9})
			e := wait()
			if test.fails == "" && (e.Outcome.Status != engine.Succeeded || e.Counts.Succeeded != 31 || e.Counts.Retried != test.times) ||
				test.fails != "" && (e.Outcome.Failure.Cause != task.Unfit || !strings.HasPrefix(e.Outcome.Failure.Message, test.fails) || e.Outcome.Failure.Advice == "" || e.Outcome.Node != "n0") {
				t.Errorf("%+v", e)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if !slices.Equal(s.tried, test.want) {
				t.Errorf("tried with %v, want %v", s.tried, test.want)
			}
			for _, x := range s.shared {
				if x.memory == 16e9 || x.memory == 64e9 {
					t.Errorf("an attempt with all the memory of %s shared its worker", x.pool)
				}
			}
		})
	}
}

// What waits for more memory is there again after a restart, and what has been refused
// stays so.
func TestMoreMemoryOverRestart(t *testing.T) {
	s := newStarving(t, 2)
	s.hirePool(memoryPools[0])
	run, wait := s.begin(nodesOf(resource.Need{Memory: 10e9}), engine.Retry{OutOfMemory: 9})
	s.failedOnce(run)
	check := func() {
		t.Helper()
		if ready, _ := s.now().Demand(); len(ready) != 1 || ready["big"] != 1 {
			t.Errorf("slots waited for: %v", ready)
		}
	}
	check()
	s.end()
	s.start()
	check()
	s.hirePool(memoryPools[1])
	if e := wait(); e.Outcome.Status != engine.Succeeded || e.Counts.Retried != 2 {
		t.Errorf("%+v", e)
	}
	s.mu.Lock()
	if want := []tried{{"cpu", 10e9}, {"big", 20e9}, {"big", 40e9}}; !slices.Equal(s.tried, want) {
		t.Errorf("tried with %v, want %v", s.tried, want)
	}
	s.times = 9
	s.mu.Unlock()

	run, wait = s.begin(nodesOf(resource.Need{Memory: 64e9}), engine.Retry{OutOfMemory: 9})
	if e := wait(); e.Outcome.Failure.Cause != task.Unfit {
		t.Errorf("%+v", e)
	}
	s.end()
	s.start()
	if err := ewokstest.Wait("the outcome", func() error {
		for _, r := range s.now().Status().Runs {
			if r.Run == run && r.Status == engine.Failed {
				return nil
			}
		}
		return errors.New("it is not known")
	}); err != nil {
		t.Error(err)
	}
}

// A whole job is for one task at a time, of those that say nodes or name the pool.
func TestTasksOfAWholeJob(t *testing.T) {
	pools := []resource.Pool{
		{Name: "cpu", Capacity: resource.Capacity{Slots: 4, Cores: 4}},
		{Name: "mpi", Capacity: resource.Capacity{Slots: 1, Cores: 4, Nodes: 2}},
	}
	s := newSiteOf(t, time.Second, resource.Router{Pools: pools})
	var mu sync.Mutex
	busy, most := 0, 0
	for _, p := range pools {
		s.employ(p.Name, task.Hello{Pool: p.Name, Slots: p.Slots, Cores: p.Cores, Nodes: p.Nodes}, func(_ worker.Seat, r *task.Request) task.Result {
			if whole := r.Node <= "n4"; whole != (p.Name == "mpi") {
				t.Errorf("%s was executed in pool %s", r.Node, p.Name)
			}
			if p.Name == "mpi" {
				mu.Lock()
				busy++
				most = max(most, busy)
				mu.Unlock()
				time.Sleep(5 * time.Millisecond) // stands for work
				mu.Lock()
				busy--
				mu.Unlock()
			}
			return s.count(r)
		})
	}
	doc := nodesOf(resource.Need{Nodes: 2}, resource.Need{Nodes: 1, Cores: 1}, resource.Need{Nodes: 2, Cores: 4}, resource.Need{Pool: "mpi", Cores: 1}, resource.Need{Pool: "mpi"},
		resource.Need{}, resource.Need{Cores: 2}, resource.Need{})
	id, wait := s.submit(doc, true)
	if ready, _ := s.now().Demand(); ready["mpi"] > 5 {
		t.Errorf("run %s waits for %v", id, ready)
	}
	if e := wait(); e.Outcome.Status != engine.Succeeded || e.Counts.Succeeded != 8 {
		t.Errorf("%+v", e)
	}
	mu.Lock()
	defer mu.Unlock()
	if most != 1 {
		t.Errorf("%d tasks had the whole job at a time", most)
	}
	err := s.client.Submit(t.Context(), &coordinator.Submission{Version: task.Version, Run: task.NewKey(), Workflow: nodesOf(resource.Need{Nodes: 3})})
	if err == nil || !strings.Contains(err.Error(), `node "n0" asks for 3 nodes: pool cpu has no worker for a whole job (worker_per = "job"); pool mpi has 2 nodes`) {
		t.Errorf("three nodes: %v", err)
	}
}
