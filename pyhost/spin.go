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

// spinner reads from a connection; it looks a while before it waits.
type spinner struct {
	conn net.Conn
	raw  syscall.RawConn
}

func newSpinner(conn net.Conn) io.Reader {
	if c, ok := conn.(syscall.Conn); ok {
		if raw, err := c.SyscallConn(); err == nil {
			return &spinner{conn, raw}
		}
	}
	return conn
}

func (s *spinner) Read(p []byte) (n int, err error) {
	for begun := time.Now(); ; {
		var got int
		var failed error
		if err := s.raw.Read(func(fd uintptr) bool {
			got, failed = syscall.Read(int(fd), p)
			return true
		}); err != nil {
			return 0, err
		}
		if got > 0 {
			return got, nil
		}
		if failed == nil || failed != syscall.EAGAIN || time.Since(begun) > spinTime {
			return s.conn.Read(p)
		}
	}
}
