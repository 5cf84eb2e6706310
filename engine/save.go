package engine

import "github.com/ewoks-hpc/ewoks-hpc/task"

// saver stands for the node of the task that saves the outputs of the run.
const saver = -1

// save starts the task that writes the outputs to a file, if that is wanted and
// has not been done.
func (s *State) save() bool {
	if s.plan.save == "" || s.saving || s.lacking() {
		return false
	}
	s.saving = true
	s.seq++
	r := &task.Request{
		ID: task.ID{Run: s.o.Run, Seq: s.seq}, Attempt: 1, Node: "save", Type: task.SaveType, Identifier: s.plan.save,
		Inputs: s.saved(), Wanted: task.Wanted{None: true}, Fatal: s.fatal(saver, tries{}),
	}
	s.running[r.Seq] = &execution{node: saver, request: r}
	s.actions = append(s.actions, Start{Request: r})
	return true
}

// saved are the outputs by name, or grouped by node.
func (s *State) saved() []task.Named {
	var merged overlay
	groups := map[string]int{}
	var apart []task.Named
	for _, o := range s.outputs() {
		if o.Name != "" {
			merged.add([]task.Named{{Name: o.Name, Value: o.Value}})
		}
		i, ok := groups[o.Node]
		if !ok {
			i = len(apart)
			groups[o.Node] = i
			apart = append(apart, task.Named{Name: o.Node, Value: task.Value{Kind: task.Group}})
		}
		if o.Name != "" {
			apart[i].Value.Members = append(apart[i].Value.Members, task.Named{Name: o.Name, Value: o.Value})
		}
	}
	if s.plan.apart {
		return apart
	}
	return merged.list
}
