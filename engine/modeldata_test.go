package engine_test

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// raised are the outputs of a task that raised an exception.
func raised(message, traceback string) []output {
	return []output{
		{"WorkflowException", fmt.Sprintf(`{"errorMessage":%s,"traceBack":%s}`, jsonOf(message), jsonOf(traceback))},
		{"WorkflowExceptionInstance", jsonOf("instance: " + message)},
	}
}

func jsonOf(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}

func carried(link *workflow.Link, outputs []output) (data map[string]string, ok bool) {
	data = map[string]string{}
	if link.MapAll {
		for _, o := range outputs {
			data[o.name] = o.text
		}
	}
	for _, mapping := range link.DataMapping {
		value, ok := lookup(outputs, string(mapping.Output))
		if mapping.Output == "" {
			value, ok = whole(outputs), true
		}
		if !ok {
			return nil, false
		}
		data[string(mapping.Input)] = value
	}
	return data, true
}

func lookup(outputs []output, name string) (string, bool) {
	for _, o := range outputs {
		if o.name == name {
			return o.text, true
		}
	}
	return "", false
}

// whole is all outputs as one mapping.
func whole(outputs []output) string {
	group := map[string]json.RawMessage{}
	for _, o := range outputs {
		group[o.name] = json.RawMessage(o.text)
	}
	return jsonOf(group)
}

// fires tells whether all conditions of a link hold; of several on one output
// the last counts.
func (m *model) fires(l int, outputs []output) bool {
	link := &m.wf.Links[l]
	wanted := map[string]string{}
	for _, c := range link.Conditions {
		wanted[string(c.Output)] = equal(string(c.Value))
	}
	other := equal(string(m.wf.Nodes[link.Source].ElseValue))
	for name, value := range wanted {
		actual, ok := lookup(outputs, name)
		actual = equal(actual)
		switch {
		case !ok:
			return false
		case value == other && actual != other && m.asked(link.Source, name)[actual]:
			return false
		case value != other && actual != value:
			return false
		}
	}
	return true
}

// asked are the values that any link of a node compares an output with.
func (m *model) asked(node int, name string) map[string]bool {
	values := map[string]bool{}
	for _, l := range m.wf.Outgoing(node) {
		for _, c := range m.wf.Links[l].Conditions {
			if string(c.Output) == name {
				values[equal(string(c.Value))] = true
			}
		}
	}
	return values
}

// equal maps values that are equal in Python to the same text.
func equal(value string) string {
	switch value {
	case "true", "1.0":
		return "1"
	case "false":
		return "0"
	case "":
		return "null"
	}
	return value
}

// selected is one output of a run; without text the node has not got it.
type selected struct{ node, name, text string }

// selection is what a run returns, in the order in which it is merged.
func (m *model) selection(wanted []workflow.Selected) (list []selected) {
	order := m.ended
	if sorted, err := m.wf.TopologicalOrder(); err == nil && !slices.ContainsFunc(m.wf.Links, conditional) {
		order = sorted
	}
	for _, node := range order {
		x := m.latest[node]
		for _, w := range wanted {
			if w.Node != node || x == nil {
				continue
			}
			id := m.wf.Nodes[node].ID.String()
			if w.Name != "" {
				value, _ := lookup(x.outputs, string(w.Name))
				list = append(list, selected{id, w.As, value})
				continue
			}
			for _, o := range x.outputs {
				list = append(list, selected{id, o.name, o.text})
			}
		}
	}
	return list
}

func conditional(l workflow.Link) bool { return l.Conditional() }

// saved are the inputs of the task that saves the outputs.
func saved(list []selected, apart bool) map[string]string {
	merged, groups := map[string]string{}, map[string][]output{}
	for _, s := range list {
		if s.text == "" {
			s.text = absent
		}
		merged[s.name] = s.text
		groups[s.node] = append(groups[s.node], output{s.name, s.text})
	}
	if !apart {
		return merged
	}
	clear(merged)
	for node, outputs := range groups {
		merged[node] = whole(outputs)
	}
	return merged
}

// holders are the executions whose outputs somebody may still read: those that
// execute, and nodes that may execute again.
func (m *model) holders(running map[uint64]*exec, keep []workflow.Selected) map[*exec]bool {
	held := map[*exec]bool{}
	hold := func(list []*exec) {
		for _, x := range list {
			held[x] = true
		}
	}
	for _, x := range running {
		hold(x.from)
	}
	for i := range m.mergers {
		if m.once[i] && m.times[i] > 0 {
			continue
		}
		for _, b := range append(m.mergers[i].all(m.wf.Incoming(i)), m.mergers[i].buffer...) {
			if len(b.data) > 0 {
				hold(b.from)
			}
		}
	}
	for _, w := range keep {
		if x := m.latest[w.Node]; x != nil {
			held[x] = true
		}
	}
	return held
}
