package pyhost

import (
	"errors"
	"io"
	"sync"
	"syscall"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// memory is what is known of the memory cgroup of an interpreter.
type memory struct {
	kills oomKills
	// before is the number of processes that had been killed when it started.
	before uint64
}

func memoryOf(pid int) memory {
	m := memory{kills: findOOMKills(pid)}
	m.before, _ = m.kills.read()
	return m
}

// Starvations are kills for want of memory of which the interpreter is known. Pools
// whose interpreters share a cgroup share them, so that a kill is the end of one
// interpreter only. The zero value is ready to use.
type Starvations struct {
	mu    sync.Mutex
	known map[oomKills]uint64
}

// starved tells whether the kernel killed an interpreter for want of memory, if that
// can be known.
func (s *Starvations) starved(m memory) (yes, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, known := m.kills.read()
	before := max(m.before, s.known[m.kills])
	if n <= before {
		return false, known
	}
	if s.known == nil {
		s.known = map[oomKills]uint64{}
	}
	s.known[m.kills] = before + 1
	return true, known
}

// killed is the status of a process that SIGKILL ended. Interpreters that we end
// have another.
var killed = "signal: " + syscall.SIGKILL.String()

// perished is the result of a task with which its interpreter came to an end.
func (p *Pool) perished(e *entry, m memory, cause error, status, words string) task.Result {
	r := failure(e, p.died(m, cause, status, words))
	if r.Failure.Cause == task.OutOfMemory {
		r.PeakMemory = m.kills.limit()
	}
	return r
}

// died is the failure of a task with which its interpreter came to an end.
func (p *Pool) died(m memory, cause error, status, words string) task.Failure {
	text := "the Python interpreter ended during the task"
	if status != "" {
		text += " (" + status + ")"
	}
	if !endOfFile(cause) {
		text += " (" + cause.Error() + ")"
	}
	f := task.Failure{Cause: task.Died, Message: text + words}
	if status != killed {
		return f
	}
	switch starved, known := p.o.Starvations.starved(m); {
	case starved:
		f.Cause, f.Message = task.OutOfMemory, "out of memory: the kernel killed the Python interpreter during the task"+words
		f.Advice = "give tasks more memory, or execute fewer of them at a time"
	case !known:
		f.Advice = "nobody here has killed it: often it is the kernel, for want of memory"
	}
	return f
}

// endOfFile tells that the other end of the connection was closed. A Unix socket tells it
// as a reset if there were requests in it that the interpreter had not read, see unix(7).
func endOfFile(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
}

// endGrace is how long an interpreter that has closed its connection may take to
// end by itself, which tells why.
const endGrace = 200 * time.Millisecond

// endAfter ends an interpreter that has broken off, and returns how it ended.
func (i *interpreter) endAfter(cause error) string {
	grace := endGrace
	if !endOfFile(cause) {
		grace = 0
	}
	end := time.AfterFunc(grace, i.end)
	defer end.Stop()
	return i.wait()
}
