package engine

import (
	"cmp"
	"slices"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Executing are the tasks that were started and have not ended, oldest first, each
// with its current attempt. They may still wait for a worker.
func (s *State) Executing() []*task.Request {
	requests := make([]*task.Request, 0, len(s.running))
	for _, x := range s.running {
		requests = append(requests, x.request)
	}
	slices.SortFunc(requests, func(a, b *task.Request) int { return cmp.Compare(a.Seq, b.Seq) })
	return requests
}
