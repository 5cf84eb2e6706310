package engine_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// hostile is an environment that carries out the actions of a run as badly as
// the real one may: results come in any order, twice, late, or never; attempts
// vanish, or only seem to. It compares all that the engine does with the model.
type hostile struct {
	*testing.T
	*rand.Rand
	wf     *workflow.Workflow
	o      engine.Options
	p      engine.PlanOptions
	b      *behaviour
	m      *model
	values values

	state, twin *engine.State // twin replays the events of state

	flying  []*flight
	mail    []task.Result // on their way to the engine
	history []task.Result // of which any may come again
	// followers are the inputs that interpreters gave to tasks that they began.
	followers map[uint64]map[string]string

	running  map[uint64]*exec
	saver    *exec
	known    map[uint64]bool // numbers of tasks
	promised map[uint64]bool // numbers of those that may follow by themselves
	recorded map[uint64][]task.Value
	makers   map[uint64]*exec
	counts   engine.Counts
	calls    map[string]int
	status   engine.Status
	// failure is the first that no link handled, of a run that keeps going.
	failure   *exec
	exception task.Value
	message   string // of the failure, if it is that of a task
	arrived   bool   // an end node has ended
	spoiled   bool   // a task has failed that would have succeeded
	outcome   *engine.Outcome
	stats     stats
}

// stats tell whether the simulation reached what it is for.
type stats struct {
	followed, lost, handled, saved, early, stale, overflow, ignored, retried, superseded int
}

// flight is an attempt that an interpreter holds.
type flight struct {
	*task.Request
	// passed are the inputs of a task that follows another.
	passed map[string]string
}

// tooMany is the number of tasks at which a run is cancelled: loops within loops
// can take very long.
const tooMany = 400

// play carries out a run until nothing is left of it.
func (h *hostile) play() {
	cancelAt := -1
	if h.IntN(8) == 0 {
		cancelAt = h.IntN(40)
	}
	h.begin()
	for turn := 0; h.outcome == nil && !h.Failed(); turn++ {
		switch {
		case turn == cancelAt:
			h.cancel()
		case h.counts.Started > tooMany:
			h.stats.overflow++
			h.cancel()
		case turn > 20*tooMany:
			h.Fatalf("the run does not end: running %v", h.running)
		default:
			h.turn()
		}
	}
	if !h.Failed() {
		h.tooLate()
	}
}

func (h *hostile) turn() {
	switch n := h.IntN(24); {
	case n < 2 && len(h.running) > 0:
		h.lose()
	case n < 4 && len(h.history) > 0:
		h.deliver(h.history[h.IntN(len(h.history))])
	case n == 4:
		h.stray()
	case n == 5 && len(h.flying) > 0:
		f := h.land()
		h.mail = append(h.mail, task.Result{ID: f.ID, Attempt: f.Attempt, Status: task.Skipped})
	case n < 15 && len(h.flying) > 0:
		h.execute(h.land())
	case len(h.mail) > 0:
		h.open()
	case len(h.flying) == 0:
		h.Fatalf("nothing is under way and the run has not ended: running %v", h.running)
	}
}

// land takes an attempt from those that are flying.
func (h *hostile) land() *flight {
	n := h.IntN(len(h.flying))
	f := h.flying[n]
	h.flying = slices.Delete(h.flying, n, n+1)
	return f
}

// open delivers a result. It stays on its way if it comes again, or if it is of
// a task that follows one of which the engine has not heard.
func (h *hostile) open() {
	n := h.IntN(len(h.mail))
	r := h.mail[n]
	early := h.followers[r.Seq] != nil && !h.known[r.Seq]
	if early {
		h.stats.early++
	} else if h.IntN(4) > 0 {
		h.mail = slices.Delete(h.mail, n, n+1)
	}
	h.history = append(h.history, r)
	h.deliver(r)
}

// lose tells that the current attempt at a task has vanished, which may be true.
func (h *hostile) lose() {
	x := h.running[pickKey(h.Rand, h.running)]
	id := task.ID{Run: h.o.Run, Seq: x.seq}
	if h.IntN(2) == 0 {
		h.flying = slices.DeleteFunc(h.flying, func(f *flight) bool { return f.ID == id && f.Attempt == x.attempt })
	}
	r := task.Result{ID: id, Attempt: x.attempt, Status: task.Lost, Failure: task.Failure{Cause: task.Gone, Message: "gone"}}
	h.history = append(h.history, r)
	h.deliver(r)
}

