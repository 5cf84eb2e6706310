package coordinator

import (
	"github.com/ewoks-hpc/ewoks-hpc/resource"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// load is what tasks of their own size take of a worker. The others are one slot
// each, and are not added up one by one.
type load struct {
	tasks, slots int
	resource.Use
}

// use adds a task of its own size to what the worker is busy with, or takes it away.
func (w *worker) use(r *task.Request, sign int) {
	if !r.Resources.Sized() {
		return
	}
	w.load.tasks += sign
	w.load.slots += sign * w.capacity.SlotsOf(r.Resources)
	if of := w.capacity.Of(r.Resources); sign > 0 {
		w.load.Use = w.load.Plus(of)
	} else {
		w.load.Use = w.load.Minus(of)
	}
}

// plain is the number of tasks that the worker has and that are one slot each.
func (w *worker) plain() int { return len(w.held) - w.load.tasks }

// room is how many more tasks of a need fit now.
func (w *worker) room(n resource.Need) int {
	slot := w.capacity.Of(resource.Need{})
	return w.capacity.Room(w.load.Plus(slot.Times(w.plain())), w.capacity.Of(n))
}

// free is the number of slots that are idle as far as the coordinator knows.
func (w *worker) free() int {
	if w.load.tasks == 0 {
		return w.hello.Slots - len(w.held)
	}
	return w.room(resource.Need{})
}

// busy is the number of slots that tasks take.
func (w *worker) busy() int { return w.plain() + w.load.slots }

// share is how many tasks of one slot a worker may have now: those that fit, and
// ahead of that no more than half its part of what waits. A worker that gives each
// task resources of its own gets nothing ahead.
func (c *Coordinator) share(w *worker, t *task.Turn) int {
	if w.load.tasks > 0 {
		return max(0, w.free())
	}
	free := min(max(t.Free, 0), w.hello.Slots)
	if w.capacity.OwnGPUs() > 0 && w.capacity.Slots > 1 {
		return free
	}
	ahead := min(max(t.Ahead, 0), 1024)
	waiting, workers := c.ready.len(), len(c.workers)
	if len(c.o.Router.Pools) > 1 {
		waiting, workers = c.competition(w.hello.Pool)
	}
	return max(free, min(free+ahead, waiting/(2*max(1, workers))))
}

// competition counts the tasks of one slot that wait for a pool, and its workers.
func (c *Coordinator) competition(pool string) (waiting, workers int) {
	for _, x := range c.ready.list {
		if x.plain() && x.serves(pool) {
			waiting += x.len()
		}
	}
	for _, w := range c.workers {
		if w.hello.Pool == pool {
			workers++
		}
	}
	return waiting, workers
}

// serves tells whether workers of a pool may take what is on the shelf.
func (s *shape) serves(pool string) bool { return s.pool == "" || s.pool == pool }

// pick finds the shelf whose first request is the next that suits the worker, among
// those that may be, or nil.
func (c *Coordinator) pick(w *worker, may func(*shelf) bool) *shelf {
	var best, barrier *shelf
	older := func(a, b *shelf) bool { return b == nil || a.before(b) }
	for i := 0; i < len(c.ready.list); i++ {
		x := c.ready.list[i]
		if !x.serves(w.hello.Pool) || !may(x) {
			continue
		}
		if !c.inTime(w, x) {
			if i < len(c.ready.list) && c.ready.list[i] != x {
				i-- // all of it went to shelves of longer tasks
			}
			continue
		}
		switch {
		case x.plain() && w.load.tasks == 0 || w.room(x.peek().request.Resources) > 0:
			if older(x, best) {
				best = x
			}
		case c.saves(w, x) && older(x, barrier):
			barrier = x
		}
	}
	if best != nil && barrier != nil && older(barrier, best) {
		return nil
	}
	return best
}

// saves tells whether the worker is kept free for the first request of a shelf, which
// is larger than what it has left. One worker is, for each shelf.
func (c *Coordinator) saves(w *worker, x *shelf) bool {
	if !w.capacity.Fits(x.peek().request.Resources) {
		return false
	}
	if s := x.saved; s == nil || s.leave || c.workers[s.hello.Worker] != s {
		x.saved = w
	}
	return x.saved == w
}

// slotsWaiting is how many slots of each pool the tasks need that wait for a worker; the
// key "" is for those that any pool may execute.
func (c *Coordinator) slotsWaiting() map[string]int {
	slots := map[string]int{}
	for _, x := range c.ready.list {
		slots[x.pool] += x.len() * c.capacity(x.pool).SlotsOf(x.peek().request.Resources)
	}
	return slots
}

// capacity is what a worker of a pool has; not known is one slot.
func (c *Coordinator) capacity(pool string) resource.Capacity {
	for _, p := range c.o.Router.Pools {
		if p.Name == pool {
			return p.Capacity
		}
	}
	return resource.Capacity{Slots: 1}
}
