package worker

import (
	"context"
	"errors"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// turnTime bounds one exchange with the coordinator. An exchange that takes
// longer is repeated; the coordinator knows what it has seen.
const turnTime = 10 * time.Second

// stuckTime is how long nothing may end before tasks that wait in this worker
// are given back, so that others can execute them.
const stuckTime = 50 * time.Millisecond

// maxTurnBytes bounds the values that travel with one turn.
const maxTurnBytes = 2 << 20

// loop takes a turn whenever there is a reason for one.
func (w *Worker) loop(ctx context.Context) error {
	heartbeat := time.NewTicker(max(w.welcome.Heartbeat/2, 10*time.Millisecond))
	defer heartbeat.Stop()
	stuck := time.NewTicker(stuckTime)
	defer stuck.Stop()
	w.poke()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-stuck.C:
			w.unstick()
			continue
		case <-heartbeat.C:
		case <-w.wake:
		}
		if over, err := w.over(); over {
			return err
		}
		w.turning.Lock()
		w.exchange(ctx)
		w.turning.Unlock()
		if over, err := w.over(); over {
			return err
		}
	}
}

// exchangeNow takes a turn in the goroutine that brings results, if none is under
// way: while tasks are short, to wake another for it would take longer than them.
func (w *Worker) exchangeNow() {
	if w.turning.TryLock() {
		w.exchange(w.ctx)
		w.turning.Unlock()
		if over, _ := w.over(); !over {
			return
		}
	}
	w.poke()
}

func (w *Worker) over() (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.done, w.err
}

// exchange takes one turn. Guarded by turning.
func (w *Worker) exchange(ctx context.Context) {
	w.mu.Lock()
	t := w.takeTurn()
	w.mu.Unlock()
	ask, cancel := context.WithTimeout(ctx, turnTime)
	data, err := w.o.Conn.Request(ask, broker.WorkSubject(w.o.Hello.Worker, broker.Turn), task.EncodeTurn(t))
	cancel()
	var reply *task.Reply
	if err == nil {
		reply, err = task.DecodeReply(data)
	}
	if err == nil && reply.Unknown {
		err = w.sayHello(ctx)
		reply = nil
		w.poke()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if reply == nil {
		w.results = append(t.Results, w.results...)
		w.returned = append(t.Returned, w.returned...)
		w.missed(ctx, err)
		return
	}
	w.heard = time.Now()
	w.follow(reply)
	if len(w.results) > 0 || len(w.returned) > 0 {
		w.poke()
	}
	w.done = w.leaving && len(w.holding) == 0 && len(w.results) == 0 && len(w.returned) == 0
}

// errSilence ends a worker whose coordinator is gone for good.
var errSilence = errors.New("the launcher has not answered for too long: giving up")

// missed deals with a turn that had no reply, or none that counts.
func (w *Worker) missed(ctx context.Context, cause error) {
	if cause == nil || ctx.Err() != nil {
		return
	}
	w.o.Logger.Warn("turn not answered", "error", cause)
	if time.Since(w.heard) > w.o.Silence {
		w.done, w.err = true, errSilence
		return
	}
	time.AfterFunc(500*time.Millisecond, w.poke)
}

// takeTurn gathers what the coordinator is to know.
func (w *Worker) takeTurn() *task.Turn {
	w.turn++
	t := &task.Turn{Worker: w.o.Hello.Worker, Number: w.turn, Returned: w.returned, Leaving: w.leaving}
	w.returned = nil
	t.Results = w.takeResults()
	for id := range w.holding {
		t.Holding = append(t.Holding, id)
	}
	for i := range w.results { // those that did not fit into this turn
		t.Holding = append(t.Holding, w.results[i].ID)
	}
	if !w.leaving {
		t.Free = max(0, w.o.Hello.Slots-len(w.holding))
		t.Ahead = max(0, w.pace.ahead()-max(0, len(w.holding)-w.o.Hello.Slots))
	}
	return t
}

// takeResults takes as many results as fit into one message.
func (w *Worker) takeResults() []task.Result {
	bytes, n := 0, 0
	for n < len(w.results) {
		bytes += sizeOf(&w.results[n])
		if n > 0 && bytes > maxTurnBytes {
			break
		}
		n++
	}
	taken := w.results[:n:n]
	w.results = append([]task.Result(nil), w.results[n:]...)
	return taken
}

func sizeOf(r *task.Result) int {
	size := 200 + len(r.Stdout) + len(r.Stderr) + len(r.Failure.Message) + len(r.Failure.Traceback)
	for _, o := range r.Outputs {
		for _, b := range o.Value.Blobs {
			size += len(b)
		}
	}
	for _, s := range r.Shown {
		size += len(s.JSON)
	}
	for _, s := range r.Steps {
		size += 40 + len(s.Node)
	}
	return size
}

// follow does what the coordinator says.
func (w *Worker) follow(reply *task.Reply) {
	if reply.Leave && !w.leaving {
		w.leaving = true
		w.giveBack()
	}
	w.stop(reply.Stop)
	for _, run := range reply.Over {
		for _, x := range w.executors {
			x.forget(run)
		}
	}
	now := time.Now()
	if len(reply.Requests) > 0 {
		w.pace.come(now)
	}
	batches := map[*executor][]*task.Request{}
	for _, r := range reply.Requests {
		if w.leaving { // it was under way when the worker was told to end
			w.returned = append(w.returned, r.ID)
		} else if w.holding[r.ID] == nil {
			x := w.seat(r, reply.Environments[r.Run])
			if x == nil { // an interpreter that was stopped still has them
				w.returned = append(w.returned, r.ID)
				continue
			}
			w.holding[r.ID] = &held{executor: x, request: r, since: now}
			batches[x] = append(batches[x], r)
		}
	}
	for x, batch := range batches {
		for _, r := range x.submit(batch) {
			delete(w.holding, r.ID)
			w.results = append(w.results, r)
		}
	}
}

// unstick gives back tasks that wait behind ones that take long.
func (w *Worker) unstick() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.holding) <= w.o.Hello.Slots || w.pace.quiet() <= stuckTime {
		return
	}
	shared := 0
	for _, h := range w.holding {
		if !h.executor.seat.Alone {
			shared++
		}
	}
	if shared > w.o.Hello.Slots {
		w.takeBack(func(x *executor) bool { return !x.seat.Alone })
		w.poke()
	}
}

// giveBack returns what has not been begun.
func (w *Worker) giveBack() { w.takeBack(func(*executor) bool { return true }) }

func (w *Worker) takeBack(match func(*executor) bool) {
	for _, x := range w.executors {
		if !match(x) {
			continue
		}
		for _, id := range x.withdraw() {
			delete(w.holding, id)
			w.returned = append(w.returned, id)
		}
	}
}

func (w *Worker) stop(ids []task.ID) {
	stops := map[*executor][]task.ID{}
	for _, id := range ids {
		if h := w.holding[id]; h != nil {
			delete(w.holding, id)
			stops[h.executor] = append(stops[h.executor], id)
		}
	}
	for x, ids := range stops {
		x.stop(ids)
	}
}
