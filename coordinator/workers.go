package coordinator

import (
	"fmt"
	"strconv"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
	"github.com/ewoks-hpc/ewoks-hpc/resource"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// worker is what the coordinator knows of one worker process.
type worker struct {
	hello    task.Hello
	capacity resource.Capacity
	since    time.Time
	seen     time.Time
	away     time.Time // when its connection ended, if it has not been seen since
	turn     uint64
	held     map[task.ID]*lease
	load     load
	late     bool // there was something for it that takes too long
	poked    bool
	leave    bool
	stop     []task.ID
	over     []string
	done     uint64
	failed   uint64
}

func newWorker(h task.Hello) *worker {
	now := time.Now()
	return &worker{hello: h, capacity: h.Capacity(), since: now, seen: now, held: map[task.ID]*lease{}}
}

// serveWorker answers a message of a worker. It is decoded before anybody has to wait
// for it.
func (c *Coordinator) serveWorker(m broker.Msg) {
	id, verb, ok := broker.ParseWork(m.Subject)
	if !ok {
		return
	}
	var serve func() []byte
	switch verb {
	case broker.Hello:
		h, err := task.DecodeHello(m.Data)
		serve = func() []byte { return c.hello(id, h, err) }
	case broker.Turn, broker.Bye:
		t, err := task.DecodeTurn(m.Data)
		if err != nil || t.Worker != id {
			c.o.Logger.Warn("malformed turn", "worker", id, "error", err)
			return
		}
		serve = func() []byte { return c.turn(t) }
		if verb == broker.Bye {
			serve = func() []byte { return c.bye(t) }
		}
	default:
		return
	}
	c.step(func() {
		answer := serve()
		c.then(func() { c.respond(m, answer) })
	})
}

func (c *Coordinator) hello(id string, h task.Hello, err error) []byte {
	if err != nil || h.Worker != id || h.Key+"-"+h.Index != broker.WorkerJob(id) {
		c.o.Logger.Warn("malformed hello", "worker", id, "error", err)
		return task.EncodeJSON(task.Welcome{Refused: "the launcher did not understand the worker: are both of the same version?"})
	}
	if h.Version != task.Version {
		return task.EncodeJSON(task.Welcome{Refused: fmt.Sprintf("the worker speaks version %d, the launcher version %d", h.Version, task.Version)})
	}
	if w := c.workers[id]; w == nil {
		c.replaceOlder(h)
		c.workers[id] = newWorker(h)
		c.idle.add(c.workers[id])
		c.note(workerTopic + id).Hello = &h
		c.o.Logger.Info("worker joined", "worker", id, "host", h.Host, "slots", h.Slots, "job", h.Job, "index", h.Index)
		if c.onHello != nil {
			c.onHello(h)
		}
	}
	return task.EncodeJSON(task.Welcome{Heartbeat: c.o.Heartbeat, Store: c.o.Store})
}

// replaceOlder drops the workers of an earlier start of the same job: Slurm has
// requeued it, so they are gone.
func (c *Coordinator) replaceOlder(h task.Hello) {
	for id, w := range c.workers {
		if w.hello.Key == h.Key && w.hello.Index == h.Index && restarts(w.hello) < restarts(h) {
			c.lose(id, "its job was requeued")
		}
	}
}

func restarts(h task.Hello) int {
	n, _ := strconv.Atoi(h.Restart) // empty outside of Slurm
	return n
}

// turn folds in what a worker brings and gives it more to do.
func (c *Coordinator) turn(t *task.Turn) []byte {
	w := c.workers[t.Worker]
	if w == nil {
		return task.EncodeReply(&task.Reply{Number: t.Number, Unknown: true})
	}
	w.seen, w.away, w.poked, w.turn = time.Now(), time.Time{}, false, t.Number
	w.leave = w.leave || t.Leaving
	c.collect(w, t)
	c.reconcile(w, t)
	reply := c.reply(w, t)
	c.idle.add(w)
	c.poke()
	return task.EncodeReply(reply)
}

// collect takes what a worker brings and what it gives back.
func (c *Coordinator) collect(w *worker, t *task.Turn) {
	for i := range t.Results {
		c.take(w, t.Results[i])
	}
	for _, id := range t.Returned {
		c.release(w, id)
	}
}

// take folds in one result, which may be of a task that is not leased to the
// worker any more: the engine knows whether it still counts.
func (c *Coordinator) take(w *worker, r task.Result) {
	var request *task.Request
	if l := c.leases[r.ID]; l != nil && l.worker == w && l.request.Attempt == r.Attempt {
		request = l.request
		c.end(l)
		c.known.learn(l.request.Identifier, r.Duration)
	} else if !c.earlier.had(r.ID, w.hello.Worker, r.Attempt) {
		if run := c.runs[r.Run]; run != nil && run.state != nil {
			c.o.Logger.Info("result of a task that the worker does not have", "worker", w.hello.Worker, "task", r.ID, "attempt", r.Attempt)
		}
		return
	}
	switch r.Status {
	case task.Succeeded:
		w.done++
	case task.Lost:
		c.totals.Lost++
	default:
		w.failed++
	}
	if run := c.runs[r.Run]; run != nil && run.state != nil {
		c.observe(run, w, &r, request)
		c.result(run, r, w)
	}
}

// reconcile returns tasks that the worker should hold but does not: the reply
// that carried them never arrived.
func (c *Coordinator) reconcile(w *worker, t *task.Turn) {
	if len(w.held) == 0 {
		return
	}
	holding := make(map[task.ID]bool, len(t.Holding))
	for _, id := range t.Holding {
		holding[id] = true
	}
	for id, l := range w.held {
		if !holding[id] && l.turn < t.Number {
			c.release(w, id)
		}
	}
}

func (c *Coordinator) reply(w *worker, t *task.Turn) *task.Reply {
	reply := &task.Reply{Number: t.Number, Leave: w.leave, Stop: w.stop, Over: w.over}
	w.stop, w.over = nil, nil
	if w.leave || c.paused {
		return reply
	}
	w.late = false
	c.assign(w, t, reply)
	if w.leave = c.retire(w, len(reply.Requests)); w.leave {
		reply.Leave = true
	}
	return reply
}

// bye removes a worker that leaves of its own accord.
func (c *Coordinator) bye(t *task.Turn) []byte {
	if w := c.workers[t.Worker]; w != nil {
		c.collect(w, t)
		c.o.Logger.Info("worker left", "worker", t.Worker, "host", w.hello.Host)
		c.lose(t.Worker, "it was ended while it executed the task")
		if c.onBye != nil {
			c.onBye()
		}
		c.poke()
	}
	return task.EncodeJSON(struct{}{})
}

// expire declares workers lost that have stayed away for too long.
func (c *Coordinator) expire(now time.Time) { c.step(func() { c.expireWorkers(now) }) }

func (c *Coordinator) expireWorkers(now time.Time) {
	if !c.expired.IsZero() && now.Sub(c.expired) > c.o.Heartbeat {
		c.excuse(now)
	}
	c.expired = now
	for id, w := range c.workers {
		if away := now.Sub(w.seen); away > c.o.Heartbeat*5/2 {
			c.o.Logger.Warn("worker lost", "worker", id, "host", w.hello.Host, "away", away.String())
			c.lose(id, fmt.Sprintf("no sign of life for %s", away.Round(time.Second)))
		} else if !w.away.IsZero() && now.Sub(w.away) > awayTime {
			c.o.Logger.Warn("worker lost: its connection broke", "worker", id, "host", w.hello.Host)
			c.lose(id, "its connection broke and did not come back")
		}
	}
	if now.Sub(c.pruned) > min(time.Minute, c.o.KeepRuns/4) {
		c.prune(now)
	}
	c.poke()
}

// excuse counts workers as seen now: it was this process that was away, stopped or
// on a machine that slept, and their messages may still be waiting.
func (c *Coordinator) excuse(now time.Time) {
	for _, w := range c.workers {
		w.seen = now
		if !w.away.IsZero() {
			w.away = now
		}
	}
}

// awayTime is how long a worker whose connection ended may take to come back.
const awayTime = 5 * time.Second

// Away notes that the connection of a worker has ended.
func (c *Coordinator) Away(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if w := c.workers[id]; w != nil {
		w.away = time.Now()
	}
}

// Gone tells the coordinator that workers have ended, from whoever saw it.
func (c *Coordinator) Gone(match func(task.Hello) bool, reason string) {
	c.step(func() {
		for id, w := range c.workers {
			if match(w.hello) {
				c.o.Logger.Warn("worker gone", "worker", id, "host", w.hello.Host, "reason", reason)
				c.lose(id, reason)
			}
		}
		c.poke()
	})
}

func (c *Coordinator) lose(id, reason string) {
	w := c.workers[id]
	delete(c.workers, id)
	c.idle.remove(w)
	c.then(func() { c.forgetWorker(id) })
	if len(w.held) > 0 {
		c.o.Logger.Warn("tasks lost with their worker", "worker", id, "host", w.hello.Host, "reason", reason, "tasks", len(w.held))
	}
	for id, l := range w.held {
		delete(c.leases, id)
		c.totals.Lost++
		run := c.runs[id.Run]
		if run == nil || run.state == nil {
			continue
		}
		c.earlier.add(id, w.hello.Worker, l.request.Attempt)
		r := task.Result{ID: id, Attempt: l.request.Attempt, Status: task.Lost, Duration: time.Since(l.since), Failure: task.Failure{
			Cause:   task.Gone,
			Message: fmt.Sprintf("worker %s on %s: %s", w.hello.Worker, w.hello.Host, reason),
		}}
		c.observe(run, w, &r, l.request)
		c.result(run, r, nil)
	}
}

// Drain asks workers to finish what they hold and to end.
func (c *Coordinator) Drain(match func(task.Hello) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, w := range c.workers {
		if match(w.hello) && !w.leave {
			w.leave = true
			c.send(id, w)
		}
	}
}

// claim tells whether there is something for a worker that no other was poked for. It
// must not say so in vain: a worker that is poked takes a turn, which ends in a poke.
func (c *Coordinator) claim(w *worker) bool {
	free := w.free()
	x := c.pick(w, func(x *shelf) bool { return x.unclaimed > 0 && (free > 0 || !x.plain()) })
	if x == nil {
		return false
	}
	if !x.plain() {
		free = w.room(x.peek().request.Resources)
	}
	x.unclaimed -= free
	return true
}

func (c *Coordinator) send(id string, w *worker) {
	w.poked = true
	if err := c.o.Conn.Publish(broker.CtlSubject(id), nil); err != nil {
		c.o.Logger.Warn("worker not poked", "worker", id, "error", err)
	}
}
