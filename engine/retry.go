package engine

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Retry says how often an attempt that did not succeed is followed by another.
// Each way to end has a limit of its own.
type Retry struct {
	// Lost is how often a task may vanish through no fault of its own.
	Lost int `json:"lost"`
	// Exceptions is how often a task may raise an exception or crash its
	// interpreter, Timeouts how often it may exceed its time, and OutOfMemory its
	// memory, and be tried again.
	Exceptions  int `json:"exceptions,omitempty"`
	Timeouts    int `json:"timeouts,omitempty"`
	OutOfMemory int `json:"out_of_memory,omitempty"`
	// Memory is how many times as much memory a task asks for that ran out of it: 1 is the
	// same again, 0 is DefaultGrowth.
	Memory float64 `json:"memory,omitempty"`
	// On are names of the exception classes for which Exceptions counts, without
	// their modules. Without any it counts for all, and for crashes.
	On []string `json:"on,omitempty"`
	// Delay is the time between the first failure of a task and the next attempt.
	// It doubles with every failure, up to 10 minutes.
	Delay time.Duration `json:"delay,omitempty"`
}

// DefaultLost is how often a task may vanish if nobody says otherwise.
const DefaultLost = 5

// DefaultGrowth is by how much the memory grows if nobody says otherwise, and MaxGrowth
// the most that anybody can say.
const (
	DefaultGrowth = 2
	MaxGrowth     = 1000
)

// maxDelay bounds the growth of the time between two attempts.
const maxDelay = 10 * time.Minute

// Check refuses what makes no sense.
func (o Retry) Check() error {
	for name, n := range map[string]int{
		"lost": o.Lost, "exceptions": o.Exceptions, "timeouts": o.Timeouts, "out of memory": o.OutOfMemory,
	} {
		if n < 0 {
			return fmt.Errorf("retry: %d for %s, want 0 or more", n, name)
		}
	}
	if o.Memory != 0 && !(1 <= o.Memory && o.Memory <= MaxGrowth) { // NaN is neither
		return fmt.Errorf("retry: %v times the memory, want 1 to %d", o.Memory, MaxGrowth)
	}
	if o.Delay < 0 {
		return fmt.Errorf("retry: delay of %s, want 0 or more", o.Delay)
	}
	return nil
}

// AfterEnd tells whether an attempt may follow one with which its interpreter, and
// the values in it, came to an end.
func (o Retry) AfterEnd() bool {
	return o.Timeouts > 0 || o.OutOfMemory > 0 || o.Exceptions > 0 && len(o.On) == 0
}

// tries counts the attempts at a task that did not succeed, by how they ended.
type tries struct{ lost, exceptions, timeouts, memory int }

// failed is the number of attempts that failed by themselves.
func (t tries) failed() int { return t.exceptions + t.timeouts + t.memory }

// count adds a failure. It tells whether another attempt may follow.
func (t *tries) count(f task.Failure, o Retry) bool {
	switch f.Cause {
	case task.Timeout:
		t.timeouts++
		return t.timeouts <= o.Timeouts
	case task.OutOfMemory:
		t.memory++
		return t.memory <= o.OutOfMemory
	case task.Cancelled, task.Unfit:
		return false
	default:
		t.exceptions++
		return t.exceptions <= o.Exceptions && (len(o.On) == 0 || slices.Contains(o.On, f.Type))
	}
}

// tell adds to the last failure how many there were.
func (t tries) tell(f task.Failure) task.Failure {
	if n := t.failed(); n > 1 && f.Cause != task.Gone && f.Cause != task.Cancelled && f.Cause != task.Unfit {
		f.Message = fmt.Sprintf("failed %d times, last: %s", n, f.Message)
	}
	return f
}

// after is the time between a task's nth failure and the next attempt.
func (o Retry) after(n int) time.Duration {
	delay, most := o.Delay, max(o.Delay, maxDelay)
	for ; n > 1 && 0 < delay && delay < most; n-- {
		delay = min(delay, most/2) * 2
	}
	return delay
}

// retry makes another attempt at a task that failed, if it may have one.
func (s *State) retry(x *execution, r task.Result) {
	if !x.tries.count(r.Failure, s.o.Retry) {
		s.fail(x, r)
		return
	}
	s.counts.Retried++
	s.again(x, s.o.Retry.after(x.tries.failed()))
	if r.Failure.Cause == task.OutOfMemory {
		x.request.Resources = x.request.Resources.Larger(cmp.Or(s.o.Retry.Memory, DefaultGrowth))
	}
}

// fatal tells whether an exception of the next attempt at a task of a node would
// end the run.
func (s *State) fatal(node int, t tries) bool {
	again := t.exceptions < s.o.Retry.Exceptions || t.memory < s.o.Retry.OutOfMemory
	return !again && (node == saver || !s.o.KeepGoing && s.plan.nodes[node].fatal)
}
