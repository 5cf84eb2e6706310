// Package resource says what fits where: what a task needs, what a worker has,
// and which pool a node of a workflow goes to. It is pure: no clock and no I/O.
//
// What a task does not say, it takes like a slot: a worker of 8 cores and 4 slots
// gives it 2. So a task that says nothing is one slot, whatever that is.
package resource

import (
	"fmt"
	"strings"
	"time"
)

// Need is what one task asks for. Zero fields are not said.
type Need struct {
	Cores  int
	Memory Bytes
	GPUs   int
	// Nodes makes the task one of a whole job of at least so many nodes. Cores, Memory
	// and GPUs are then what each of them must have.
	Nodes int
	// TimeLimit bounds the execution of the task.
	TimeLimit time.Duration
	// Pool is the only kind of worker that may execute it.
	Pool string
	// Chosen tells that a Router chose Pool, which it may do again. It is not written.
	Chosen bool
	// Starved tells that an attempt ran out of memory, for which it had asked for
	// Outgrown; 0 is the share of a slot. They are not written.
	Starved  bool
	Outgrown Bytes
}

// All asks for all the memory that a worker has, whatever that is.
const All = maxBytes

// Sized tells whether the task says how large it is, so that it is not simply one
// slot.
func (n Need) Sized() bool { return n.Cores > 0 || n.Memory > 0 || n.GPUs > 0 }

// Or takes from other what n does not say.
func (n Need) Or(other Need) Need {
	fill(&n.Cores, other.Cores)
	fill(&n.Memory, other.Memory)
	fill(&n.GPUs, other.GPUs)
	fill(&n.Nodes, other.Nodes)
	fill(&n.TimeLimit, other.TimeLimit)
	fill(&n.Pool, other.Pool)
	return n
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Limit is the shorter of the time limit of the task and another; 0 is none.
func (n Need) Limit(other time.Duration) time.Duration {
	if n.TimeLimit == 0 || other > 0 && other < n.TimeLimit {
		return other
	}
	return n.TimeLimit
}

// String is as in "2 cores, 1 GPU, pool gpu"; empty when nothing is said.
func (n Need) String() string {
	parts := amounts(n.Cores, n.Memory, n.GPUs)
	if n.Nodes > 0 {
		parts = append([]string{count(n.Nodes, "node")}, parts...)
	}
	if n.TimeLimit > 0 {
		parts = append(parts, "a time limit of "+n.TimeLimit.String())
	}
	if n.Pool != "" {
		parts = append(parts, "pool "+n.Pool)
	}
	return strings.Join(parts, ", ")
}

func amounts(cores int, memory Bytes, gpus int) (parts []string) {
	if cores > 0 {
		parts = append(parts, count(cores, "core"))
	}
	if memory > 0 {
		parts = append(parts, memory.String()+" of memory")
	}
	if gpus > 0 {
		parts = append(parts, count(gpus, "GPU"))
	}
	return parts
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
