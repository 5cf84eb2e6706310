package workflow

import (
	"fmt"
	"slices"
	"strings"
)

// CycleError is a graph that has no topological order.
type CycleError struct {
	// Nodes are the nodes of one cycle, in its order.
	Nodes []ID
}

// Error names the nodes of the cycle, the first ones of a long one.
func (e *CycleError) Error() string {
	const most = 10
	names := make([]string, 0, most+2)
	for _, id := range e.Nodes[:min(len(e.Nodes), most)] {
		names = append(names, id.String())
	}
	if more := len(e.Nodes) - most; more > 0 {
		names = append(names, fmt.Sprintf("(%d more)", more))
	}
	names = append(names, e.Nodes[0].String())
	return "the workflow has a cycle: " + strings.Join(names, " -> ")
}

// Cyclic tells whether the graph has a cycle; a self-link is one.
func (w *Workflow) Cyclic() bool { return len(w.sorted()) < len(w.Nodes) }

// TopologicalOrder lists the positions of all nodes, sources before targets,
// generation by generation. It fails with a CycleError for cyclic graphs.
func (w *Workflow) TopologicalOrder() ([]int, error) {
	order := w.sorted()
	if len(order) < len(w.Nodes) {
		return nil, &CycleError{Nodes: w.cycle(order)}
	}
	return order, nil
}

// sorted is Kahn's algorithm; nodes on and below cycles are left out.
func (w *Workflow) sorted() []int {
	waiting := make([]int, len(w.Nodes))
	order := make([]int, 0, len(w.Nodes))
	for i := range w.Nodes {
		waiting[i] = len(w.incoming[i])
		if waiting[i] == 0 {
			order = append(order, i)
		}
	}
	for at := 0; at < len(order); at++ {
		for _, l := range w.outgoing[order[at]] {
			target := w.Links[l].Target
			if waiting[target]--; waiting[target] == 0 {
				order = append(order, target)
			}
		}
	}
	return order
}

// cycle walks upstream from a node that could not be sorted. Each such node has
// a source that could not be sorted either, so the walk comes back to itself.
func (w *Workflow) cycle(sorted []int) []ID {
	done := make([]bool, len(w.Nodes))
	for _, i := range sorted {
		done[i] = true
	}
	at := slices.Index(done, false)
	step := make([]int, len(w.Nodes)) // 0: not visited, else when
	var walk []int
	for step[at] == 0 {
		walk = append(walk, at)
		step[at] = len(walk)
		for _, l := range w.incoming[at] {
			if source := w.Links[l].Source; !done[source] {
				at = source
				break
			}
		}
	}
	loop := walk[step[at]-1:]
	slices.Reverse(loop)
	ids := make([]ID, len(loop))
	for i, n := range loop {
		ids[i] = w.Nodes[n].ID
	}
	return ids
}
