package broker

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const (
	maxPort   = 65535
	urlScheme = "tls"
	// portTries is how often to look for a port that is free on every address.
	portTries = 20
	// acceptPause keeps a failing accept from spinning.
	acceptPause = 50 * time.Millisecond
)

// bindHosts reduces the addresses to listen on to those that differ: a
// wildcard stands for all.
func bindHosts(hosts []string) []string {
	for _, host := range hosts {
		if isWildcard(host) {
			return []string{host}
		}
	}
	var distinct []string
	for _, host := range hosts {
		if !slices.Contains(distinct, host) {
			distinct = append(distinct, host)
		}
	}
	return distinct
}

func isWildcard(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsUnspecified()
}

// reserve finds a port (the given one unless 0) that is free on every host. It
// leaves the first host's to the server, which opens its own listener, and
// keeps those of the others open.
func reserve(hosts []string, port int) (int, []net.Listener, error) {
	for try := 1; ; try++ {
		got, others, err := listenAll(hosts, port)
		if err == nil || port != 0 || try == portTries || !errors.Is(err, syscall.EADDRINUSE) {
			return got, others, err
		}
	}
}

func listenAll(hosts []string, port int) (_ int, others []net.Listener, err error) {
	defer func() {
		if err != nil {
			for _, l := range others {
				l.Close()
			}
		}
	}()
	first, err := listen(hosts[0], port)
	if err != nil {
		return 0, nil, err
	}
	defer first.Close()
	port = first.Addr().(*net.TCPAddr).Port
	for _, host := range hosts[1:] {
		l, err := listen(host, port)
		if err != nil {
			return 0, others, err
		}
		others = append(others, l)
	}
	return port, others, nil
}

func listen(host string, port int) (net.Listener, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, hinted{fmt.Errorf("port %d of %s is taken: %w", port, host, err), "stop the process that uses it, or choose another port; workers already running know only this one"}
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", host, err)
	}
	return l, nil
}

// relay forwards connections from a further address to the server, which
// itself listens on one. TLS runs through it from end to end.
type relay struct {
	listener net.Listener
	target   string
	done     sync.WaitGroup

	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]struct{}
}

func startRelay(l net.Listener, target string) *relay {
	r := &relay{listener: l, target: target, conns: map[net.Conn]struct{}{}}
	r.done.Go(r.accept)
	return r
}

func (r *relay) accept() {
	for {
		conn, err := r.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(acceptPause) // out of file descriptors, or the peer gave up already
			continue
		}
		r.done.Go(func() { r.forward(conn) })
	}
}

func (r *relay) forward(in net.Conn) {
	defer r.drop(in)
	if !r.keep(in) {
		return
	}
	out, err := net.Dial("tcp", r.target)
	if err != nil {
		return
	}
	defer r.drop(out)
	if !r.keep(out) {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { copyHalf(out, in) })
	both.Go(func() { copyHalf(in, out) })
	both.Wait()
}

// copyHalf ends its direction only, so that what the other one still carries
// is not lost; the server answers the end of input by closing.
func copyHalf(dst, src net.Conn) {
	_, err := io.Copy(dst, src)
	if half, ok := dst.(*net.TCPConn); ok && err == nil {
		half.CloseWrite()
		return
	}
	dst.Close()
	src.Close()
}

func (r *relay) keep(c net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.conns[c] = struct{}{}
	return true
}

func (r *relay) drop(c net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, c)
	c.Close()
}

// close ends the relay and all its connections.
func (r *relay) close() {
	r.mu.Lock()
	r.closed = true
	r.listener.Close()
	for c := range r.conns {
		c.Close()
	}
	r.mu.Unlock()
	r.done.Wait()
}
