package pyhost

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// interpreter is one running Python process.
type interpreter struct {
	process
	memory memory
	lanes  []*lane
	undone sync.WaitGroup // threads whose results have not all been read
	buried sync.Once
	// spent means that it is ended because of a task that has no use any more, or no
	// time: the others are not to blame. Guarded by the pool.
	spent bool
}

// process is the part of an interpreter that depends on how it was started.
type process struct {
	pid      int
	out, err *os.File // what tasks print to descriptors 1 and 2
	// end ends the process at once, wait blocks until it has ended and tells how,
	// if that is known.
	end  func()
	wait func() string
}

// ready waits for the interpreter's first message and gives each of its threads
// a socket.
func (i *interpreter) ready(conn net.Conn, threads int, limit time.Duration) error {
	i.lanes = []*lane{newLane(i, conn)}
	_ = conn.SetReadDeadline(time.Now().Add(limit))
	defer conn.SetReadDeadline(time.Time{})
	if _, err := task.ReadFrame(i.lanes[0].reader); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return fmt.Errorf("no answer within %s", limit)
		}
		return fmt.Errorf("it ended at once%s", i.lastWords())
	}
	var rights []int
	for range threads - 1 {
		ours, theirs, err := socketpair()
		if err != nil {
			return err
		}
		defer theirs.Close()
		rights = append(rights, int(theirs.Fd()))
		i.lanes = append(i.lanes, newLane(i, ours))
	}
	if len(rights) == 0 {
		return nil
	}
	_, _, err := conn.(*net.UnixConn).WriteMsgUnix([]byte{1}, syscall.UnixRights(rights...), nil)
	return err
}

// lastWords is what the interpreter printed before it ended, for an error.
func (i *interpreter) lastWords() string {
	const most = 4 << 10
	info, err := i.err.Stat()
	if err != nil || info.Size() == 0 {
		return ""
	}
	text := make([]byte, min(most, info.Size()))
	n, _ := i.err.ReadAt(text, info.Size()-int64(len(text)))
	return ": " + strings.TrimSpace(string(text[:n]))
}

// idle tells whether no thread has anything to do. Guarded by the pool.
func (i *interpreter) idle() bool {
	for _, l := range i.lanes {
		if len(l.given) > 0 {
			return false
		}
	}
	return true
}

// running are the tasks that are being executed. Guarded by the pool.
func (i *interpreter) running() (list []*entry) {
	for _, l := range i.lanes {
		if len(l.given) > 0 {
			list = append(list, l.given[0])
		}
	}
	return list
}

func (i *interpreter) close() {
	for _, l := range i.lanes {
		l.outbox.close()
		_ = l.conn.Close()
	}
	_ = i.out.Close()
	_ = i.err.Close()
}
