package coordinator

import (
	"cmp"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// rank is what goes first, whenever it came: the higher priority and, of two alike, a
// run that somebody waits for before the rows of a campaign.
type rank struct {
	priority int
	row      bool
}

func (a rank) compare(b rank) int {
	switch {
	case a.priority != b.priority:
		return cmp.Compare(b.priority, a.priority)
	case a.row == b.row:
		return 0
	case a.row:
		return 1
	}
	return -1
}

// rank is that of a request.
func (c *Coordinator) rank(r *task.Request) rank {
	run := c.runs[r.Run]
	if run == nil {
		return rank{}
	}
	return rank{run.priority, run.row != nil}
}

// before tells whether the first request of a shelf goes before that of another.
func (s *shelf) before(t *shelf) bool {
	if s.rank != t.rank {
		return s.rank.compare(t.rank) < 0
	}
	return s.peek().turn < t.peek().turn
}
