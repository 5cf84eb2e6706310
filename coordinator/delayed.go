package coordinator

import (
	"maps"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// delayed are attempts that are to be begun later. The journal does not know when:
// after a restart they are due at once.
type delayed map[task.ID]*time.Timer

// start lets an attempt wait for a worker, from now on or from later on.
func (c *Coordinator) start(s engine.Start) {
	switch {
	case c.waiting != nil:
		c.wait(s.Request)
	case s.After > 0:
		c.delay(s)
	default:
		c.enqueue(s.Request)
	}
}

func (c *Coordinator) delay(s engine.Start) {
	c.later(s.Request.ID, s.After, func() { c.enqueue(s.Request) })
}

// later does something about an attempt in a step of its own, unless it is dropped before.
func (c *Coordinator) later(id task.ID, after time.Duration, do func()) {
	var timer *time.Timer
	timer = time.AfterFunc(after, func() {
		c.step(func() {
			if c.delayed[id] == timer && !c.stopped() { // else it was dropped while this waited
				delete(c.delayed, id)
				do()
				c.poke()
			}
		})
	})
	c.delayed[id] = timer
}

func (c *Coordinator) stopped() bool {
	select {
	case <-c.stop:
		return true
	default:
		return false
	}
}

func (d delayed) drop(id task.ID) {
	if timer := d[id]; timer != nil {
		timer.Stop()
		delete(d, id)
	}
}

func (d delayed) dropRun(run string) {
	for id := range maps.Clone(d) {
		if id.Run == run {
			d.drop(id)
		}
	}
}

// supersede ends all attempts at a task that an older one has carried out.
func (c *Coordinator) supersede(id task.ID) {
	c.delayed.drop(id)
	c.ready.drop(id)
	c.parked.drop(id)
	l := c.leases[id]
	if l == nil {
		return
	}
	c.end(l)
	l.worker.stop = append(l.worker.stop, id)
	if c.waiting == nil {
		c.send(l.worker.hello.Worker, l.worker)
	}
}
