package engine_test

import (
	"maps"
	"slices"

	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// start takes a request to start a task, or to start it again.
func (h *hostile) start(r *task.Request, left *expected) {
	switch x := h.running[r.Seq]; {
	case r.Attempt > 1:
		if x == nil || x != left.again || r.Attempt != x.attempt || r.Then != nil || r.Fatal != h.fatal(x) {
			h.Errorf("started again for no reason: %+v", *r)
		}
		left.again = nil
	case r.Type == task.SaveType:
		h.save(r, left)
	default:
		h.run(r, left)
		h.checkThen(r)
	}
}

func (h *hostile) save(r *task.Request, left *expected) {
	if h.saver != nil || h.p.Save == "" || len(h.running)+len(left.started) > 0 || r.Identifier != h.p.Save {
		h.Errorf("saves for no reason: %+v", *r)
	}
	h.stats.saved++
	h.saver = &exec{node: -1, failed: map[task.Cause]int{}, inputs: saved(h.m.selection(h.p.Outputs), h.p.Apart)}
	if r.Fatal != h.fatal(h.saver) {
		h.Errorf("saving is fatal: %t", r.Fatal)
	}
	h.enter(h.saver, r)
}

// follow takes the news that an interpreter has begun a task by itself.
func (h *hostile) follow(r *task.Request, left *expected) {
	h.stats.followed++
	if left.begun == nil || r.Seq != left.begun.Seq || r.Then != left.begun.Then {
		h.Errorf("task %s was begun by nobody", r.ID)
	}
	left.begun = nil
	h.run(r, left)
	if x := h.running[r.Seq]; x != nil && !maps.Equal(h.followers[r.Seq], x.inputs) {
		h.Errorf("%s has begun on %v, want %v", r.Node, h.followers[r.Seq], x.inputs)
	}
}

// run compares a task with the next one of the model.
func (h *hostile) run(r *task.Request, left *expected) {
	if len(left.started) == 0 {
		h.Errorf("started for no reason: %+v", *r)
		return
	}
	x := left.started[0]
	left.started = left.started[1:]
	if r.Node != h.id(x) || r.Attempt != 1 || r.Fatal != h.fatal(x) || r.Limit != h.o.Limit || string(r.Context) != string(h.o.Context) {
		h.Errorf("started %+v, want a task of %s", *r, h.id(x))
	}
	chosen := slices.ContainsFunc(h.p.Outputs, func(s workflow.Selected) bool { return s.Node == x.node })
	if r.Wanted.Keep && !h.p.Keep || r.Wanted.Show != (chosen && !h.p.Values) || h.p.Values && !r.Wanted.Error {
		h.Errorf("%s is asked for %+v", r.Node, r.Wanted)
	}
	h.calls[call(h.wf, x)]++
	h.enter(x, r)
}

func (h *hostile) enter(x *exec, r *task.Request) {
	if h.known[r.Seq] {
		h.Errorf("task %s is started twice", r.ID)
	}
	if inputs, err := h.values.getAll(r.Inputs); err != nil || !maps.Equal(inputs, x.inputs) {
		h.Errorf("%s starts on %v, want %v: %v", r.Node, inputs, x.inputs, err)
	}
	x.seq, x.attempt, x.then = r.Seq, 1, r.Then
	h.known[r.Seq], h.running[r.Seq], h.makers[r.Seq] = true, x, x
	if x != h.saver {
		h.counts.Started++
	}
}

// checkThen sees that tasks which may follow by themselves have numbers of their
// own, and that there are not too many.
func (h *hostile) checkThen(r *task.Request) {
	if r.Then != nil && h.o.Strict && len(h.running) > 1 {
		h.Errorf("%s may be followed while others run", r.Node)
	}
	count := 0
	for then := r.Then; then != nil; then = then.Then {
		if count++; count > 16 || h.known[then.Seq] || h.promised[then.Seq] {
			h.Errorf("task %s follows %s, after %d others", then.ID, r.ID, count-1)
		}
		h.promised[then.Seq] = true
		if slices.ContainsFunc(then.Inputs, func(n task.Named) bool { return n.Value.Kind == task.Passed && n.Value.Output == "" }) {
			h.Errorf("%s may be followed, but not by what wants all its outputs", r.Node)
		}
	}
}
