package pyhost

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

// template is a warm process, with the modules that tasks need imported, from
// which interpreters are forked.
type template struct {
	process
	mu   sync.Mutex // one fork at a time
	conn *net.UnixConn
}

func startTemplate(o Options) (*template, error) {
	p, conn, err := spawn(o, role{Role: "template", Threads: o.Threads, Store: o.Store, Preload: o.Preload, Prepare: o.Prepare})
	if err != nil {
		return nil, err
	}
	t := &template{process: p, conn: conn.(*net.UnixConn)}
	if _, err := t.answer(o.StartTimeout); err != nil {
		i := interpreter{process: p}
		err = &StartError{o.Python, fmt.Errorf("%w%s", err, i.lastWords())}
		t.close()
		return nil, err
	}
	return t, nil
}

// fork makes one more interpreter; it reports itself on the connection.
func (t *template) fork(limit time.Duration) (process, net.Conn, error) {
	p, ours, theirs, err := ends()
	if err != nil {
		return process{}, nil, err
	}
	defer theirs.Close()
	t.mu.Lock()
	defer t.mu.Unlock()
	rights := syscall.UnixRights(int(theirs.Fd()), int(p.out.Fd()), int(p.err.Fd()))
	_, _, err = t.conn.WriteMsgUnix(order(orderFork, 0), rights, nil)
	if err == nil {
		p.pid, err = t.answer(limit)
	}
	if err != nil {
		_ = ours.Close()
		_ = p.out.Close()
		_ = p.err.Close()
		return process{}, nil, fmt.Errorf("fork of a python interpreter: %w", err)
	}
	p.end = func() { terminate(p.pid) }
	p.wait = func() string { return t.status(p.pid) }
	return p, ours, nil
}

// What a template is asked to do; see start.py.
const (
	orderFork   = 1 // and the descriptors of the interpreter
	orderStatus = 2 // and the process id of an interpreter that has ended
)

func order(what byte, pid int) []byte {
	return binary.BigEndian.AppendUint32([]byte{what}, uint32(pid))
}

// status asks how an interpreter ended: the template is its parent.
func (t *template) status(pid int) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, err := t.conn.Write(order(orderStatus, pid)); err != nil {
		return ""
	}
	status, err := t.answer(5 * time.Second)
	if err != nil {
		return ""
	}
	if w := syscall.WaitStatus(status); w.Signaled() {
		return "signal: " + w.Signal().String()
	} else {
		return fmt.Sprintf("exit status %d", w.ExitStatus())
	}
}

// answer reads the process id with which the template answers.
func (t *template) answer(limit time.Duration) (int, error) {
	_ = t.conn.SetReadDeadline(time.Now().Add(limit))
	var b [4]byte
	if _, err := io.ReadFull(t.conn, b[:]); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("it ended unexpectedly")
		}
		return 0, err
	}
	return int(binary.BigEndian.Uint32(b[:])), nil
}

func (t *template) close() {
	_ = t.conn.Close()
	t.end()
	t.wait()
	_ = t.out.Close()
	_ = t.process.err.Close()
}
