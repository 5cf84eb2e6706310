package coordinator

import "github.com/ewoks-hpc/ewoks-hpc/resource"

// idle are the workers, by pool, that may have room and were not told of anything since
// their last turn. Those that are busy are not looked at when something comes to wait:
// there may be a thousand of them.
type idle map[string]map[*worker]struct{}

func (i idle) add(w *worker) {
	if w.poked || w.leave || w.full() {
		return
	}
	pool := i[w.hello.Pool]
	if pool == nil {
		pool = map[*worker]struct{}{}
		i[w.hello.Pool] = pool
	}
	pool[w] = struct{}{}
}

func (i idle) remove(w *worker) { delete(i[w.hello.Pool], w) }

// full tells whether a worker has no room for any task.
func (w *worker) full() bool { return w.free() <= 0 && w.room(resource.Need{Cores: 1}) <= 0 }

// poke tells idle workers that there is something for them.
func (c *Coordinator) poke() {
	if c.paused || c.ready.len() == 0 {
		return
	}
	for _, x := range c.ready.list {
		x.unclaimed = x.len()
	}
	for pool, workers := range c.idle {
		for w := range workers {
			if !c.unclaimed(pool) {
				break
			}
			switch {
			case w.poked || w.leave || w.full():
				delete(workers, w)
			case c.claim(w):
				delete(workers, w)
				c.send(w.hello.Worker, w)
			}
		}
	}
}

// unclaimed tells whether there is something for a pool that no worker was poked for.
func (c *Coordinator) unclaimed(pool string) bool {
	for _, x := range c.ready.list {
		if x.unclaimed > 0 && x.serves(pool) {
			return true
		}
	}
	return false
}
