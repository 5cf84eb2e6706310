package coordinator_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/coordinator"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/resource"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/worker"
)

// nodesOf is a workflow of independent nodes that ask for resources.
func nodesOf(needs ...resource.Need) json.RawMessage {
	var nodes []string
	for i, n := range needs {
		text, _ := json.Marshal(n)
		nodes = append(nodes, fmt.Sprintf(`{"id":"n%d","task_type":"method","task_identifier":"m.f","resources":%s}`, i, text))
	}
	return json.RawMessage(fmt.Sprintf(`{"graph":{"id":"g"},"nodes":[%s],"links":[]}`, strings.Join(nodes, ",")))
}

// gauge watches what the tasks of one worker use together.
type gauge struct {
	t        *testing.T
	pool     string
	capacity resource.Capacity

	mu    sync.Mutex
	now   resource.Need
	tasks int
	gpus  map[string]bool // that a task has for itself
	done  int
}

// run holds what a task asks for as long as it works.
func (g *gauge) run(seat worker.Seat, r *task.Request, need resource.Need, work func()) {
	plain := resource.Need{Cores: g.capacity.Cores / g.capacity.Slots, Memory: g.capacity.Memory / resource.Bytes(g.capacity.Slots), GPUs: g.capacity.OwnGPUs()}
	n := need.Or(plain)
	g.mu.Lock()
	g.now.Cores, g.now.Memory, g.now.GPUs = g.now.Cores+n.Cores, g.now.Memory+n.Memory, g.now.GPUs+n.GPUs
	if c := g.capacity; g.now.Cores > c.Cores || g.now.GPUs > c.GPUs || g.now.Memory > c.Memory {
		g.t.Errorf("worker of %v is busy with %v", c, g.now)
	}
	if need.Pool != "" && need.Pool != g.pool {
		g.t.Errorf("a task of pool %s came to %s", need.Pool, g.pool)
	}
	if need.Cores > 0 && seat.Cores != need.Cores {
		g.t.Errorf("a task of %d cores may use %d", need.Cores, seat.Cores)
	}
	own := len(seat.GPUs)
	if !seat.Own {
		own = 0
	}
	if seat.Alone && own != n.GPUs {
		g.t.Errorf("a task of %d GPUs has %v, alone %v", n.GPUs, seat.GPUs, seat.Own)
	}
	for _, gpu := range seat.GPUs[:own] {
		if g.gpus[gpu] {
			g.t.Errorf("two tasks have GPU %s", gpu)
		}
		g.gpus[gpu] = true
	}
	g.mu.Unlock()
	work()
	g.mu.Lock()
	g.now.Cores, g.now.Memory, g.now.GPUs = g.now.Cores-n.Cores, g.now.Memory-n.Memory, g.now.GPUs-n.GPUs
	for _, gpu := range seat.GPUs[:own] {
		delete(g.gpus, gpu)
	}
	g.done++
	g.mu.Unlock()
}

// Tasks of random sizes on workers of random sizes: all are executed, in their pool,
// and no worker is ever busy with more than it has.
func TestPacking(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	cpu := resource.Capacity{Slots: 4, Cores: 8, Memory: 16 << 30}
	gpu := resource.Capacity{Slots: 1 + random.IntN(4), Cores: 8, Memory: 8 << 30, GPUs: 4}
	pools := []resource.Pool{{Name: "cpu", Capacity: cpu}, {Name: "gpu", Capacity: gpu}}
	s := newSiteOf(t, time.Second, resource.Router{Pools: pools})
	const runs, tasks = 3, 60
	needs := map[string]resource.Need{} // by node and run label
	var mu sync.Mutex
	var gauges []*gauge
	for i := range 4 {
		p := pools[i%2]
		g := &gauge{t: t, pool: p.Name, capacity: p.Capacity, gpus: map[string]bool{}}
		gauges = append(gauges, g)
		hello := task.Hello{Pool: p.Name, Slots: p.Slots, Cores: p.Cores, Memory: p.Memory, GPUs: p.GPUs}
		s.employ(fmt.Sprint("w", i), hello, func(seat worker.Seat, r *task.Request) task.Result {
			mu.Lock()
			need := needs[r.Label]
			pause := time.Duration(random.IntN(8)) * time.Millisecond // stands for work
			mu.Unlock()
			g.run(seat, r, need, func() { time.Sleep(pause) })
			return s.count(r)
		})
	}
	ended := make(chan coordinator.Ended, runs)
	for run := range runs {
		var nodes []string
		for i := range tasks {
			var n resource.Need
			if random.IntN(3) > 0 {
				n = resource.Need{Cores: random.IntN(9), GPUs: max(0, random.IntN(12)-7), Memory: resource.Bytes(random.IntN(8)) << 30}
			}
			if n.GPUs == 0 && random.IntN(2) == 0 {
				n.Pool = pools[random.IntN(2)].Name
			}
			label := fmt.Sprintf("run %d node %d", run, i)
			needs[label] = n
			text, _ := json.Marshal(n)
			nodes = append(nodes, fmt.Sprintf(`{"id":"n%d","label":%q,"task_type":"method","task_identifier":"m.f","resources":%s}`, i, label, text))
		}
		doc := json.RawMessage(fmt.Sprintf(`{"graph":{"id":"g"},"nodes":[%s],"links":[]}`, strings.Join(nodes, ",")))
		go func() { ended <- s.run(doc) }()
	}
	for range runs {
		if e := <-ended; e.Outcome.Status != engine.Succeeded || e.Counts.Succeeded != tasks {
			t.Errorf("%s, %+v", e.Outcome.Status, e.Counts)
		}
	}
	for i, g := range gauges {
		g.mu.Lock()
		if g.done == 0 {
			t.Errorf("worker %d did nothing", i)
		}
		g.mu.Unlock()
	}
	for node, n := range s.executed {
		if n != 1 {
			t.Errorf("%s was executed %d times", node, n)
		}
	}
}

