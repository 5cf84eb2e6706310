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

func (r *ring) newest(after uint64, most int) []task.Attempt {
	if after > r.count {
		after = 0
	}
	n := min(r.count-after, uint64(len(r.items)), uint64(max(most, 0)))
	list := make([]task.Attempt, 0, n)
	for i := r.count - n; i < r.count; i++ {
		list = append(list, r.items[i%uint64(r.most)])
	}
	return list
}
