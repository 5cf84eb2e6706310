package engine

import (
	"slices"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// maxFollowers bounds the tasks that may follow one by themselves.
const maxFollowers = 16

// extend tells the tasks that are to be started which ones may follow them
// without asking: in a chain of short tasks, to ask takes longer than the tasks.
// Whether a follower was begun is known when the result of the one before says
// so; until then it does not exist.
func (s *State) extend() {
	if s.outcome.Status != Running || s.o.Strict && len(s.running) > 1 {
		return
	}
	for _, a := range s.actions {
		start, ok := a.(Start)
		if !ok || start.Request.Attempt > 1 {
			continue
		}
		if node := s.running[start.Request.Seq].node; node != saver {
			start.Request.Then = s.then(node, maxFollowers)
		}
	}
}

// then is the request of the task that may follow a node by itself, with those
// that follow it in turn.
func (s *State) then(node, most int) *task.Request {
	l := s.plan.nodes[node].then
	if l < 0 || most == 0 {
		return nil
	}
	link := &s.plan.wf.Links[l]
	o := overlay{list: slices.Clone(s.plan.nodes[link.Target].defaults)}
	for _, m := range link.DataMapping {
		o.add([]task.Named{{Name: string(m.Input), Value: task.Value{Kind: task.Passed, Output: string(m.Output)}}})
	}
	r := s.request(link.Target, o.list)
	s.seq++
	r.Seq = s.seq
	r.Then = s.then(link.Target, most-1)
	return r
}
