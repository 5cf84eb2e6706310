package coordinator

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/resource"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Explanation tells where a run stands.
type Explanation struct {
	Run RunStatus
	// Paused means that nothing at all is given to workers.
	Paused bool
	// Tasks are those that were started and have not ended, and nodes that were not
	// started: the first of them, what could begin soonest first.
	Tasks []TaskStanding
	// More is how many were left out.
	More int
}

// Phase is where a task is on its way to a worker.
type Phase string

// Phases of a task, or of a node that has none.
const (
	Ready     Phase = "ready"    // waits for a worker
	Parked    Phase = "paused"   // waits, and its run is paused
	Delayed   Phase = "delayed"  // has failed and waits until it is tried again
	Executing Phase = "executed" // a worker has it
	Blocked   Phase = "blocked"  // its node waits for others
	Past      Phase = "past"     // its node was executed, and has nothing to do at present
)

// TaskStanding tells where a task stands, or a node that has none.
type TaskStanding struct {
	Node, Label string
	Phase       Phase
	Attempt     int
	// Waits are what the node waits for; with Any one of them is enough.
	Waits []engine.Wait
	// Later says that it waits for nothing but tasks of the run that go before it.
	Later bool
	Any   bool
	// Need is what it needs, with its pool, and Why how it came to that.
	Need resource.Need
	Why  string
	// Capacity is what a worker of the pool has, by its description.
	Capacity resource.Capacity
	// Ahead is how many tasks go before it to workers of its pool.
	Ahead int
	Workers
	// Worker and Host are who has it; Held and Slots how many tasks that one has, and
	// how many it executes at a time.
	Worker, Host string
	Held, Slots  int
	// Failed is how many attempts have failed, Delay how long after the last failure the
	// next begins.
	Failed int
	Delay  time.Duration
}

// Workers are those of a pool, seen by a task.
type Workers struct {
	// There is how many there are that do not leave, Large how many are large enough,
	// Free how many of those have room now, Late how many of the free ones end too soon.
	There, Large, Free, Late int
}

// maxExplained bounds the tasks that an explanation tells of.
const maxExplained = 100

// Explain tells where a run stands, or with a node where that stands. Nodes are named
// by id or label. The error is about names that fit nothing.
func (c *Coordinator) Explain(o Order) (e Explanation, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, err := c.find(o.Run)
	if err != nil {
		return e, err
	}
	e.Run, e.Paused = r.status(), c.paused
	if r.state == nil {
		return e, nil
	}
	var want func(node, label string) bool
	if o.Node != "" {
		want = func(node, label string) bool { return node == o.Node || label == o.Node }
	}
	standings := r.state.Standings(want)
	if o.Node != "" && len(standings) == 0 {
		return e, noRunError{fmt.Errorf("run %s has no node %.128q", r.id, o.Node), hintAll(r.state)}
	}
	drafts := c.drafts(r, standings)
	e.More = max(0, len(drafts)-maxExplained)
	for _, d := range drafts[:len(drafts)-e.More] {
		e.Tasks = append(e.Tasks, c.standing(d))
	}
	return e, nil
}

// hintAll names some nodes of a run.
func hintAll(s *engine.State) string {
	const most = 10
	var names []string
	all := s.Standings(func(string, string) bool { return true })
	for _, t := range all[:min(most, len(all))] {
		names = append(names, t.Node)
	}
	if more := len(all) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return "its nodes are " + strings.Join(names, ", ")
}

// draft is what costs little to know of each of very many tasks.
type draft struct {
	engine.Standing
	phase Phase
	task  *engine.Pending // nil for nodes without
}

// nearness is the order in which tasks are told of.
var nearness = map[Phase]int{Ready: 0, Parked: 1, Delayed: 2, Executing: 3, Blocked: 4, Past: 5}

// drafts are the tasks of nodes, and the nodes that have none, what could begin
// soonest first. The caller holds mu.
func (c *Coordinator) drafts(r *run, standings []engine.Standing) (list []draft) {
	for _, s := range standings {
		for i := range s.Tasks {
			list = append(list, draft{s, c.phase(r, s.Tasks[i].ID), &s.Tasks[i]})
		}
		switch {
		case len(s.Tasks) > 0:
		case s.Executed:
			list = append(list, draft{s, Past, nil})
		default:
			list = append(list, draft{s, Blocked, nil})
		}
	}
	slices.SortStableFunc(list, func(a, b draft) int { return cmp.Compare(nearness[a.phase], nearness[b.phase]) })
	return list
}

func (c *Coordinator) phase(r *run, id task.ID) Phase {
	switch {
	case c.leases[id] != nil:
		return Executing
	case c.delayed[id] != nil:
		return Delayed
	case r.paused:
		return Parked
	}
	return Ready
}

// standing adds what costs more to know.
func (c *Coordinator) standing(d draft) TaskStanding {
	t := TaskStanding{Node: d.Node, Label: d.Label, Phase: d.phase, Waits: d.Waits, Any: d.Any, Later: d.Later}
	p := d.task
	if p == nil {
		return t
	}
	r := p.Request
	if l := c.leases[p.ID]; l != nil {
		r = l.request
	} else if x, w := c.shelfOf(p.ID); x != nil {
		r = w.request // which may ask for more than the engine knows
	}
	t.Attempt, t.Need, t.Failed = p.Attempt, r.Resources, p.Failed
	t.Why = c.o.Router.Why(resource.Subject{Node: d.Node, Label: d.Label, Task: r.Identifier}, r.Resources)
	t.Capacity, t.Workers = c.capacity(r.Resources.Pool), c.workersFor(r)
	switch d.phase {
	case Executing:
		w := c.leases[p.ID].worker
		t.Worker, t.Host, t.Held, t.Slots = w.hello.Worker, w.hello.Host, len(w.held), w.hello.Slots
	case Delayed:
		t.Delay = p.Delay
	case Ready:
		t.Ahead = c.ahead(p.ID)
	}
	return t
}

// workersFor counts the workers that a task could go to.
func (c *Coordinator) workersFor(r *task.Request) (n Workers) {
	for _, w := range c.workers {
		if w.leave || r.Resources.Pool != "" && w.hello.Pool != r.Resources.Pool {
			continue
		}
		n.There++
		if !w.capacity.Fits(r.Resources) {
			continue
		}
		n.Large++
		if w.room(r.Resources) < 1 {
			continue
		}
		n.Free++
		if !w.hello.EndsAt.IsZero() && c.known.expected(r) > c.left(w) {
			n.Late++
		}
	}
	return n
}

// ahead is how many tasks go before another to workers of its pool.
func (c *Coordinator) ahead(id task.ID) (n int) {
	mine, first := c.shelfOf(id)
	if mine == nil {
		return 0
	}
	for _, x := range c.ready.list {
		if x.pool != mine.pool && x.pool != "" && mine.pool != "" {
			continue
		}
		switch order := x.rank.compare(mine.rank); {
		case order < 0:
			n += x.len()
		case order == 0:
			for _, w := range x.list[x.head:] {
				if w.turn < first.turn {
					n++
				}
			}
		}
	}
	return n
}

// shelfOf finds a request that waits for a worker.
func (c *Coordinator) shelfOf(id task.ID) (*shelf, waiter) {
	for _, x := range c.ready.list {
		for _, w := range x.list[x.head:] {
			if w.request.ID == id {
				return x, w
			}
		}
	}
	return nil, waiter{}
}
