package coordinator

import (
	"maps"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// lease is the right of one worker to execute one attempt at a task.
type lease struct {
	request *task.Request
	worker  *worker
	turn    uint64 // the turn in whose reply the worker got it
	since   time.Time
}

// maxReplyBytes bounds the values that travel with one reply.
const maxReplyBytes = 1 << 20

// assign leases ready tasks to a worker: as many as fit, and more ahead as long as
// there is plenty, so that no worker takes what another could begin sooner.
func (c *Coordinator) assign(w *worker, t *task.Turn, reply *task.Reply) {
	share := c.share(w, t)
	bytes := 0
	for n := 0; ; {
		x := c.pick(w, func(x *shelf) bool { return n < share || !x.plain() })
		if x == nil {
			return
		}
		r := x.peek().request
		size, err := c.fit(r)
		if err != nil {
			c.ready.pop(x)
			c.refuse(r, err)
			continue
		}
		if bytes += size; bytes > maxReplyBytes && len(reply.Requests) > 0 {
			return
		}
		c.ready.pop(x)
		c.grant(w, t.Number, r, reply)
		if x.plain() {
			n++
		}
	}
}

func (c *Coordinator) grant(w *worker, turn uint64, r *task.Request, reply *task.Reply) {
	c.lease(w, turn, r)
	c.noteGrant(w, r)
	if reply.Environments == nil {
		reply.Environments = map[string]task.Environment{}
	}
	reply.Environments[r.Run] = c.runs[r.Run].environment
	reply.Requests = append(reply.Requests, r)
}

func (c *Coordinator) lease(w *worker, turn uint64, r *task.Request) {
	l := &lease{request: r, worker: w, turn: turn, since: time.Now()}
	c.leases[r.ID] = l
	w.held[r.ID] = l
	w.use(r, 1)
}

// end forgets a lease whose task has ended.
func (c *Coordinator) end(l *lease) {
	delete(c.leases, l.request.ID)
	delete(l.worker.held, l.request.ID)
	l.worker.use(l.request, -1)
	c.idle.add(l.worker)
}

// release takes back a task that the worker has not begun.
func (c *Coordinator) release(w *worker, id task.ID) {
	l := w.held[id]
	if l == nil {
		return
	}
	c.end(l)
	if c.runs[id.Run] != nil {
		c.requeue(l.request)
	}
}

// revoke ends the leases of a run that is over, and tells the workers.
func (c *Coordinator) revoke(run string) {
	c.ready.remove(run)
	delete(c.parked, run)
	c.delayed.dropRun(run)
	for id, l := range maps.All(c.leases) {
		if id.Run == run {
			l.worker.stop = append(l.worker.stop, id)
			c.end(l)
		}
	}
	for id, w := range c.workers {
		w.over = append(w.over, run)
		if len(w.stop) > 0 {
			c.send(id, w)
		}
	}
}
