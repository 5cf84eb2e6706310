package dashboard

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func TestPortThatIsTaken(t *testing.T) {
	s := serve(t, Overview{})
	var port int
	fmt.Sscan(s.port, &port)
	second := NewServer(ServerOptions{Handler: s.h, Port: port})
	err := second.Start()
	var taken *PortError
	if !errors.As(err, &taken) || !errors.Is(err, syscall.EADDRINUSE) || taken.Port != port || taken.Hint() == "" {
		t.Errorf("error %v", err)
	}
	if err := second.Stop(context.Background()); err != nil {
		t.Errorf("a server that never started stops with %v", err)
	}
}

func TestStopFreesThePort(t *testing.T) {
	s := NewServer(ServerOptions{Handler: http.NotFoundHandler()})
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	if c, err := net.Dial("tcp", s.Addr()); err == nil {
		c.Close()
		t.Error("it still listens")
	}
}

func TestStopDoesNotWaitForEver(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	s := NewServer(ServerOptions{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(entered)
		<-leave
	})})
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	defer close(leave)
	c := dial(t, s.Addr())
	io.WriteString(c, "GET / HTTP/1.0\r\n\r\n")
	<-entered
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Stop(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.Copy(io.Discard, c); isTimeout(err) {
		t.Error("the connection is still open")
	}
}

func TestOddRequests(t *testing.T) {
	s := serve(t, Overview{})
	for name, test := range map[string]struct{ request, status string }{
		"no host":       {"GET /healthz HTTP/1.0\r\n\r\n", "421"},
		"two hosts":     {"GET /healthz HTTP/1.1\r\nHost: " + s.addr + "\r\nHost: evil.example\r\n\r\n", "400"},
		"absolute":      {"GET http://evil.example/healthz HTTP/1.1\r\nHost: " + s.addr + "\r\n\r\n", "421"},
		"large headers": {"GET /healthz HTTP/1.1\r\nHost: " + s.addr + "\r\nCookie: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", "431"},
	} {
		c := dial(t, s.addr)
		go io.WriteString(c, test.request)
		line, err := bufio.NewReader(c).ReadString('\n')
		if err != nil || !strings.Contains(line, " "+test.status+" ") {
			t.Errorf("%s: %q, %v", name, line, err)
		}
	}
}

func TestSlowHeadersEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("takes as long as a client may take to send its headers")
	}
	s := serve(t, Overview{})
	c := dial(t, s.addr)
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: ")
	c.SetReadDeadline(time.Now().Add(4 * headerTime))
	if _, err := io.Copy(io.Discard, c); isTimeout(err) {
		t.Error("the server waits on")
	}
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

func TestLimitOfConnections(t *testing.T) {
	const most, all = 2, 12
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := limit(inner, most)
	for range all {
		dial(t, inner.Addr().String())
	}
	var open atomic.Int32
	accepted := make(chan net.Conn, all)
	go func() {
		defer close(accepted)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if n := open.Add(1); n > most {
				t.Errorf("%d connections at once", n)
			}
			accepted <- c
		}
	}()
	for range all {
		c := <-accepted
		open.Add(-1)
		c.Close()
		c.Close() // the second time frees no second place
	}
	l.Close()
	if _, more := <-accepted; more {
		t.Error("more connections than were dialled")
	}
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}
