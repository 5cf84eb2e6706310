package broker

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

func TestClientsReturnAfterRestart(t *testing.T) {
	dir := stateDir(t)
	s := startServer(t, ServerOptions{Dir: dir})
	lost, back := make(chan error, 4), make(chan string, 4)
	access := readAccess(t, s, RoleWorker)
	access.URLs = []string{"tls://127.0.0.1:1", access.URLs[0]} // one address never works
	worker, err := Connect(context.Background(), access, ConnectOptions{
		Name:         "w",
		OnDisconnect: func(err error) { lost <- err },
		OnReconnect:  func(url string) { back <- url },
		OnClosed:     func(err error) { t.Errorf("given up: %v", err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer worker.Close()
	told := make(chan string, 1)
	subscribe(t, worker, CtlWorkers, func(m Msg) { told <- string(m.Data) })

	s.Close()
	if err := await(t, "disconnect", lost); err == nil {
		t.Error("no reason given")
	}
	if worker.Connected() {
		t.Error("connected to nothing")
	}
	if _, err := worker.Request(context.Background(), WorkSubject(workerName, Turn), nil); !errors.Is(err, ErrDisconnected) {
		t.Errorf("request while down: %v", err)
	}
	if err := worker.Publish(WorkSubject(workerName, Bye), nil); !errors.Is(err, ErrDisconnected) {
		t.Errorf("publish while down: %v", err)
	}
	if _, err := worker.Subscribe(CtlSubject(workerName), func(Msg) {}); !errors.Is(err, ErrDisconnected) {
		t.Errorf("subscribe while down: %v", err)
	}

	again := startServer(t, ServerOptions{Dir: dir})
	launcher := launcherConn(t, again)
	echo(t, launcher, AllWork)
	if url := await(t, "reconnect", back); url != access.URLs[1] {
		t.Errorf("back at %s", url)
	}
	if answer, err := worker.Request(within(t, 5*time.Second), WorkSubject(workerName, Turn), []byte("hi")); err != nil || string(answer) != "hi" {
		t.Errorf("%q, %v", answer, err)
	}
	if err := launcher.Publish(CtlWorkers, []byte("report")); err != nil {
		t.Fatal(err)
	}
	if got := await(t, "message on the old subscription", told); got != "report" {
		t.Errorf("got %q", got)
	}
}

// A request whose answer got lost with the connection must not wait for its
// deadline.
func TestPendingRequestEndsWithTheConnection(t *testing.T) {
	s := startServer(t, ServerOptions{})
	asked := make(chan struct{}, 1)
	subscribe(t, launcherConn(t, s), AllWork, func(Msg) { asked <- struct{}{} })
	worker := connect(t, s, RoleWorker, ConnectOptions{})
	result := make(chan error, 1)
	go func() {
		_, err := worker.Request(context.Background(), WorkSubject(workerName, Turn), nil)
		result <- err
	}()
	await(t, "request", asked)
	s.Close()
	if err := await(t, "end of the request", result); !errors.Is(err, ErrDisconnected) {
		t.Errorf("got %v", err)
	}
}

func TestRequestErrors(t *testing.T) {
	s := startServer(t, ServerOptions{})
	launcher := launcherConn(t, s)
	worker := connect(t, s, RoleWorker, ConnectOptions{})
	turn := WorkSubject(workerName, Turn)
	if _, err := worker.Request(context.Background(), turn, nil); !errors.Is(err, ErrNoCoordinator) || hint(err) == "" {
		t.Errorf("nobody there: %v", err)
	}
	subscribe(t, launcher, AllWork, func(Msg) {})
	_, err := worker.Request(within(t, 50*time.Millisecond), turn, nil)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), turn) {
		t.Errorf("no answer: %v", err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	enough := errors.New("enough")
	time.AfterFunc(20*time.Millisecond, func() { cancel(enough) })
	if _, err := worker.Request(ctx, turn, nil); !errors.Is(err, enough) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := worker.Request(context.Background(), turn, make([]byte, MaxMessage+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
}

// An attempt to reach an address that never answers must hold nothing up.
func TestCloseWhileReconnecting(t *testing.T) {
	s := startServer(t, ServerOptions{})
	lost := make(chan error, 1)
	worker := connect(t, s, RoleWorker, ConnectOptions{OnDisconnect: func(err error) { lost <- err }})
	address := strings.TrimPrefix(s.URLs()[0], "tls://")
	s.Close()
	await(t, "disconnect", lost)
	silent, err := net.Listen("tcp", address) // accepts, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	conn, err := silent.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	started := time.Now()
	if worker.Connected() {
		t.Error("connected to silence")
	}
	if err := worker.Publish(WorkSubject(workerName, Bye), nil); !errors.Is(err, ErrDisconnected) {
		t.Errorf("publish: %v", err)
	}
	if _, err := worker.Request(context.Background(), WorkSubject(workerName, Bye), nil); !errors.Is(err, ErrDisconnected) {
		t.Errorf("request: %v", err)
	}
	worker.Close()
	if took := time.Since(started); took > dialTime/2 {
		t.Errorf("close took %v", took)
	}
}

// Nor may an address that never answers hold up a Connect that was cancelled.
func TestConnectIsInterrupted(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	access := readAccess(t, startServer(t, ServerOptions{}), RoleWorker)
	access.URLs = []string{"tls://" + silent.Addr().String()}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		if conn, err := silent.Accept(); err == nil {
			defer conn.Close()
			cancel()
			conn.Read(make([]byte, 1<<10)) // the handshake
			conn.Read(make([]byte, 1))     // until the other side is gone
		}
	}()
	started := time.Now()
	if _, err := Connect(ctx, access, ConnectOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(started); took > dialTime/2 {
		t.Errorf("took %v", took)
	}
}

// Dead addresses must not keep a worker from the one that worked.
func TestReconnectPrefersWhatWorked(t *testing.T) {
	var servers []nats.Server
	for _, raw := range []string{"tls://a:1", "tls://b:1", "tls://c:1"} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		servers = append(servers, nats.Server{URL: u})
	}
	c := &Conn{}
	good := "tls://b:1"
	c.good.Store(&good)
	choose := c.next()
	seen := map[string]int{}
	for attempt := range 12 {
		server, wait := choose(servers, nats.ServerInfo{})
		if attempt%2 == 0 && server.URL.String() != good {
			t.Errorf("attempt %d goes to %s", attempt, server.URL)
		}
		if wait < reconnectWait || wait > reconnectWait+reconnectJitter {
			t.Errorf("attempt %d waits %v", attempt, wait)
		}
		seen[server.URL.String()]++
	}
	if len(seen) != 3 {
		t.Errorf("tried %v, want every address", seen)
	}
}
