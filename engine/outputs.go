package engine

import (
	"slices"

	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// selectOutputs notes the outputs of a node, if they are selected. Of executions that
// overlap the one counts that was started last, whichever ends last.
func (s *State) selectOutputs(node int, r task.Result) {
	if !s.plan.selected[node] {
		return
	}
	before, again := s.latest[node]
	if again && before.Seq > r.Seq {
		return
	}
	s.retain(r.Seq, before.Seq)
	if again {
		s.ended = slices.DeleteFunc(s.ended, func(n int) bool { return n == node })
	}
	s.latest[node] = r
	s.ended = append(s.ended, node)
}

// outputs are the selected outputs of the nodes that have executed, in the
// order in which they are to be merged: that of the graph, unless it leaves the
// order to the run.
func (s *State) outputs() []Output {
	var all []Output
	for _, sel := range s.merged() {
		r, ok := s.latest[sel.Node]
		if !ok {
			continue
		}
		node := s.plan.wf.Nodes[sel.Node].ID.String()
		if sel.Name == "" {
			all = append(all, whole(sel.Node, node, r)...)
			continue
		}
		all = append(all, output(sel.Node, node, string(sel.Name), sel.As, r))
	}
	return all
}

// whole are all outputs of a node that were set, or the node alone.
func whole(position int, node string, r task.Result) (list []Output) {
	for _, o := range r.Outputs {
		if o.Value.Kind != task.Missing {
			list = append(list, output(position, node, o.Name, o.Name, r))
		}
	}
	for _, shown := range r.Shown {
		if find(r.Outputs, shown.Name) < 0 {
			list = append(list, output(position, node, shown.Name, shown.Name, r))
		}
	}
	if list == nil {
		list = []Output{{Position: position, Node: node}}
	}
	return list
}

// merged orders the selection by when nodes ended last, if that is what decides.
func (s *State) merged() []workflow.Selected {
	if s.plan.ordered {
		return s.plan.outputs
	}
	rank := make(map[int]int, len(s.ended))
	for i, node := range s.ended {
		rank[node] = i
	}
	list := slices.Clone(s.plan.outputs)
	slices.SortStableFunc(list, func(a, b workflow.Selected) int { return rank[a.Node] - rank[b.Node] })
	return list
}

func output(position int, node, name, newName string, r task.Result) Output {
	o := Output{Position: position, Node: node, Name: newName}
	if i := find(r.Outputs, name); i >= 0 {
		o.Value = r.Outputs[i].Value
	}
	for _, shown := range r.Shown {
		if shown.Name == name {
			o.Shown = string(shown.JSON)
		}
	}
	return o
}
