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

// LoadWorkflow reads a workflow and applies parameters, [NODE:]NAME=VALUE.
func LoadWorkflow(path string, parameters []string) (*workflow.Workflow, error) {
	wf, err := workflow.LoadFile(path, workflow.LoadOptions{})
	if err != nil {
		return nil, &InvalidError{Cause: err}
	}
	if _, err := wf.TopologicalOrder(); err != nil {
		return nil, &InvalidError{Cause: err, Advice: "only graphs without cycles can be run: take out one of these links"}
	}
	for i := range wf.Links {
		if l := &wf.Links[i]; l.Conditional() {
			source, target := wf.Nodes[l.Source].ID, wf.Nodes[l.Target].ID
			return nil, &InvalidError{
				Cause:  fmt.Errorf("link %s -> %s is conditional", source, target),
				Advice: "graphs with conditions or on_error links cannot be run yet",
			}
		}
	}
	inputs, err := parseParameters(wf, parameters)
	if err != nil {
		return nil, err
	}
	if err := wf.ApplyInputs(inputs, nil); err != nil {
		return nil, &InvalidError{Cause: err}
	}
	return wf, nil
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