// pickKey does not depend on the order of the map.
func pickKey(r *rand.Rand, m map[uint64]*exec) uint64 {
	keys := make([]uint64, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys[r.IntN(len(keys))]
}

// stray delivers a result of no task of the run.
func (h *hostile) stray() {
	id := task.ID{Run: h.o.Run, Seq: 1 << 40}
	if len(h.running) > 0 && h.IntN(2) == 0 {
		id = task.ID{Run: "another", Seq: pickKey(h.Rand, h.running)}
	}
	h.deliver(task.Result{ID: id, Attempt: 1, Status: pick(h.Rand, task.Succeeded, task.Failed, task.Lost, task.Skipped)})
}

// execute does what an interpreter does with an attempt, and mails the result.
func (h *hostile) execute(f *flight) {
	r := task.Result{ID: f.ID, Attempt: f.Attempt}
	x, inputs := h.running[f.Seq], f.passed
	if inputs == nil {
		var err error
		if inputs, err = h.values.getAll(f.Inputs); err != nil {
			if x != nil {
				h.Errorf("task %s of %s executes without its input %v", f.ID, f.Node, err)
			}
			r.Status = task.Failed // it is of no use any more, and the store knows
			h.mail = append(h.mail, r)
			return
		}
	}
	if h.stumble(f) {
		return
	}
	if f.Type == task.SaveType {
		if h.IntN(8) == 0 {
			r.Status, r.Failure.Cause, r.Failure.Type = task.Failed, task.Exception, "OSError"
		}
		h.mail = append(h.mail, r)
		return
	}
	nth := 0
	if x != nil {
		nth = x.nth
	}
	at, _ := h.wf.Node(workflow.NewID(f.Node))
	if outputs, ok := h.b.execute(at, inputs, nth); ok {
		h.conclude(f, &r, outputs)
	} else {
		h.raise(f, &r)
	}
	h.mail = append(h.mail, r)
}

// conclude fills in the result of a success, and may begin what follows.
func (h *hostile) conclude(f *flight, r *task.Result, outputs []output) {
	r.Fired = fired(f.Request, outputs)
	for _, o := range outputs {
		if !f.Wanted.None {
			r.Outputs = append(r.Outputs, h.values.put(h.Rand, f.Request, o))
		}
		if f.Wanted.Show {
			r.Shown = append(r.Shown, task.Shown{Name: o.name, JSON: []byte(o.text)})
		}
	}
	if f.Then == nil || h.IntN(3) == 0 {
		return
	}
	if passed, ok := passedTo(f.Then, outputs); ok {
		r.Begun = true
		h.followers[f.Then.Seq] = passed
		h.flying = append(h.flying, &flight{f.Then, passed})
	}
}

// raise fills in the result of a failure. Sometimes the interpreter dies with
// the task and cannot tell of the exception.
func (h *hostile) raise(f *flight, r *task.Result) {
	at, _ := h.wf.Node(workflow.NewID(f.Node))
	r.Status = task.Failed
	r.Failure = task.Failure{Cause: task.Exception, Type: "ValueError", Message: failureOf(h.wf, at), Traceback: traceback}
	if !f.Wanted.Error || h.IntN(4) == 0 {
		return
	}
	for _, o := range raised(r.Failure.Message, r.Failure.Traceback) {
		r.Outputs = append(r.Outputs, h.values.put(h.Rand, f.Request, o))
	}
}

func (h *hostile) begin() {
	h.check(engine.Begin{}, h.ended(expected{started: h.m.begin()}))
}

func (h *hostile) cancel() {
	h.status = engine.Cancelled
	h.check(engine.Cancel{Reason: "enough"}, expected{over: true})
}

// tooLate tells a run that is over all that it may still hear of.
func (h *hostile) tooLate() {
	for len(h.flying) > 0 {
		f := h.land()
		h.mail = append(h.mail, task.Result{ID: f.ID, Attempt: f.Attempt})
	}
	events := []engine.Event{engine.Begin{}, engine.Cancel{}}
	for _, r := range slices.Concat(h.mail, h.history) {
		events = append(events, engine.Ended{Result: r})
	}
	for _, e := range events {
		if actions := engine.Step(h.state, e); len(actions) > 0 {
			h.Fatalf("after the end, %+v led to %v", e, actions)
		}
	}
	if o := h.state.Outcome(); h.state.Counts() != h.counts || !reflect.DeepEqual(o, *h.outcome) {
		h.Errorf("after the end, counts went from %+v to %+v, the outcome from %+v to %+v", h.counts, h.state.Counts(), *h.outcome, o)
	}
}

// step folds an event into the state, and sees that a replay does the same.
func (h *hostile) step(e engine.Event) []engine.Action {
	actions := engine.Step(h.state, e)
	if h.twin != nil {
		a, b := inOrder(actions), inOrder(engine.Step(h.twin, e))
		if !reflect.DeepEqual(a, b) {
			h.Errorf("%+v led to\n%s\nand when replayed to\n%s", e, describe(a), describe(b))
		}
	}
	return actions
}

// inOrder puts what a run that ends stops last and sorts it: it is stopped in any
// order.
func inOrder(actions []engine.Action) (list []engine.Action) {
	var stops []engine.Stop
	for _, a := range actions {
		if stop, ok := a.(engine.Stop); ok {
			stops = append(stops, stop)
		} else {
			list = append(list, a)
		}
	}
	slices.SortFunc(stops, func(a, b engine.Stop) int { return cmp.Compare(a.ID.Seq, b.ID.Seq) })
	for _, stop := range stops {
		list = append(list, stop)
	}
	return list
}

func describe(actions []engine.Action) (list []string) {
	for _, a := range actions {
		switch a := a.(type) {
		case engine.Start:
			list = append(list, fmt.Sprintf("Start %+v", *a.Request))
		case engine.Begun:
			list = append(list, fmt.Sprintf("Begun %+v", *a.Request))
		default:
			list = append(list, fmt.Sprintf("%T %+v", a, a))
		}
	}
	return list
}
