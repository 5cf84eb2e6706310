package engine_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// expected is what the model says about an event.
type expected struct {
	nothing bool
	started []*exec
	again   *exec
	after   time.Duration // how long again waits
	// stopped is a task of which an older attempt has succeeded.
	stopped *exec
	// begun is the task that an interpreter has begun by itself.
	begun *task.Request
	// over means that the run ends, with this node at fault if one is.
	over bool
	node string
}

// deliver brings a result to the engine and to the model.
func (h *hostile) deliver(r task.Result) { h.check(engine.Ended{Result: r}, h.expect(r)) }

func (h *hostile) expect(r task.Result) expected {
	x := h.running[r.Seq]
	current := x != nil && r.Attempt == x.attempt
	switch {
	case x == nil || r.Run != h.o.Run:
	case r.Status == task.Succeeded:
		if !current {
			h.stats.stale++
		}
		return h.succeed(x, r, current)
	case r.Status == task.Failed && current:
		return h.failOnce(x, r)
	case r.Status == task.Lost && current:
		h.counts.Lost++
		h.stats.lost++
		if x.lost++; x.lost > h.o.Retry.Lost {
			r.Failure.Message = fmt.Sprintf("task of node '%s' was lost %d times: gone", h.id(x), x.lost)
			return h.fail(x, r)
		}
		return h.again(x)
	case r.Status == task.Skipped && current:
		return h.again(x)
	}
	h.stats.ignored++
	return expected{nothing: true}
}

func (h *hostile) id(x *exec) string {
	if x == h.saver {
		return "save"
	}
	return h.wf.Nodes[x.node].ID.String()
}

func (h *hostile) again(x *exec) expected {
	x.attempt++
	return expected{again: x}
}

func (h *hostile) succeed(x *exec, r task.Result, current bool) (e expected) {
	delete(h.running, x.seq)
	if !current {
		e.stopped = x
	}
	if x == h.saver {
		return h.quiet(e)
	}
	h.counts.Succeeded++
	if r.Begun && current {
		e.begun = x.then
	}
	h.record(r)
	h.arrived = h.arrived || slices.Contains(h.wf.EndNodes(), x.node)
	outputs, ok := h.b.execute(x.node, x.inputs, x.nth)
	if !ok {
		h.Errorf("task %s succeeded on inputs on which it fails", r.ID)
	}
	if e.started, ok = h.m.succeed(x, outputs); !ok {
		h.message = ""
		return h.failed(e, x, task.Value{})
	}
	return h.ended(e)
}

func (h *hostile) fail(x *exec, r task.Result) (e expected) {
	delete(h.running, x.seq)
	if x == h.saver {
		h.message = x.told(r.Failure)
		return h.failed(e, x, instance(r))
	}
	h.counts.Failed++
	var handled, ok bool
	e.started, handled, ok = h.m.fail(x, r.Failure.Message, r.Failure.Traceback)
	if handled {
		h.stats.handled++
		h.record(r)
	}
	if !handled {
		return h.unhandled(e, x, r)
	}
	if !ok {
		h.message = ""
		return h.failed(e, x, task.Value{})
	}
	return h.ended(e)
}

// unhandled is the end of a branch in a run that keeps going.
func (h *hostile) unhandled(e expected, x *exec, r task.Result) expected {
	if !h.o.KeepGoing {
		h.message = x.told(r.Failure)
		return h.failed(e, x, instance(r))
	}
	if h.failure == nil {
		h.failure, h.exception, h.message = x, instance(r), x.told(r.Failure)
	}
	return h.ended(e)
}

// instance is the exception itself, if a result has it.
func instance(r task.Result) task.Value {
	for _, o := range r.Outputs {
		if o.Name == "WorkflowExceptionInstance" {
			return o.Value
		}
	}
	return task.Value{}
}

func (h *hostile) failed(e expected, x *exec, exception task.Value) expected {
	h.status, h.exception = engine.Failed, exception
	e.over, e.node = true, h.id(x)
	return e
}

// ended says that the run is over when nothing runs and nothing is to be saved.
func (h *hostile) ended(e expected) expected {
	if len(h.running)+len(e.started) == 0 && (h.p.Save == "" || h.failure != nil && !h.arrived) {
		return h.quiet(e)
	}
	return e
}

// quiet is the end of a run: a failure that no link handled counts if no end node
// has ended.
func (h *hostile) quiet(e expected) expected {
	if h.failure != nil && !h.arrived {
		return h.failed(e, h.failure, h.exception)
	}
	h.status, e.over = engine.Succeeded, true
	return e
}

func (h *hostile) record(r task.Result) {
	for _, o := range r.Outputs {
		if takesRoom(o.Value) {
			h.values.live[place(o.Value)] = h.values.made[place(o.Value)]
			h.recorded[r.Seq] = append(h.recorded[r.Seq], o.Value)
		}
	}
}

