package engine

import (
	"fmt"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Step folds an event into the state and returns what is to be done about it,
// in order. Events that come too late are ignored: a run that is over stays as
// it is, and only the first success of a task counts.
func Step(s *State, e Event) []Action {
	if s.outcome.Status != Running {
		return nil
	}
	s.actions = nil
	switch e := e.(type) {
	case Begin:
		s.begin()
	case Ended:
		s.end(e.Result)
	case Cancel:
		s.finish(Outcome{Status: Cancelled, Failure: task.Failure{Message: e.Reason}})
	}
	s.startLater()
	if s.outcome.Status == Running && len(s.running) == 0 && !s.save() {
		s.finish(s.quiet())
	}
	s.extend()
	return s.actions
}

func (s *State) begin() {
	for _, i := range s.plan.start {
		switch {
		case s.merging[i].waiting > 0:
		case s.o.Window > 0 && len(s.running) >= s.o.Window && len(s.plan.wf.Incoming(i)) == 0:
			s.later = append(s.later, int32(i))
		default:
			s.merge(i)
		}
	}
}

// startLater starts nodes that had to wait for the window.
func (s *State) startLater() {
	for s.outcome.Status == Running && len(s.later) > 0 && len(s.running) < s.o.Window {
		node := int(s.later[0])
		s.later = s.later[1:]
		s.merge(node)
	}
}

// end deals with the end of an attempt.
func (s *State) end(r task.Result) {
	x, ok := s.running[r.Seq]
	if !ok || r.Run != s.o.Run {
		return
	}
	current := r.Attempt == x.request.Attempt
	switch {
	case r.Status == task.Succeeded:
		s.succeed(x, r)
	case r.Status == task.Failed && current:
		s.retry(x, r)
	case r.Status == task.Lost && current:
		s.lose(x, r.Failure)
	case r.Status == task.Skipped && current:
		s.again(x, 0)
	}
}

// succeed takes the first success of a task, of whichever attempt: another that
// is under way is of no use any more.
func (s *State) succeed(x *execution, r task.Result) {
	delete(s.running, r.Seq)
	if r.Attempt != x.request.Attempt {
		s.actions = append(s.actions, Stop{x.request.ID})
	}
	if x.node == saver {
		return // it is ours, and counts for nobody
	}
	s.counts.Succeeded++
	s.arrived = s.arrived || s.plan.end[x.node]
	s.record(&r)
	s.selectOutputs(x.node, r)
	s.pass(x, r, s.fire)
}

// pass lets links carry what a task made, and then forgets what it was given.
func (s *State) pass(x *execution, r task.Result, fire func(*execution, task.Result)) {
	fire(x, r)
	if s.outcome.Status != Running {
		return // everything of the run goes
	}
	s.let(r.Seq)
	s.giveBack(x)
}

// fail carries the error over the links that handle it. If there is none, the
// run ends.
func (s *State) fail(x *execution, r task.Result) {
	delete(s.running, x.request.Seq)
	if x.node != saver {
		s.counts.Failed++
	}
	if x.node == saver || s.plan.nodes[x.node].fatal {
		s.unhandled(x, r)
		return
	}
	if r.Outputs == nil {
		r.Outputs = exception(r.Failure)
	}
	s.record(&r)
	s.pass(x, r, s.fireError)
}

// unhandled ends the run, or the branch if the run keeps going.
func (s *State) unhandled(x *execution, r task.Result) {
	o := Outcome{Status: Failed, Node: x.request.Node, Failure: x.tries.tell(r.Failure)}
	if i := find(r.Outputs, exceptionInstance); i >= 0 {
		o.Exception = r.Outputs[i].Value
	}
	if !s.o.KeepGoing || x.node == saver {
		s.finish(o)
		return
	}
	if s.failure == nil {
		s.failure = &o
	}
	s.giveBack(x)
}

// quiet is how a run ends in which nothing is executing any more.
func (s *State) quiet() Outcome {
	if s.lacking() {
		return *s.failure
	}
	return Outcome{Status: Succeeded, Outputs: s.outputs()}
}

// lacking tells whether an error has kept the run from all its ends.
func (s *State) lacking() bool { return s.failure != nil && !s.arrived }

// lose tries again what vanished through no fault of the task.
func (s *State) lose(x *execution, f task.Failure) {
	x.tries.lost++
	s.counts.Lost++
	if x.tries.lost > s.o.Retry.Lost {
		f.Message = fmt.Sprintf("task of node '%s' was lost %d times: %s", x.request.Node, x.tries.lost, f.Message)
		s.fail(x, task.Result{ID: x.request.ID, Status: task.Failed, Failure: f})
		return
	}
	s.again(x, 0)
}

func (s *State) again(x *execution, after time.Duration) {
	again := *x.request
	again.Attempt++
	again.Then = nil // what follows belongs to the first attempt
	again.Fatal = s.fatal(x.node, x.tries)
	x.request = &again
	s.actions = append(s.actions, Start{Request: x.request, After: after})
}

func (s *State) start(node int, inputs []task.Named) {
	r := s.request(node, inputs)
	x := &execution{node: node, request: r, data: s.carried(node), given: inputs}
	s.refer(x.given) // it may wait while newer deliveries take their place
	s.refer(x.data)
	s.counts.Started++
	if begun := s.begun; begun != nil {
		s.begun = nil
		r.Seq, r.Then = begun.Seq, begun.Then
		s.actions = append(s.actions, Begun{r})
	} else {
		s.seq++
		r.Seq = s.seq
		s.actions = append(s.actions, Start{Request: r})
	}
	s.running[r.Seq] = x
}

func (s *State) request(node int, inputs []task.Named) *task.Request {
	n, p := &s.plan.wf.Nodes[node], &s.plan.nodes[node]
	return &task.Request{
		ID: task.ID{Run: s.o.Run}, Attempt: 1, Node: n.ID.String(), Label: n.Label,
		Type: n.TaskType, Identifier: n.Identifier, Generator: n.Generator,
		Inputs: inputs, Wanted: p.wanted, Fatal: s.fatal(node, tries{}), Resources: n.Resources, Limit: n.Resources.Limit(s.o.Limit),
		Tests: p.tests, Else: n.ElseValue, Context: s.o.Context, VarInfo: n.VarInfo,
	}
}

func (s *State) finish(o Outcome) {
	for _, x := range s.running {
		s.actions = append(s.actions, Stop{x.request.ID})
	}
	clear(s.running)
	s.later = nil
	o.Run = s.o.Run
	s.outcome = o
	s.actions = append(s.actions, Finish{o})
}
