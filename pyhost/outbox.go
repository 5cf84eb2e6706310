package pyhost

import (
	"net"
	"sync"
	"syscall"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// outbox writes requests to an interpreter. Whoever adds some writes them at
// once, because to wake another goroutine for it would cost as much as the
// task; only what the socket does not take is left to a goroutine.
type outbox struct {
	conn net.Conn
	raw  syscall.RawConn
	rest chan []byte // what the socket did not take

	mu       sync.Mutex
	requests []*task.Request
	notes    [][]byte // headers that are not requests
	busy     bool     // somebody is writing
	closed   bool
	buffer   []byte
}

// maxFrame bounds the requests in one frame.
const maxFrame = 64

func newOutbox(conn net.Conn) *outbox {
	o := &outbox{conn: conn, rest: make(chan []byte, 1)}
	if c, ok := conn.(syscall.Conn); ok {
		o.raw, _ = c.SyscallConn()
	}
	return o
}

// add takes a request to be written by the next flush.
func (o *outbox) add(r *task.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.requests = append(o.requests, r)
}

// note writes a message that is no request.
func (o *outbox) note(header []byte) {
	o.mu.Lock()
	o.notes = append(o.notes, header)
	o.mu.Unlock()
	o.flush()
}

// flush writes what was added. It does not block.
func (o *outbox) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.busy || o.closed {
		return
	}
	o.busy = true
	for o.next() {
		n := o.try(o.buffer)
		if n < len(o.buffer) {
			o.rest <- o.buffer[n:]
			return // serve goes on from here
		}
	}
	o.busy = false
}

// serve writes, blocking, what flush could not, until the outbox is closed.
func (o *outbox) serve() {
	for rest := range o.rest {
		_, err := o.conn.Write(rest)
		o.mu.Lock()
		o.busy = false
		o.mu.Unlock()
		if err == nil { // else the reader sees the end too, and deals with it
			o.flush()
		}
	}
}

func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.closed {
		o.closed = true
		close(o.rest)
	}
}

// next fills the buffer with the next frames.
func (o *outbox) next() bool {
	o.buffer = o.buffer[:0]
	for _, n := range o.notes {
		o.buffer = task.AppendFrame(o.buffer, task.Frame{Header: n})
	}
	o.notes = nil
	if n := min(maxFrame, len(o.requests)); n > 0 {
		var e task.Encoder
		e.Raw(`{"run":`)
		e.Requests(o.requests[:n])
		e.Raw("}")
		o.buffer = task.AppendFrame(o.buffer, e.Frame)
		clear(o.requests[:n])
		o.requests = o.requests[n:]
	}
	return len(o.buffer) > 0
}

// try writes as much as the socket takes now.
func (o *outbox) try(data []byte) (n int) {
	if o.raw == nil {
		return 0
	}
	_ = o.raw.Write(func(fd uintptr) bool {
		if m, err := syscall.Write(int(fd), data); err == nil {
			n = m
		}
		return true
	})
	return n
}
