package task

import (
	"encoding/json"
	"time"
)

// Result tells how one attempt at a task ended.
type Result struct {
	ID
	Attempt int
	// Status says which of the other fields count.
	Status Status
	// Outputs are the values of a task that Succeeded, in the task's order. Of a
	// task that Failed they are its exception, if the request asked for it.
	Outputs []Named
	// Fired are the links among the request's Tests whose conditions hold.
	Fired []int
	// Begun means that the interpreter has begun the task that follows.
	Begun bool
	// Shown are the same outputs as JSON, when the request asked to show them.
	Shown []Shown
	// Failure tells why the task did not succeed.
	Failure Failure
	// Stdout and Stderr are what the task printed; the middle is cut out when
	// it was very long.
	Stdout, Stderr string
	// Started is when the task began, by the clock of its machine; zero if that is
	// not known. Duration is the time from there to its end.
	Started  time.Time
	Duration time.Duration
	// PeakMemory is the most that the interpreter had resident since somebody looked
	// last, in bytes; zero if nobody looked. They look after each task that is not
	// short, so that what short tasks before it took is in it, and what others took
	// that ran in the same interpreter. Of a task that the kernel killed for want of
	// memory it is the limit, if that is known.
	PeakMemory int64
	// Steps are the tasks of which a whole run consisted, in the order in which
	// they ended: the first MaxSteps of them.
	Steps []Step
}

// Step is one task within a run that was executed as a whole.
type Step struct {
	Node string `json:"node"`
	// After is the time from the start of the run to that of the task.
	After    time.Duration `json:"after"`
	Duration time.Duration `json:"duration"`
	Failed   bool          `json:"failed,omitempty"`
}

// Status is how an attempt ended.
type Status byte

const (
	// Succeeded tasks have outputs.
	Succeeded Status = iota
	// Failed tasks raised an exception, died, or took too long.
	Failed
	// Lost attempts vanished through no fault of the task: it may run again.
	Lost
	// Skipped tasks were not started, because another of their run had failed.
	Skipped
)

// Shown is an output as JSON; a value that JSON cannot hold is an object with
// its "type" and "repr".
type Shown struct {
	Name string          `json:"name"`
	JSON json.RawMessage `json:"json"`
}

// Cause tells kinds of failure apart.
type Cause string

const (
	// Exception: the task raised a Python exception.
	Exception Cause = "exception"
	// Died: the interpreter ended during the task (a crash, a kill, os._exit).
	Died Cause = "died"
	// Timeout: the task took longer than its limit.
	Timeout Cause = "timeout"
	// OutOfMemory: the task raised MemoryError, or the kernel ended the
	// interpreter because the memory that it may use was exhausted.
	OutOfMemory Cause = "out of memory"
	// Cancelled: somebody asked for it.
	Cancelled Cause = "cancelled"
	// Walltime: the attempt was given back, because it would not have ended before
	// its worker had to.
	Walltime Cause = "walltime"
	// Unfit: no worker could execute the next attempt.
	Unfit Cause = "no worker for it"
	// Gone: the worker that held the task vanished.
	Gone Cause = "worker lost"
)

// Failure is what went wrong with a task.
type Failure struct {
	Cause Cause `json:"cause,omitempty"`
	// Type is the name of the Python exception class.
	Type string `json:"type,omitempty"`
	// Message is the text that ewoks would raise for the task.
	Message string `json:"message,omitempty"`
	// Traceback is the Python traceback, if there is one.
	Traceback string `json:"traceback,omitempty"`
	// Advice tells what to do about it, if that is known.
	Advice string `json:"advice,omitempty"`
	// Node is the node that failed, if a whole run was executed as one task.
	Node string `json:"node,omitempty"`
}
