package pyhost

import (
	"io"
	"net"
	"syscall"
	"time"
)

// spinTime is how long a reader looks for an answer before it lets the kernel
// wake it: to be woken takes longer than most answers to short tasks.
const spinTime = 40 * time.Microsecond

// While tasks take much longer than that, it looks in vain, and what it takes is
// missing to the interpreters: after vainMost such answers in a row it only tries with
// one answer of tryEach.
const (
	vainMost = 3
	vainTime = 3 * spinTime
	tryEach  = 8
)

// spinner reads from a connection; it looks a while before it waits. It is for one
// goroutine.
type spinner struct {
	conn net.Conn
	raw  syscall.RawConn
	vain int // answers in a row that took much longer
}

func newSpinner(conn net.Conn) io.Reader {
	if c, ok := conn.(syscall.Conn); ok {
		if raw, err := c.SyscallConn(); err == nil {
			return &spinner{conn: conn, raw: raw}
		}
	}
	return conn
}

func (s *spinner) Read(p []byte) (n int, err error) {
	begun := time.Now()
	if s.vain < vainMost || s.vain%tryEach == 0 {
		if n, done, err := s.look(begun, p); done {
			s.vain = 0
			return n, err
		}
	}
	n, err = s.conn.Read(p)
	if time.Since(begun) > vainTime {
		s.vain++
	} else {
		s.vain = 0
	}
	return n, err
}

// look reads without waiting, for spinTime; done says that there is something to read.
func (s *spinner) look(begun time.Time, p []byte) (n int, done bool, err error) {
	for {
		var failed error
		if err := s.raw.Read(func(fd uintptr) bool {
			n, failed = syscall.Read(int(fd), p)
			return true
		}); err != nil {
			return 0, true, err
		}
		if n > 0 {
			return n, true, nil
		}
		if failed != syscall.EAGAIN || time.Since(begun) > spinTime {
			return 0, false, nil
		}
	}
}
