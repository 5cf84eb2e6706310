package task

import (
	"encoding/json"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/resource"
)

// Request asks for one attempt at a task.
type Request struct {
	ID
	// Attempt counts the tries at the task from 1.
	Attempt int
	// Node is the node's id as text; Label is empty when it has none.
	Node, Label string
	// Type, Identifier and Generator say what to execute, in the words of the
	// workflow document.
	Type, Identifier, Generator string
	// Inputs are in the order in which they were given: defaults, then data of
	// links.
	Inputs []Named
	// Wanted says what is to become of the outputs.
	Wanted Wanted
	// Fatal means that a failure ends the run, so that an interpreter skips the
	// tasks of the run that it has read ahead: those of the same Batch.
	Fatal bool
	// Batch is set by whoever feeds an interpreter, and grows with every failure
	// of the run there: what is sent after it does not count as read ahead.
	Batch int
	// Limit bounds the execution; zero means no limit.
	Limit time.Duration
	// Resources are what the task takes of a worker. Only sizes travel.
	Resources resource.Need
	// Tests are the conditional links that leave the node. The interpreter that
	// has the outputs tells which of them fire.
	Tests []Test
	// Then is the only task that waits for nothing but this one. An interpreter
	// may begin it by itself after this one, and says so.
	Then *Request
	// Context is what ewokscore is told with every task of the run, as JSON: an
	// object with varinfo, execinfo and task_options. It may be empty.
	Context json.RawMessage
	// VarInfo is the varinfo of the node, as JSON; it may be empty.
	VarInfo json.RawMessage
	// Else is the conditions_else_value of the node as JSON; nil is null.
	Else json.RawMessage
}

// SaveType is the type of the task, of no node, that writes the outputs of a run to
// the file that its identifier names, as a Python pickle.
const SaveType = "ewoks-hpc:save"

// RunType is the type of the task that is a whole run of a workflow, executed in one
// interpreter. Its identifier is that of the document, see DocumentPath, and its input
// says what is particular to the run, see Whole.
const RunType = "ewoks-hpc:run"

// Test are the conditions of one link, all of which must hold.
type Test struct {
	// Link is its position in the workflow.
	Link       int
	Conditions []Condition
}

// Condition compares an output with a value, which is JSON.
type Condition struct {
	Output string
	Value  json.RawMessage
}

// Wanted says what is to become of the outputs of a task.
type Wanted struct {
	// None means that nobody uses the outputs: they need not leave Python.
	None bool
	// Keep leaves the outputs in the interpreter, to be used there.
	Keep bool
	// Show asks for the outputs as JSON too, for people to read.
	Show bool
	// Error asks, if the task fails, for the exception as outputs.
	Error bool
}

// Environment is what the tasks of a run find around them.
type Environment struct {
	// Dir is the working directory; its modules can be imported.
	Dir string `json:"dir,omitempty"`
	// Set are variables laid over the environment of the worker, NAME=VALUE.
	Set []string `json:"set,omitempty"`
	// Prepare is what fresh interpreters do first: data for Python's
	// multiprocessing.spawn.prepare. It may be empty.
	Prepare json.RawMessage `json:"prepare,omitempty"`
}
