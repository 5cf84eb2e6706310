package coordinator

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/resource"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// shelves hold the requests that wait for a worker. Requests of one shape wait on
// one shelf, so that to find what suits a worker it is enough to look at the first of
// each shelf: nothing is scanned.
type shelves struct {
	index map[shape]*shelf
	list  []*shelf // those that are not empty
	last  *shelf   // that was used last
	n     int
	back  int64 // turn of the newest request
	front int64 // turn of the last that was put before all others
}

// shape is what requests of a shelf have in common. Amounts are rounded: whether the
// first of a shelf fits is judged by what itself needs.
type shape struct {
	rank        rank
	pool        string
	cores, gpus int
	memory      int // class
	time        int // class
}

// shelf is a queue of requests of one shape.
type shelf struct {
	queue
	shape
	at int // in the list, if it is there
	// saved is the worker that takes nothing newer until the first fits: else
	// a large task would wait for ever while small ones fill every gap.
	saved *worker
	// unclaimed is how many requests no worker was poked for. See Coordinator.poke.
	unclaimed int
}

// class rounds an amount up to steps of an eighth: there are few classes, whatever
// the amounts.
func class(amount int64) int {
	if amount < 16 {
		return int(max(0, amount))
	}
	shift := bits.Len64(uint64(amount)) - 4
	return shift<<4 + int(amount>>shift)
}

func shapeOf(n *resource.Need, of rank) shape {
	return shape{of, n.Pool, n.Cores, n.GPUs, class(int64(n.Memory)), class(int64(n.TimeLimit / time.Second))}
}

// plain tells whether its requests take one slot each.
func (s *shape) plain() bool { return s.cores == 0 && s.gpus == 0 && s.memory == 0 }

func (s *shelves) len() int { return s.n }

func (s *shelves) push(r *task.Request, of rank) {
	s.back++
	s.shelf(shapeOf(&r.Resources, of)).push(waiter{r, s.back})
	s.n++
}

// pushFront lets a request wait that was taken too early.
func (s *shelves) pushFront(r *task.Request, of rank) {
	s.front--
	s.shelf(shapeOf(&r.Resources, of)).pushFront(waiter{r, s.front})
	s.n++
}

// maxShelves is how many shelves are kept when they are empty.
const maxShelves = 1024

// shelf returns that of a shape, to put something on it.
func (s *shelves) shelf(of shape) *shelf {
	x := s.last
	if x == nil || x.shape != of {
		if x = s.index[of]; x == nil {
			if len(s.index) >= maxShelves {
				clear(s.index)
				for _, x := range s.list {
					s.index[x.shape] = x
				}
			}
			x = &shelf{shape: of}
			if s.index == nil {
				s.index = map[shape]*shelf{}
			}
			s.index[of] = x
		}
		s.last = x
	}
	if x.len() == 0 {
		x.at = len(s.list)
		s.list = append(s.list, x)
	}
	return x
}

// pop takes the first request of a shelf.
func (s *shelves) pop(x *shelf) waiter {
	w := x.queue.pop()
	x.saved = nil
	s.n--
	if x.len() == 0 {
		s.unlist(x)
	}
	return w
}

func (s *shelves) unlist(x *shelf) {
	last := s.list[len(s.list)-1]
	s.list[x.at], last.at = last, x.at
	s.list[len(s.list)-1] = nil
	s.list = s.list[:len(s.list)-1]
}

// later moves the first request of a shelf to that of tasks which take longer.
func (s *shelves) later(x *shelf, expected time.Duration) {
	of := x.shape
	of.time = class(int64(expected / time.Second))
	w := s.pop(x)
	s.shelf(of).push(w)
	s.n++
}

// take removes the requests that match, and returns them in their order.
func (s *shelves) take(match func(*task.Request) bool) (taken []*task.Request) {
	var all []waiter
	for _, x := range slices.Clone(s.list) {
		x.filter(func(w waiter) bool {
			if match(w.request) {
				all = append(all, w)
				return false
			}
			return true
		})
		if x.len() == 0 {
			s.unlist(x)
		}
	}
	s.n -= len(all)
	slices.SortFunc(all, func(a, b waiter) int { return cmp.Compare(a.turn, b.turn) })
	for _, w := range all {
		taken = append(taken, w.request)
	}
	return taken
}

// remove takes out the requests of a run.
func (s *shelves) remove(run string) []*task.Request {
	return s.take(func(r *task.Request) bool { return r.Run == run })
}

// drop takes out the request for a task.
func (s *shelves) drop(id task.ID) {
	s.take(func(r *task.Request) bool { return r.ID == id })
}
