package coordinator

import (
	"maps"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// lease is the right of one worker to execute one attempt at a task.
type lease struct {
	request *task.Request
	worker  *worker
	turn    uint64 // the turn in whose reply the worker got it
}

// maxReplyBytes bounds the values that travel with one reply.
const maxReplyBytes = 1 << 20

// assign leases ready tasks to a worker: enough for its idle slots, and more
// ahead as long as there is plenty, so that no worker takes what another could
// begin sooner.
func (c *Coordinator) assign(w *worker, t *task.Turn, reply *task.Reply) {
	free := min(max(t.Free, 0), w.hello.Slots)
	ahead := min(max(t.Ahead, 0), 1024)
	share := max(free, min(free+ahead, c.ready.len()/(2*len(c.workers))))
	bytes := 0
	for n := 0; n < share && c.ready.len() > 0; n++ {
		r := c.ready.peek()
		size, err := c.fit(r)
		if err != nil {
			c.ready.pop()
			c.refuse(r, err)
			continue
		}
		if bytes += size; bytes > maxReplyBytes && n > 0 {
			return
		}
		c.ready.pop()
		c.grant(w, t.Number, r, reply)
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
	l := &lease{request: r, worker: w, turn: turn}
	c.leases[r.ID] = l
	w.held[r.ID] = l
}

// end forgets a lease whose task has ended.
func (c *Coordinator) end(l *lease) {
	delete(c.leases, l.request.ID)
	delete(l.worker.held, l.request.ID)
}

// release takes back a task that the worker has not begun.
func (c *Coordinator) release(w *worker, id task.ID) {
	l := w.held[id]
	if l == nil {
		return
	}
	c.end(l)
	if c.runs[id.Run] != nil {
		c.ready.pushFront(l.request)
	}
}

// revoke ends the leases of a run that is over, and tells the workers.
func (c *Coordinator) revoke(run string) {
	c.ready.remove(run)
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
