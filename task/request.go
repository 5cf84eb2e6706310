package task

import "time"

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
	// tasks of the run that it has read ahead.
	Fatal bool
	// Limit bounds the execution; zero means no limit.
	Limit time.Duration
}

// Wanted says what is to become of the outputs of a task.
type Wanted struct {
	// None means that nobody uses the outputs: they need not leave Python.
	None bool
	// Keep leaves the outputs in the interpreter, to be used there.
	Keep bool
	// Show asks for the outputs as JSON too, for people to read.
	Show bool
}

// Environment is what the tasks of a run find around them.
type Environment struct {
	// Dir is the working directory; its modules can be imported.
	Dir string `json:"dir,omitempty"`
	// Set are variables laid over the environment of the worker, NAME=VALUE.
	Set []string `json:"set,omitempty"`
}