// A run with a node that fits nowhere is refused at once, and says why.
func TestUnfit(t *testing.T) {
	s := newSiteOf(t, time.Second, resource.Router{
		Rules: []resource.Rule{{Node: "n2", Need: resource.Need{Pool: "gpu"}}},
		Pools: []resource.Pool{{Name: "cpu", Capacity: resource.Capacity{Slots: 4, Cores: 4}, Walltime: time.Hour}},
	})
	for _, test := range []struct {
		needs []resource.Need
		want  string
	}{
		{[]resource.Need{{}, {Cores: 5}, {}, {GPUs: 1}}, `node "n1" asks for 5 cores: pool cpu has 4 cores (and 2 more nodes)`},
		{[]resource.Need{{TimeLimit: 2 * time.Hour}}, `node "n0" asks for a time limit of 2h0m0s: pool cpu has a walltime of 1h0m0s, which leaves 59m30s for a task`},
		{[]resource.Need{{}, {}, {}}, `node "n2" asks for pool gpu: the cluster has no such pool`},
	} {
		err := s.client.Submit(context.Background(), &coordinator.Submission{Run: task.NewKey(), Workflow: nodesOf(test.needs...)})
		var remote *coordinator.RemoteError
		if !errors.As(err, &remote) || remote.Error() != "no pool can run it: "+test.want || !remote.Mistake() || !strings.Contains(remote.Hint(), "cpu (4 slots, 4 cores, walltime 1h0m0s)") {
			t.Errorf("%v: %v", test.needs, err)
		}
	}
	if st := s.now().Status(); len(st.Runs) > 0 || st.Ready > 0 {
		t.Errorf("left: %+v", st)
	}
}

// A task of a whole worker is not kept waiting by small ones that come later.
func TestLargeTaskIsNotStarved(t *testing.T) {
	s := newSite(t, time.Second)
	var mu sync.Mutex
	var order []string
	s.employ("w", task.Hello{Slots: 4, Cores: 4}, func(_ worker.Seat, r *task.Request) task.Result {
		mu.Lock()
		order = append(order, r.Node)
		mu.Unlock()
		time.Sleep(5 * time.Millisecond) // stands for work
		return s.count(r)
	})
	needs := make([]resource.Need, 200)
	needs[20].Cores = 4
	if e := s.run(nodesOf(needs...)); e.Outcome.Status != engine.Succeeded {
		t.Fatalf("%+v", e.Outcome)
	}
	at := 0
	for i, node := range order {
		if node == "n20" {
			at = i
		}
	}
	// At most what the worker had at hand when its turn came is executed before it.
	if at < 4 || at > 40 {
		t.Errorf("the large task was executed as number %d of %d", at, len(order))
	}
}

// The demand counts slots, for each pool.
func TestDemandOfPools(t *testing.T) {
	s := newSiteOf(t, time.Second, resource.Router{Pools: []resource.Pool{
		{Name: "cpu", Capacity: resource.Capacity{Slots: 4, Cores: 8}}, {Name: "gpu", Capacity: resource.Capacity{Slots: 2, Cores: 2, GPUs: 2}},
	}})
	doc := nodesOf(resource.Need{}, resource.Need{Cores: 5}, resource.Need{GPUs: 1}, resource.Need{GPUs: 2}, resource.Need{Pool: "gpu"}, resource.Need{Memory: 1 << 40})
	id, _ := s.submit(doc, false)
	if ready, _ := s.now().Demand(); ready["cpu"] != 1+3+1 || ready["gpu"] != 1+2+1 || len(ready) != 2 {
		t.Errorf("slots waited for: %v", ready)
	}
	if _, err := s.now().Pause(coordinator.Order{Run: id}); err != nil {
		t.Fatal(err)
	}
	if ready, _ := s.now().Demand(); len(ready) != 0 {
		t.Errorf("a paused run asks for %v", ready)
	}
}

// What was released keeps its place in the line, and pools survive a restart.
func TestPoolsAfterRestart(t *testing.T) {
	s := newSiteOf(t, time.Second, resource.Router{Pools: []resource.Pool{
		{Name: "cpu", Capacity: resource.Capacity{Slots: 1}}, {Name: "gpu", Capacity: resource.Capacity{Slots: 1, GPUs: 1}},
	}})
	_, wait := s.submit(nodesOf(resource.Need{}, resource.Need{GPUs: 1}, resource.Need{}, resource.Need{GPUs: 1}), false)
	s.end()
	s.start()
	if ready, _ := s.now().Demand(); ready["cpu"] != 2 || ready["gpu"] != 2 {
		t.Errorf("after the restart: %v", ready)
	}
	for _, pool := range []string{"cpu", "gpu"} {
		hello := task.Hello{Slots: 1, Pool: pool}
		if pool == "gpu" {
			hello.GPUs = 1
		}
		s.employ(pool, hello, func(_ worker.Seat, r *task.Request) task.Result {
			if r.Resources.GPUs > 0 != (pool == "gpu") {
				t.Errorf("%s was executed by %s", r.Node, pool)
			}
			return s.count(r)
		})
	}
	if e := wait(); e.Outcome.Status != engine.Succeeded || e.Counts.Succeeded != 4 {
		t.Errorf("%+v", e)
	}
}
