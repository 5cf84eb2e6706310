package runner

import (
	"encoding/json"
	"fmt"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// prepare makes the run that a request asks for. id is what the interpreter calls it.
// Nothing in it is tried again: whoever sent the request tries the whole again.
func (w *Whole) prepare(r *task.Request, id string) (*engine.State, error) {
	whole, err := r.Whole()
	if err != nil {
		return nil, err
	}
	document, err := w.documents.workflow(r.Identifier)
	if err != nil {
		return nil, err
	}
	wf := document.Clone()
	if err := applyInputs(wf, whole.Inputs); err != nil {
		return nil, err
	}
	var selected []workflow.Selected
	if r.Wanted.Show {
		if selected, err = selectOutputs(wf, whole.Outputs); err != nil {
			return nil, err
		}
	}
	plan := engine.NewPlan(wf, engine.PlanOptions{Outputs: selected, Keep: true})
	return engine.New(plan, engine.Options{
		Run: id, Strict: true, Limit: whole.Limit, KeepGoing: whole.KeepGoing, Context: r.Context,
	}), nil
}

func applyInputs(wf *workflow.Workflow, list json.RawMessage) error {
	if len(list) == 0 {
		return nil
	}
	var inputs []workflow.GraphInput
	if err := json.Unmarshal(list, &inputs); err != nil {
		return fmt.Errorf("inputs of the run: %w", err)
	}
	return wf.ApplyInputs(inputs, nil)
}

func selectOutputs(wf *workflow.Workflow, list json.RawMessage) ([]workflow.Selected, error) {
	var outputs []task.SelectedOutput
	if len(list) > 0 {
		if err := json.Unmarshal(list, &outputs); err != nil {
			return nil, fmt.Errorf("outputs of the run: %w", err)
		}
	}
	if outputs == nil {
		return wf.SelectOutputs(nil), nil
	}
	selected := make([]workflow.Selected, len(outputs))
	for i, o := range outputs {
		if o.Node < 0 || o.Node >= len(wf.Nodes) {
			return nil, fmt.Errorf("output %q of node number %d, of %d", o.As, o.Node, len(wf.Nodes))
		}
		selected[i] = workflow.Selected{Node: o.Node, Name: workflow.Arg(o.Name), As: o.As}
	}
	return selected, nil
}
