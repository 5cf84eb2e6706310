package workflow

import "fmt"

// OutputSelector selects outputs of a run. Unlike for inputs, an id that does
// not exist selects nothing.
type OutputSelector struct {
	Selector
	// Name is an output; empty means all outputs of the nodes.
	Name Arg
	// NewName replaces Name in the result, unless it is empty.
	NewName string
}

// UnmarshalJSON reads the form of ewoks: name, new_name and a selector.
func (out *OutputSelector) UnmarshalJSON(data []byte) error {
	var got OutputSelector
	err := unmarshalSelector("an output", data, func(d *decoder, key []byte) (err error) {
		switch string(key) {
		case "name":
			got.Name, err = d.named("name of an output")
		case "new_name":
			got.NewName, err = d.name("new_name")
		default:
			err = d.selectorMember(&got.Selector, key)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("output %s: %w", excerpt(data), err)
	}
	got.finish()
	*out = got
	return nil
}

// Selected is one selected output, or all outputs, of one node.
type Selected struct {
	// Node is a position in Workflow.Nodes.
	Node int
	// Name is empty for all outputs.
	Name Arg
	// As is the name in the result, empty for all outputs.
	As string
}

// SelectOutputs resolves the outputs of a run, in the order of the selectors
// and then of the nodes. Nil selects all outputs of the end nodes; an empty
// list selects nothing.
func (w *Workflow) SelectOutputs(outputs []OutputSelector) []Selected {
	if outputs == nil {
		outputs = []OutputSelector{{}}
	}
	selection := w.newSelection(w.EndNodes)
	var selected []Selected
	for i := range outputs {
		out := &outputs[i]
		nodes, _ := selection.nodes(&out.Selector)
		for _, n := range nodes {
			s := Selected{Node: n, Name: out.Name}
			if out.Name != "" {
				s.As = out.NewName
				if s.As == "" {
					s.As = string(out.Name)
				}
			}
			selected = append(selected, s)
		}
	}
	return selected
}