// check folds an event into the engine and compares what it does.
func (h *hostile) check(event engine.Event, e expected) {
	actions := h.step(event)
	if h.Failed() {
		return
	}
	if e.nothing {
		if len(actions) > 0 || h.state.Counts() != h.counts {
			h.Errorf("%+v must be ignored, and led to %v, %+v", event, describe(actions), h.state.Counts())
		}
		return
	}
	stopped := 0
	left := e
	for i, a := range actions {
		switch a := a.(type) {
		case engine.Start:
			h.start(a.Request, &left)
			if again := a.Request.Attempt > 1; again && a.After != e.after || !again && a.After != 0 {
				h.Errorf("attempt %d at task %s starts after %s, want %s", a.Request.Attempt, a.Request.ID, a.After, e.after)
			}
			h.flying = append(h.flying, &flight{Request: a.Request})
		case engine.Begun:
			h.follow(a.Request, &left)
		case engine.Stop:
			if x := left.stopped; x != nil && a.ID.Seq == x.seq {
				left.stopped = nil
				h.supersede(a.ID)
				continue
			}
			stopped++
			if h.running[a.ID.Seq] == nil {
				h.Errorf("task %s is stopped and does not run", a.ID)
			}
			delete(h.running, a.ID.Seq)
		case engine.Release:
			h.release(a)
		case engine.Finish:
			h.outcome = &a.Outcome
			if i < len(actions)-1 {
				h.Errorf("after the end of the run: %v", describe(actions[i+1:]))
			}
		}
	}
	h.compare(e, left, stopped)
	if h.Failed() {
		h.Logf("%+v led to\n%v", event, describe(actions))
	}
}

// compare looks at what was done as a whole.
func (h *hostile) compare(e, left expected, stopped int) {
	if len(left.started) > 0 || left.again != nil || left.stopped != nil || left.begun != nil && !e.over {
		h.Errorf("was not done: %d tasks to start (first %+v), again %+v, begun %+v, stopped %+v", len(left.started), first(left.started), left.again, left.begun, left.stopped)
	}
	if c := h.state.Counts(); c != h.counts {
		h.Errorf("counts %+v, want %+v", c, h.counts)
	}
	for seq, x := range h.makers {
		if node, ok := h.state.Node(seq); ok != (h.running[seq] == x) || ok && node != h.id(x) {
			h.Errorf("task %d of %s: the engine says that it runs at %q: %t", seq, h.id(x), node, ok)
		}
	}
	if stopped > 0 && !e.over {
		h.Errorf("%d tasks are stopped and the run goes on", stopped)
	}
	if e.over != (h.outcome != nil) {
		h.Errorf("the run is over: %t, want %t", h.outcome != nil, e.over)
		return
	}
	if e.over {
		h.compareOutcome(e, stopped)
	}
	if !e.over || h.status == engine.Succeeded {
		h.compareHeld()
	}
}

func first(list []*exec) *exec {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

// savingIsStopped tells whether the task that saves, which counts for nobody, is
// among those that were stopped.
func (h *hostile) savingIsStopped(stopped int) bool {
	return stopped > 0 && h.saver != nil && h.status == engine.Cancelled
}

func (h *hostile) compareOutcome(e expected, stopped int) {
	if h.outcome.Status != h.status || h.outcome.Node != e.node {
		h.Errorf("the run %s at %q, want %s at %q", h.outcome.Status, h.outcome.Node, h.status, e.node)
	}
	if got := h.outcome.Failure.Message; h.status == engine.Failed && h.message != "" && got != h.message {
		h.Errorf("the run failed with %q, want %q", got, h.message)
	}
	if h.savingIsStopped(stopped) {
		stopped--
	}
	if c := h.counts; len(h.running) > 0 || c.Started != c.Succeeded+c.Failed+stopped {
		h.Errorf("counts %+v with %d tasks stopped; still running are %v", c, stopped, h.running)
	}
	var want []selected
	if h.status == engine.Succeeded {
		want = h.m.selection(h.p.Outputs)
	}
	var got []selected
	for _, o := range h.outcome.Outputs {
		got = append(got, selected{o.Node, o.Name, h.read(o)})
	}
	if !slices.Equal(got, want) {
		h.Errorf("outputs %v, want %v", got, want)
	}
	exception := task.Value{}
	if h.status == engine.Failed && h.p.Values {
		exception = h.exception
	}
	if got := h.outcome.Exception; got.Kind != exception.Kind || place(got) != place(exception) {
		h.Errorf("exception %+v, want %+v", got, exception)
	}
}

// read is the text of an output, or nothing if the node has not got it.
func (h *hostile) read(o engine.Output) string {
	if !h.p.Values || o.Kind == task.Missing {
		return o.Shown
	}
	value, err := h.values.get(o.Value)
	if err != nil || o.Shown != "" {
		h.Errorf("output %s of %s, shown as %q: %v", o.Name, o.Node, o.Shown, err)
	}
	return value
}

// compareHeld sees that whatever nobody can read any more was released. That
// nothing was released too early shows when it is read.
func (h *hostile) compareHeld() {
	if len(h.recorded) == 0 {
		return
	}
	keep := h.p.Outputs
	if h.p.Save == "" && !h.p.Values {
		keep = nil
	}
	held := h.m.holders(h.running, keep)
	for seq := range h.recorded {
		if !held[h.makers[seq]] {
			h.Errorf("the outputs of task %d of %s were not released", seq, h.id(h.makers[seq]))
		}
	}
}

func (h *hostile) release(a engine.Release) {
	if len(a.Values) == 0 || !slices.EqualFunc(a.Values, h.recorded[a.ID.Seq], func(v, w task.Value) bool { return place(v) == place(w) }) {
		h.Errorf("released %+v, recorded are %+v", a, h.recorded[a.ID.Seq])
	}
	delete(h.recorded, a.ID.Seq)
	for _, v := range a.Values {
		delete(h.values.live, place(v))
	}
}
