package history

import "github.com/ewoks-hpc/ewoks-hpc/task"

// ring holds the newest attempts. It grows to its size as they come.
type ring struct {
	most  int
	items []task.Attempt
	count uint64 // of all that were ever added
}

func (r *ring) add(a task.Attempt) {
	a.Steps = nil // a whole run may have thousands, and they are in its file
	if len(r.items) < r.most {
		r.items = append(r.items, a)
	} else {
		r.items[r.count%uint64(r.most)] = a
	}
	r.count++
}

// first is the position of the first of the newest attempts after one, at most so many.
func (r *ring) first(after uint64, most int) uint64 {
	if after > r.count {
		after = 0
	}
	return r.count - min(r.count-after, uint64(len(r.items)), uint64(max(most, 0)))
}

// oldest is the position of the oldest attempt that is there.
func (r *ring) oldest() uint64 { return r.count - uint64(len(r.items)) }

// appendTo appends attempts from a position on, at most so many.
func (r *ring) appendTo(list []task.Attempt, from uint64, most int) []task.Attempt {
	for i := from; i < min(r.count, from+uint64(most)); i++ {
		list = append(list, r.items[i%uint64(r.most)])
	}
	return list
}
