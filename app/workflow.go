package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// InvalidError is a workflow that cannot be run, or inputs that it has no use
// for: the user must change something.
type InvalidError struct {
	Cause  error
	Advice string
}

func (e *InvalidError) Error() string { return e.Cause.Error() }
func (e *InvalidError) Unwrap() error { return e.Cause }

// Hint tells what to change.
func (e *InvalidError) Hint() string {
	var h interface{ Hint() string }
	if e.Advice == "" && errors.As(e.Cause, &h) {
		return h.Hint()
	}
	return e.Advice
}

// LoadWorkflow reads a workflow and applies inputs, and then parameters,
// [NODE:]NAME=VALUE.
// required tells the required inputs of task classes; it is only asked when
// nothing else tells where the workflow starts.
func LoadWorkflow(path string, inputs []workflow.GraphInput, parameters []string, required workflow.RequiredInputs) (*workflow.Workflow, error) {
	wf, err := workflow.LoadFile(path, workflow.LoadOptions{})
	if err != nil {
		return nil, &InvalidError{Cause: err}
	}
	more, err := parseParameters(wf, parameters)
	if err != nil {
		return nil, err
	}
	return wf, ready(wf, slices.Concat(inputs, more), required)
}

// LoadSource reads a workflow from wherever it is and applies inputs.
func LoadSource(source workflow.Source, o workflow.LoadOptions, inputs []workflow.GraphInput, required workflow.RequiredInputs) (*workflow.Workflow, error) {
	wf, err := workflow.Load(source, o)
	if err != nil {
		return nil, &InvalidError{Cause: err}
	}
	return wf, ready(wf, inputs, required)
}

// ready makes a workflow one that can be executed.
func ready(wf *workflow.Workflow, inputs []workflow.GraphInput, required workflow.RequiredInputs) error {
	if err := wf.ApplyInputs(inputs, required); err != nil {
		return &InvalidError{Cause: err}
	}
	return settleEnds(wf, required)
}

// settleEnds makes sure that the workflow starts and ends somewhere. Start nodes
// that only Python could tell are marked, so that nobody needs to ask again.
func settleEnds(wf *workflow.Workflow, required workflow.RequiredInputs) error {
	if len(wf.Nodes) == 0 {
		return nil
	}
	start := wf.StartNodes(required)
	if len(start) == 0 {
		return &InvalidError{Cause: noStart(wf), Advice: "set force_start_node on one of the nodes, or take out a link of the cycle"}
	}
	for _, i := range start {
		wf.Nodes[i].ForceStart = true
	}
	if len(wf.EndNodes()) == 0 {
		return &InvalidError{Cause: fmt.Errorf("workflow %s has no end node", wf.Label), Advice: "leave a node without links, or with a condition that may not hold"}
	}
	return nil
}

// noStart tells why a workflow has no node to begin with.
func noStart(wf *workflow.Workflow) error {
	if _, err := wf.TopologicalOrder(); err != nil {
		return fmt.Errorf("workflow %s has no start node: %w", wf.Label, err)
	}
	return fmt.Errorf("workflow %s has no start node", wf.Label)
}

func parseParameters(wf *workflow.Workflow, parameters []string) ([]workflow.GraphInput, error) {
	var inputs []workflow.GraphInput
	for _, p := range parameters {
		in, err := parseParameter(wf, p)
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, in)
	}
	return inputs, nil
}

func parseParameter(wf *workflow.Workflow, text string) (in workflow.GraphInput, err error) {
	key, value, ok := strings.Cut(text, "=")
	if !ok || key == "" {
		return in, &InvalidError{Cause: fmt.Errorf("parameter %q has no value", text), Advice: "write -p NAME=VALUE or -p NODE:NAME=VALUE"}
	}
	name := key
	if node, rest, found := cutLast(key, ":"); found {
		i := slices.IndexFunc(wf.Nodes, func(n workflow.Node) bool { return n.ID.String() == node })
		if i < 0 {
			return in, &InvalidError{Cause: fmt.Errorf("parameter %q: the workflow has no node %q", text, node), Advice: "its nodes are " + nodeList(wf)}
		}
		in.ID, name = &wf.Nodes[i].ID, rest
	}
	if in.Name, err = workflow.NewArg(name); err != nil {
		return in, &InvalidError{Cause: fmt.Errorf("parameter %q: %w", text, err)}
	}
	in.Value = json.RawMessage(value)
	if !json.Valid(in.Value) {
		in.Value, err = json.Marshal(value)
	}
	return in, err
}

// cutLast cuts at the last separator: ids of nodes may contain it.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

func nodeList(wf *workflow.Workflow) string {
	const most = 12
	var names []string
	for i := range wf.Nodes[:min(most, len(wf.Nodes))] {
		names = append(names, wf.Nodes[i].ID.String())
	}
	if more := len(wf.Nodes) - most; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}
