package engine

import (
	"slices"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// record notes the outputs of a task that take room somewhere, and marks them with
// the task. The task itself counts as one who refers to them, until let is called.
func (s *State) record(r *task.Result) {
	var values []task.Value
	for i := range r.Outputs {
		if !takesRoom(&r.Outputs[i].Value) {
			continue
		}
		if values == nil {
			r.Outputs = slices.Clone(r.Outputs) // the event is not ours
		}
		r.Outputs[i].Value.Seq = r.Seq
		values = append(values, r.Outputs[i].Value)
	}
	if values != nil {
		s.made[r.Seq] = &made{id: r.ID, refs: 1, values: values}
	}
}

func takesRoom(v *task.Value) bool { return v.Kind == task.Held || v.Kind == task.Stored }

// refer adds a reference to whatever takes room in a list of values.
func (s *State) refer(data []task.Named) {
	eachMaker(data, func(seq uint64) {
		if m := s.made[seq]; m != nil {
			m.refs++
		}
	})
}

// forget takes back what refer added.
func (s *State) forget(data []task.Named) { eachMaker(data, s.let) }

func eachMaker(data []task.Named, do func(seq uint64)) {
	for i := range data {
		switch v := &data[i].Value; {
		case takesRoom(v):
			do(v.Seq)
		case v.Kind == task.Group:
			eachMaker(v.Members, do)
		}
	}
}

// retain keeps the outputs of a selected node, in place of those of its execution
// before, until they are saved or returned.
func (s *State) retain(seq, before uint64) {
	if !s.plan.retains() {
		return
	}
	if m := s.made[seq]; m != nil {
		m.refs++
	}
	s.let(before)
}

// let gives up one reference to the outputs of a task.
func (s *State) let(seq uint64) {
	m := s.made[seq]
	if m == nil {
		return
	}
	if m.refs--; m.refs == 0 {
		delete(s.made, seq)
		s.actions = append(s.actions, Release{m.id, m.values})
	}
}

// giveBack ends the references of an execution, and those of a node that will
// not execute again.
func (s *State) giveBack(x *execution) {
	s.forget(x.given)
	s.forget(x.data)
	if s.plan.nodes[x.node].once {
		s.clear(x.node)
	}
}

// replace puts a delivery where another may have been.
func (s *State) replace(slot *delivery, d delivery) {
	s.forget(slot.data)
	*slot = d
}

// clear forgets what was delivered to a node that will not execute again.
func (s *State) clear(node int) {
	m := &s.merging[node]
	for i := range m.slots {
		s.forget(m.slots[i].data)
	}
	m.slots = nil
}
