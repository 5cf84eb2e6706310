package pyhost

import (
	"errors"
	"net"
	"sync/atomic"
)

// Caller is a Python process that asked for a run and takes part in it: as the
// interpreter, or as the process from which interpreters are forked. It is not
// ours to end.
type Caller struct {
	// Lanes are sockets to threads of the caller, which execute one task at a time
	// each. When they are there, nothing else is started.
	Lanes []net.Conn
	// Template is a socket over which the caller forks interpreters.
	Template *net.UnixConn

	joined atomic.Bool
}

// join makes the caller an interpreter of the pool. It can be done once.
func (c *Caller) join() (*interpreter, error) {
	if c.joined.Swap(true) {
		return nil, errors.New("the calling process does not execute tasks any more")
	}
	i := &interpreter{}
	for _, conn := range c.Lanes {
		i.lanes = append(i.lanes, newLane(i, conn))
	}
	i.end = func() {
		for _, conn := range c.Lanes {
			_ = conn.Close()
		}
	}
	i.wait = func() string { // the end of its connections is all that we can wait for
		i.end()
		return ""
	}
	return i, nil
}

func (c *Caller) template() *template {
	return &template{conn: c.Template, process: process{end: func() {}, wait: func() string { return "" }}}
}
