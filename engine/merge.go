package engine

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// fire carries the outputs of a task over the links of its node.
func (s *State) fire(x *execution, r task.Result) {
	for _, l := range s.plan.wf.Outgoing(x.node) {
		link := &s.plan.wf.Links[l]
		if link.OnError || len(link.Conditions) > 0 && !slices.Contains(r.Fired, l) {
			continue
		}
		if l == s.plan.nodes[x.node].then && r.Begun && r.Attempt == x.request.Attempt {
			s.begun = x.request.Then
		}
		if !s.send(l, r.Outputs) {
			return
		}
	}
}

// fireError carries an error, and what the failed task had been given over
// links, over the links that handle errors.
func (s *State) fireError(x *execution, r task.Result) {
	o := overlay{list: slices.Clone(x.data)}
	o.add(r.Outputs)
	for _, l := range s.plan.wf.Outgoing(x.node) {
		if s.plan.wf.Links[l].OnError && !s.send(l, o.list) {
			return
		}
	}
}

// exceptionInstance is the output that holds the exception of a failed task.
const exceptionInstance = "WorkflowExceptionInstance"

// exception is the error of a task, for links that handle it, when no
// interpreter was left to tell.
func exception(f task.Failure) []task.Named {
	text, _ := json.Marshal(map[string]string{"errorMessage": f.Message, "traceBack": f.Traceback})
	return []task.Named{
		{Name: "WorkflowException", Value: task.Value{Kind: task.Literal, JSON: text}},
		{Name: exceptionInstance, Value: task.ExceptionValue(f.Message)},
	}
}

// send brings data over a link. It reports whether the run goes on.
func (s *State) send(l int, outputs []task.Named) bool {
	link := &s.plan.wf.Links[l]
	data, missing := carry(link, outputs)
	if missing != "" {
		source, target := s.plan.wf.Nodes[link.Source].ID, s.plan.wf.Nodes[link.Target].ID
		s.finish(Outcome{Status: Failed, Node: source.String(), Failure: task.Failure{
			Cause: task.Exception, Type: "KeyError",
			Message: fmt.Sprintf("'%s' is not an output variable of the source node (Link '%s' -> '%s')", missing, source, target),
		}})
		return false
	}
	s.deliver(l, delivery{filled: true, data: data})
	return s.outcome.Status == Running
}

// carry selects and renames the outputs that go over a link. It returns the
// name of an output that the source has not got, if there is one.
func carry(link *workflow.Link, outputs []task.Named) (data []task.Named, missing string) {
	if link.MapAll {
		return outputs, ""
	}
	for _, m := range link.DataMapping {
		value := task.Value{Kind: task.Group, Members: outputs}
		if m.Output != "" {
			i := find(outputs, string(m.Output))
			if i < 0 {
				return nil, string(m.Output)
			}
			value = outputs[i].Value
		}
		data = append(data, task.Named{Name: string(m.Input), Value: value})
	}
	return data, ""
}

// deliver brings data to the target of a link, which may then execute.
//
// The rules are those of the input merger of ewoks: data of required links is
// kept, the newest of each; the node executes when all of them have delivered.
// Data of optional links that came before that leads to one execution each;
// after it, every delivery leads to one execution, with the last known data of
// all other links.
func (s *State) deliver(l int, d delivery) {
	link := &s.plan.wf.Links[l]
	m := &s.merging[link.Target]
	if m.slots == nil {
		m.slots = make([]delivery, len(s.plan.wf.Incoming(link.Target)))
	}
	s.refer(d.data)
	switch slot := &m.slots[s.plan.slot[l]]; {
	case s.plan.required[l]:
		if !slot.filled {
			m.waiting--
		}
		s.replace(slot, d)
	case link.CacheIfOptional:
		d.cached = true
		s.replace(slot, d)
	case m.executed:
		s.replace(&m.retained, d)
	default:
		m.buffer = append(m.buffer, d)
	}
	if m.waiting == 0 {
		s.merge(link.Target)
	}
}

// merge executes a node whose required links have all delivered.
func (s *State) merge(node int) {
	m := &s.merging[node]
	m.executed = true
	if len(m.buffer) == 0 { // as always after the first execution
		s.start(node, s.inputs(node))
		return
	}
	for _, d := range m.buffer {
		s.replace(&m.retained, d)
		s.start(node, s.inputs(node))
	}
	m.buffer = nil
}

// inputs overlays the defaults of a node with the data of its links.
func (s *State) inputs(node int) []task.Named {
	m := &s.merging[node]
	defaults := s.plan.nodes[node].defaults
	if len(m.slots) == 0 {
		return defaults
	}
	o := overlay{list: slices.Clone(defaults)}
	m.pour(&o)
	return o.list
}

// pour adds what links have brought, later ones over earlier ones.
func (m *merger) pour(o *overlay) {
	for i := range m.slots {
		if !m.slots[i].cached {
			o.add(m.slots[i].data)
		}
	}
	for i := range m.slots {
		if m.slots[i].cached {
			o.add(m.slots[i].data)
		}
	}
	o.add(m.retained.data)
}

// carried is what links have brought to a node, if one of its own links may want
// it for an error.
func (s *State) carried(node int) []task.Named {
	if !s.plan.nodes[node].wanted.Error {
		return nil
	}
	var o overlay
	s.merging[node].pour(&o)
	return o.list
}

// overlay is a list of named values in which a later one replaces an earlier
// one of the same name, in its place.
type overlay struct {
	list  []task.Named
	index map[string]int
}

// few is the length up to which looking through the list is cheaper than an
// index.
const few = 16

func (o *overlay) add(data []task.Named) {
	for _, d := range data {
		if i := o.find(d.Name); i >= 0 {
			o.list[i].Value = d.Value
			continue
		}
		if o.index != nil {
			o.index[d.Name] = len(o.list)
		}
		o.list = append(o.list, d)
	}
}

func (o *overlay) find(name string) int {
	if len(o.list) < few {
		return find(o.list, name)
	}
	if o.index == nil {
		o.index = make(map[string]int, 2*len(o.list))
		for i := range o.list {
			o.index[o.list[i].Name] = i
		}
	}
	if i, ok := o.index[name]; ok {
		return i
	}
	return -1
}

func find(list []task.Named, name string) int {
	for i := range list {
		if list[i].Name == name {
			return i
		}
	}
	return -1
}
