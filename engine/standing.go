package engine

import (
	"cmp"
	"slices"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Standing is how far one node of a run is.
type Standing struct {
	// Position is that of the node in the workflow.
	Position    int
	Node, Label string
	// Tasks were started and have not ended, oldest first.
	Tasks []Pending
	// Executed tells that the node was started at least once.
	Executed bool
	// Waits are the links that keep a node from being started which was not yet. Any
	// says that one of them is enough.
	Waits []Wait
	Any   bool
	// Later says that it waits for nothing but its turn, see Options.Window.
	Later bool
}

// Pending is a task that was started and has not ended, with its current attempt.
type Pending struct {
	*task.Request
	// Failed is how many attempts have failed, Delay how long after the last failure
	// the current attempt begins.
	Failed int
	Delay  time.Duration
}

// Wait is a link that has not delivered.
type Wait struct {
	// Node is its source.
	Node string
	// OnError links deliver when the source fails, Conditional ones when their
	// conditions hold.
	OnError, Conditional bool
	// Ended says that the source was executed and is not any more: this time the link
	// did not deliver.
	Ended bool
}

// Standings tells how far nodes are: those that want picks, or all that have tasks or
// were not started if it is nil. The cost is that of looking at all nodes.
func (s *State) Standings(want func(node, label string) bool) (list []Standing) {
	tasks := map[int][]Pending{}
	for _, x := range s.running {
		if x.node != saver {
			tasks[x.node] = append(tasks[x.node], Pending{x.request, x.tries.failed(), s.o.Retry.after(x.tries.failed())})
		}
	}
	if s.outcome.Status != Running {
		return nil
	}
	for i := range s.merging {
		n := &s.plan.wf.Nodes[i]
		executed := s.merging[i].executed
		if want == nil && executed && tasks[i] == nil || want != nil && !want(n.ID.String(), n.Label) {
			continue
		}
		t := Standing{Position: i, Node: n.ID.String(), Label: n.Label, Tasks: tasks[i], Executed: executed}
		slices.SortFunc(t.Tasks, func(a, b Pending) int { return cmp.Compare(a.Seq, b.Seq) })
		if !executed {
			t.Waits, t.Any = s.waits(i, tasks)
			t.Later = len(s.plan.wf.Incoming(i)) == 0
		}
		list = append(list, t)
	}
	return list
}

// waits are the links that a node waits for which was never started: the required
// ones that have not delivered, or any of the others if none is required.
func (s *State) waits(node int, tasks map[int][]Pending) (list []Wait, any bool) {
	m := &s.merging[node]
	any = m.waiting == 0
	for position, l := range s.plan.wf.Incoming(node) {
		if s.plan.required[l] == any || m.slots != nil && m.slots[position].filled {
			continue
		}
		link := &s.plan.wf.Links[l]
		list = append(list, Wait{
			Node: s.plan.wf.Nodes[link.Source].ID.String(), OnError: link.OnError, Conditional: len(link.Conditions) > 0,
			Ended: s.merging[link.Source].executed && tasks[link.Source] == nil,
		})
	}
	return list, any
}
