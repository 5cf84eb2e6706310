package workflow

import (
	"encoding/json"
	"fmt"
	"slices"
)

// GraphInput sets one static input of the nodes it selects.
type GraphInput struct {
	Selector
	Name Arg
	// Value is JSON.
	Value json.RawMessage
}

// UnmarshalJSON reads the form of ewoks: name, value and a selector. It keeps
// a copy of the value.
func (in *GraphInput) UnmarshalJSON(data []byte) error {
	var got GraphInput
	err := unmarshalSelector("a graph input", data, func(d *decoder, key []byte) (err error) {
		switch string(key) {
		case "name":
			got.Name, err = d.named("name of a graph input")
		case "value":
			got.Value, err = d.raw()
			got.Value = slices.Clone(got.Value)
		default:
			err = d.selectorMember(&got.Selector, key)
		}
		return err
	})
	if err != nil {
		return err
	}
	if got.Name == "" || got.Value == nil {
		return &InputError{Message: fmt.Sprintf("missing keys in one of the graph inputs: %s", excerpt(data)),
			Advice: `each input needs a "name" and a "value"`}
	}
	got.finish()
	*in = got
	return nil
}

// InputError is an input of a run that cannot be applied.
type InputError struct {
	Message, Advice string
}

// Error is the message.
func (e *InputError) Error() string { return e.Message }

// Hint says what an input must look like.
func (e *InputError) Hint() string { return e.Advice }

// ApplyInputs sets the default inputs of the selected nodes; later inputs win.
// All selectors see the workflow as it was before. The lists of a clone of w
// are not touched. Required is only called when an input selects the start
// nodes, and may be nil (see StartNodes). It fails with an InputError for a node
// id that does not exist, and then has changed nothing.
func (w *Workflow) ApplyInputs(inputs []GraphInput, required RequiredInputs) error {
	if len(inputs) == 0 {
		return nil
	}
	selection := w.newSelection(func() []int { return w.StartNodes(required) })
	given := map[int][]Input{}
	for i := range inputs {
		in := &inputs[i]
		if in.Name == "" || in.Value == nil {
			return &InputError{Message: fmt.Sprintf("graph input %d has no name or no value", i+1)}
		}
		nodes, ok := selection.nodes(&in.Selector)
		if !ok {
			return &InputError{Message: fmt.Sprintf("graph input %q: there is no node with the id %q", in.Name, *in.ID),
				Advice: "ids inside a subgraph are written as [\"subgraph\", \"node\"]"}
		}
		for _, n := range nodes {
			given[n] = append(given[n], Input{Name: in.Name, Value: in.Value})
		}
	}
	for n, more := range given {
		merged := slices.Clone(w.Nodes[n].DefaultInputs)
		var index map[Arg]int
		for _, in := range more {
			merged, index = putInput(merged, index, in)
		}
		w.Nodes[n].DefaultInputs = merged
	}
	return nil
}

// Clone returns a workflow with its own nodes, so that inputs can be applied to
// it without changing w. The rest is shared and must not be changed.
func (w *Workflow) Clone() *Workflow {
	clone := *w
	clone.Nodes = slices.Clone(w.Nodes)
	return &clone
}
