package engine

import (
	"cmp"
	"iter"
	"slices"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Underway are the tasks that were started and have not ended, in any order, each with
// its current attempt. They may still wait for a worker.
func (s *State) Underway() iter.Seq[*task.Request] {
	return func(yield func(*task.Request) bool) {
		for _, x := range s.running {
			if !yield(x.request) {
				return
			}
		}
	}
}

// Executing are those of Underway, oldest first.
func (s *State) Executing() []*task.Request {
	return slices.SortedFunc(s.Underway(), func(a, b *task.Request) int { return cmp.Compare(a.Seq, b.Seq) })
}
