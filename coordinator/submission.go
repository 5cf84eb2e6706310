package coordinator

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// Submission asks for a run.
type Submission struct {
	Version int `json:"version"`
	// Run is the id of the run, made by the client: a submission that is sent
	// twice is one run.
	Run string `json:"run"`
	// Workflow is the flat document, with the inputs of the run applied.
	Workflow json.RawMessage `json:"workflow"`
	// Outputs select what the run returns; nil means the end nodes.
	Outputs []task.SelectedOutput `json:"outputs"`
	// Save is the file for the pickled outputs, written by a worker; empty means
	// none. Apart keeps the outputs of each node in a mapping of their own there.
	Save  string `json:"save,omitempty"`
	Apart bool   `json:"apart,omitempty"`
	// Values returns the outputs, and the exception that ended the run, as values
	// for a Python program. Files of the value store among them are the client's.
	Values bool `json:"values,omitempty"`
	// KeepGoing lets other branches go on after an error that is not handled.
	KeepGoing bool `json:"keep_going,omitempty"`
	// Context is what ewokscore is told with every task, see task.Request.
	Context json.RawMessage `json:"context,omitempty"`
	// Environment is what tasks find around them.
	Environment task.Environment `json:"environment"`
	// Limit bounds the time of each task; zero means no limit.
	Limit time.Duration `json:"limit,omitempty"`
	// Retry says how often attempts are made again; nil is the cluster's default.
	Retry *engine.Retry `json:"retry,omitempty"`
	// At is when the cluster took it.
	At time.Time `json:"at,omitzero"`
	// Priority is among all that waits: the highest goes first.
	Priority int `json:"priority,omitempty"`
	// Row says that the run is a row of a campaign. Then it has no Workflow, and
	// only a launcher submits it.
	Row *Row `json:"row,omitempty"`
	// User and Host tell who submitted, for people to read.
	User string `json:"user,omitempty"`
	Host string `json:"host,omitempty"`
}

// SelectedOutputs turns a selection into what is submitted.
func SelectedOutputs(selected []workflow.Selected) []task.SelectedOutput {
	list := []task.SelectedOutput{} // nil would mean the end nodes
	for _, s := range selected {
		list = append(list, task.SelectedOutput{Node: s.Node, Name: string(s.Name), As: s.As})
	}
	return list
}

// selected checks a selection and turns it back.
func (s *Submission) selected(wf *workflow.Workflow) ([]workflow.Selected, error) {
	if s.Outputs == nil {
		return wf.SelectOutputs(nil), nil
	}
	var list []workflow.Selected
	for _, o := range s.Outputs {
		if o.Node < 0 || o.Node >= len(wf.Nodes) {
			return nil, fmt.Errorf("selected output %q of node number %d, of %d", o.As, o.Node, len(wf.Nodes))
		}
		list = append(list, workflow.Selected{Node: o.Node, Name: workflow.Arg(o.Name), As: o.As})
	}
	return list, nil
}

// answer is what a client gets: a value, or an error with its hint.
type answer struct {
	Value json.RawMessage `json:"value,omitempty"`
	Error string          `json:"error,omitempty"`
	Hint  string          `json:"hint,omitempty"`
	// Mistake means that the client asked for what does not exist.
	Mistake bool `json:"mistake,omitempty"`
}

func encodeAnswer(value any, err error) []byte {
	var a answer
	if err == nil {
		a.Value, err = json.Marshal(value)
	}
	if err != nil {
		a.Error = err.Error()
		if h, ok := err.(interface{ Hint() string }); ok {
			a.Hint = h.Hint()
		}
		a.Mistake = errors.As(err, new(noRunError)) || errors.As(err, new(unfitError))
	}
	return task.EncodeJSON(a)
}

// RemoteError is an error that the launcher answered with.
type RemoteError struct {
	message, hint string
	mistake       bool
}

func (e *RemoteError) Error() string { return e.message }

// Hint is what the launcher advised.
func (e *RemoteError) Hint() string { return e.hint }

// Mistake tells that what was named does not exist.
func (e *RemoteError) Mistake() bool { return e.mistake }

func decodeAnswer(data []byte, value any) error {
	var a answer
	if err := task.DecodeJSON(data, &a); err != nil {
		return err
	}
	if a.Error != "" {
		return &RemoteError{a.Error, a.Hint, a.Mistake}
	}
	if value == nil || len(a.Value) == 0 {
		return nil
	}
	return json.Unmarshal(a.Value, value)
}
