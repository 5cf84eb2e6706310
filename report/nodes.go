package report

import (
	"cmp"
	"slices"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

const (
	// knownNodes bounds the nodes in memory, mostNodes those in a report.
	knownNodes, mostNodes = 100_000, 500
)

// nodes adds up what happened at each node of the workflow.
type nodes struct {
	byID map[string]*node
	// others are attempts at nodes beyond those that are known.
	others int
}

type node struct {
	Node
	order     int // in which they were first seen
	work      float64
	durations durations
}

func (n *nodes) of(id string) *node {
	at := n.byID[id]
	if at == nil {
		if len(n.byID) >= knownNodes {
			n.others++
			return &node{}
		}
		if n.byID == nil {
			n.byID = map[string]*node{}
		}
		at = &node{Node: Node{ID: id}, order: len(n.byID)}
		n.byID[id] = at
	}
	return at
}

// add counts an attempt at one node, or the steps of an attempt at a whole run.
func (n *nodes) add(a *task.Attempt, s span, known bool) {
	if a.Node == "" {
		for i := range a.Steps {
			n.step(a, &a.Steps[i])
		}
		return
	}
	at := n.of(a.Node)
	at.Label, at.Identifier = cmp.Or(at.Label, a.Label), cmp.Or(at.Identifier, a.Identifier)
	*at.Tally.of(a.Status)++
	if a.Number > 1 {
		at.Retries++
	}
	at.PeakMemory = max(at.PeakMemory, a.PeakMemory)
	if known {
		at.took(s.length(), coresOf(a), a.Status == "succeeded")
	}
}

func (n *nodes) step(a *task.Attempt, s *task.Step) {
	at := n.of(s.Node)
	status := "succeeded"
	if s.Failed {
		status = "failed"
	}
	*at.Tally.of(status)++
	if a.Number > 1 {
		at.Retries++
	}
	at.took(max(0, s.Duration.Microseconds()), coresOf(a), !s.Failed)
}

func (n *node) took(length int64, cores int, succeeded bool) {
	n.work += float64(length) * float64(cores)
	if succeeded {
		n.durations.add(length)
	}
}

// data lists the nodes with the most work, in the given order or else in that in
// which they were seen. names are labels and identifiers of the workflow.
func (n *nodes) data(order map[string]int, names map[string]Node) (list []Node, more int) {
	all := make([]*node, 0, len(n.byID))
	for _, at := range n.byID {
		all = append(all, at)
	}
	slices.SortFunc(all, func(a, b *node) int { return cmp.Or(cmp.Compare(b.work, a.work), cmp.Compare(a.order, b.order)) })
	more = max(0, len(all)-mostNodes)
	all = all[:len(all)-more]
	place := func(x *node) int {
		if i, ok := order[x.ID]; ok {
			return i
		}
		return len(order) + x.order
	}
	slices.SortFunc(all, func(a, b *node) int { return cmp.Compare(place(a), place(b)) })
	list = make([]Node, len(all))
	for i, at := range all {
		at.Cores = hours(at.work)
		at.Durations = at.durations.data()
		list[i] = at.Node
		list[i].Label = cmp.Or(names[at.ID].Label, at.Label)
		list[i].Identifier = cmp.Or(names[at.ID].Identifier, at.Identifier)
	}
	return list, more
}
