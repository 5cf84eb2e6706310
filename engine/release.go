package engine

import "github.com/ewoks-hpc/ewoks-hpc/task"

// record notes the outputs of a task that take room somewhere. The task itself
// counts as one who refers to them, until let is called.
func (s *State) record(r task.Result) {
	var values []task.Value
	for i := range r.Outputs {
		if k := r.Outputs[i].Value.Kind; k == task.Held || k == task.Stored {
			values = append(values, r.Outputs[i].Value)
		}
	}
	if values != nil {
		s.made[r.Seq] = &made{id: r.ID, refs: 1, values: values}
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

// hold notes that a delivery refers to the outputs of a task, if these take room.
func (s *State) hold(d delivery) bool {
	m := s.made[d.from]
	if !d.filled || m == nil || len(d.data) == 0 {
		return false
	}
	m.refs++
	return true
}

// drop notes that a delivery is not needed any more.
func (s *State) drop(d delivery) {
	if d.filled && len(d.data) > 0 {
		s.let(d.from)
	}
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

// lend notes that an execution refers to what was delivered to its node: its
// request may wait while newer deliveries take the place of these.
func (s *State) lend(x *execution) {
	m := &s.merging[x.node]
	for i := range m.slots {
		s.lendOne(x, m.slots[i])
	}
	s.lendOne(x, m.retained)
}

func (s *State) lendOne(x *execution, d delivery) {
	if s.hold(d) {
		x.from = append(x.from, d.from)
	}
}

// giveBack ends what lend began.
func (s *State) giveBack(x *execution) {
	for _, seq := range x.from {
		s.let(seq)
	}
}

// replace puts a delivery where another may have been.
func (s *State) replace(slot *delivery, d delivery) {
	s.drop(*slot)
	*slot = d
}

// clear forgets what was delivered to a node that will not execute again.
func (s *State) clear(node int) {
	m := &s.merging[node]
	for i := range m.slots {
		s.drop(m.slots[i])
	}
	m.slots = nil
}
