package broker

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// strangers tries to get in without what the access file gives.
func TestStrangersAreRefused(t *testing.T) {
	s := startServer(t, ServerOptions{})
	other := startServer(t, ServerOptions{})
	access := readAccess(t, s, RoleWorker)
	trust, err := clientTLS(access.CAPEM)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := identify(other.state.WorkerSeed)
	if err != nil {
		t.Fatal(err)
	}
	own, err := identify(access.NKeySeed)
	if err != nil {
		t.Fatal(err)
	}
	otherTrust, err := clientTLS(other.state.CAPEM)
	if err != nil {
		t.Fatal(err)
	}
	old := trust.Clone()
	old.MinVersion, old.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	url := access.URLs[0]
	first := nats.TLSHandshakeFirst()
	for name, c := range map[string]struct {
		options []nats.Option
		want    error // nil: any
	}{
		"anonymous":       {[]nats.Option{nats.Secure(trust), first}, nats.ErrAuthorization},
		"user, password":  {[]nats.Option{nats.Secure(trust), first, nats.UserInfo("EWOKS", "")}, nats.ErrAuthorization},
		"unknown nkey":    {[]nats.Option{nats.Secure(trust), first, foreign}, nats.ErrAuthorization},
		"wrong authority": {[]nats.Option{nats.Secure(otherTrust), first, own}, nats.ErrTLS},
		"system's trust":  {[]nats.Option{nats.Secure(&tls.Config{}), first, own}, nats.ErrTLS},
		"TLS 1.2":         {[]nats.Option{nats.Secure(old), first, own}, nats.ErrTLS},
		"late handshake":  {[]nats.Option{nats.Secure(trust), own}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			nc, err := nats.Connect(url, append(c.options, nats.Timeout(time.Second))...)
			if err == nil {
				nc.Close()
				t.Fatal("got in")
			}
			if c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	// The same with all that is right, so that the above fails for its own reason.
	nc, err := nats.Connect(url, nats.Secure(trust), first, own)
	if err != nil {
		t.Fatal(err)
	}
	nc.Close()
}

// Without TLS the server says nothing at all: no INFO, no answer to CONNECT.
func TestPlainTCPIsRefused(t *testing.T) {
	s := startServer(t, ServerOptions{})
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.Port()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("CONNECT {}\r\nPING\r\n")); err != nil {
		t.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	line, err := bufio.NewReader(conn).ReadString('\n')
	if strings.HasPrefix(line, "INFO") || strings.HasPrefix(line, "PONG") {
		t.Errorf("answered %q in plain text", line)
	}
	var timeout net.Error
	if err == nil || errors.As(err, &timeout) && timeout.Timeout() {
		t.Errorf("connection kept open: %v", err)
	}
}

var someSubjects = []string{
	"work.w1.hello", "work.w1.turn", "work.w1.bye", "work.w1.other", "work.w1", "work.w1.hello.more",
	"ctl.worker.w1", "ctl.workers", "ctl.other", "client.submit", "client.a.b", "client", "run.r1.events", "run.r1.other",
	"_INBOX.x", "_INBOX_w.x", "_INBOX_c.x", "_INBOX_l.x", "$SYS.REQ.SERVER.PING", "$JS.API.INFO", "free",
}

var somePatterns = []string{
	">", "*.>", "work.>", "work.*.*", "work.*.turn", "ctl.>", "ctl.worker.>", "client.>", "run.>", "run.*.*",
	"_INBOX.>", "_INBOX_w.>", "_INBOX_c.>", "_INBOX_l.>", "$SYS.>", "$JS.>",
}

// Each role may do exactly what is listed here; everything else of the above
// is refused.
func TestPermissions(t *testing.T) {
	for role, allowed := range map[Role]struct{ publish, subscribe []string }{
		RoleWorker: {
			publish: []string{"work.w1.hello", "work.w1.turn", "work.w1.bye"},
			// ctl.worker.> passes for ctl.worker.*, see subjects.go.
			subscribe: []string{"ctl.worker.w1", "ctl.worker.>", "ctl.workers", "_INBOX_w.x", "_INBOX_w.>"},
		},
		RoleClient: {
			publish:   []string{"client.submit", "client.a.b"},
			subscribe: []string{"run.r1.events", "_INBOX_c.x", "_INBOX_c.>"},
		},
	} {
		t.Run(string(role), func(t *testing.T) {
			s := startServer(t, ServerOptions{})
			conn := connect(t, s, role, ConnectOptions{})
			checkPublish(t, s, conn, allowed.publish)
			for _, subject := range slices.Concat(someSubjects, somePatterns) {
				want := slices.Contains(allowed.subscribe, subject)
				_, err := conn.Subscribe(subject, func(Msg) {})
				if want && err != nil || !want && !errors.Is(err, ErrRefused) {
					t.Errorf("subscribe %s: allowed %v, got %v", subject, want, err)
				}
			}
		})
	}
}

// checkPublish publishes everywhere, with a listener who hears everything.
func checkPublish(t *testing.T, s *Server, conn *Conn, allowed []string) {
	t.Helper()
	heard := make(chan string, len(someSubjects)+1)
	subscribe(t, launcherConn(t, s), ">", func(m Msg) {
		if !strings.HasPrefix(m.Subject, "$SYS") {
			heard <- m.Subject
		}
	})
	for _, subject := range append(someSubjects, allowed[0]) { // the last one marks the end
		if err := conn.Publish(subject, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range append(slices.Clone(allowed), allowed[0]) {
		if got := await(t, "message", heard); got != want {
			t.Fatalf("%s got through, want %s", got, want)
		}
	}
}

func TestRefusedRequestSaysSo(t *testing.T) {
	s := startServer(t, ServerOptions{})
	echo(t, launcherConn(t, s), AllClient)
	worker := connect(t, s, RoleWorker, ConnectOptions{})
	_, err := worker.Request(within(t, 500*time.Millisecond), ClientSubject("down"), nil)
	if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "client.down") {
		t.Errorf("got %v", err)
	}
}

// The server does not check reply subjects, so a worker may name any; the
// coordinator must not be made to publish there.
func TestForgedReplyIsDropped(t *testing.T) {
	log := &journal{}
	s := startServer(t, ServerOptions{Logger: log.logger()})
	launcher := launcherConn(t, s)
	served := make(chan string, 32)
	handler := func(m Msg) {
		served <- string(m.Data)
		m.Respond([]byte("answer"))
	}
	subscribe(t, launcher, AllWork, handler)
	subscribe(t, launcher, AllClient, handler)
	leaked := make(chan string, 32)
	for _, subject := range []string{CtlWorkers, "free", "_INBOX_c.x"} {
		subscribe(t, launcher, subject, func(m Msg) { leaked <- m.Subject })
	}
	worker, client := connect(t, s, RoleWorker, ConnectOptions{}), connect(t, s, RoleClient, ConnectOptions{})
	for _, reply := range []string{CtlWorkers, "free", "_INBOX_c.x", "_INBOX_w", "_INBOX_wx.y", "_INBOX_w.>", "_INBOX_w.*"} {
		if err := worker.nc.PublishRequest(WorkSubject("w", Turn), reply, []byte("forged "+reply)); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.nc.PublishRequest(ClientSubject("x"), "_INBOX_w.x", []byte("forged")); err != nil {
		t.Fatal(err)
	}
	for _, ask := range []func() ([]byte, error){
		func() ([]byte, error) {
			return worker.Request(within(t, 5*time.Second), WorkSubject("w", Turn), []byte("honest"))
		},
		func() ([]byte, error) {
			return client.Request(within(t, 5*time.Second), ClientSubject("x"), []byte("honest"))
		},
	} {
		if answer, err := ask(); err != nil || string(answer) != "answer" {
			t.Fatalf("%q, %v", answer, err)
		}
		if got := await(t, "request", served); got != "honest" {
			t.Errorf("served %q", got)
		}
	}
	if len(leaked) > 0 {
		t.Errorf("published to %s for a stranger", <-leaked)
	}
	if n := strings.Count(log.String(), "forged reply"); n != 8 {
		t.Errorf("%d forgeries logged, want 8", n)
	}
}

func TestMessagesWithoutReply(t *testing.T) {
	s := startServer(t, ServerOptions{})
	launcher := launcherConn(t, s)
	result := make(chan error, 1)
	answer := func(m Msg) { result <- m.Respond(nil) }
	worker := connect(t, s, RoleWorker, ConnectOptions{})
	subscribe(t, launcher, AllWork, answer)
	subscribe(t, worker, CtlWorkers, answer)
	if err := worker.Publish(WorkSubject("w", Bye), nil); err != nil {
		t.Fatal(err)
	}
	if err := await(t, "message", result); !errors.Is(err, ErrNoReply) {
		t.Errorf("response to a message: %v", err)
	}
	go launcher.Request(within(t, time.Second), CtlWorkers, nil)
	if err := await(t, "request", result); !errors.Is(err, ErrNoReply) {
		t.Errorf("a worker's response: %v", err)
	}
}

func TestConnectReportsEveryAddress(t *testing.T) {
	s, other := startServer(t, ServerOptions{}), startServer(t, ServerOptions{})
	access := readAccess(t, s, RoleWorker)
	good := access.URLs[0]
	access.URLs = []string{"tls://127.0.0.1:1", other.URLs()[0]}
	_, err := Connect(context.Background(), access, ConnectOptions{})
	var failed *ConnectError
	if !errors.As(err, &failed) || len(failed.Failures) != 2 || hint(err) == "" {
		t.Fatalf("got %v", err)
	}
	for _, part := range append(access.URLs, "refused", "certificate", `"test"`) {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%v does not name %s", err, part)
		}
	}
	access.URLs = append(access.URLs, good)
	c, err := Connect(context.Background(), access, ConnectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

func TestConnectEndsWithItsContext(t *testing.T) {
	s := startServer(t, ServerOptions{})
	access := readAccess(t, s, RoleWorker)
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errors.New("enough"))
	if _, err := Connect(ctx, access, ConnectOptions{}); err == nil || !strings.Contains(err.Error(), "enough") {
		t.Errorf("got %v", err)
	}
}
