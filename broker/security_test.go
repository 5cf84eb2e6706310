package broker

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
)

// Strangers try to get in without what the access file gives.
func TestStrangersAreRefused(t *testing.T) {
	s, other := startServer(t, ServerOptions{}), startServer(t, ServerOptions{})
	access, foreign := readAccess(t, s, RoleWorker), readAccess(t, other, RoleWorker)
	mustGrant(t, s, "gone", 1)
	revoked, err := ReadAccess(JobAccess(KeysDir(s.options.Dir), "gone-0"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Revoke("gone-0"); err != nil {
		t.Fatal(err)
	}
	trust, otherTrust := trustOf(t, access), trustOf(t, foreign)
	own, client := identityOf(t, access), identityOf(t, readAccess(t, s, RoleClient))
	public, err := publicKey(access.NKeySeed)
	if err != nil {
		t.Fatal(err)
	}
	wrongly := nats.Nkey(public, func([]byte) ([]byte, error) { return make([]byte, 64), nil })
	unsigned := nats.Nkey(public, func([]byte) ([]byte, error) { return nil, nil })
	old := trust.Clone()
	old.MinVersion, old.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	url := access.URLs[0]
	first := nats.TLSHandshakeFirst()
	for name, c := range map[string]struct {
		options []nats.Option
		want    error // nil: any
	}{
		"anonymous":              {[]nats.Option{nats.Secure(trust), first}, nats.ErrAuthorization},
		"user, password":         {[]nats.Option{nats.Secure(trust), first, nats.UserInfo(account, "")}, nats.ErrAuthorization},
		"job as user":            {[]nats.Option{nats.Secure(trust), first, nats.UserInfo(job, "")}, nats.ErrAuthorization},
		"token":                  {[]nats.Option{nats.Secure(trust), first, nats.Token(public)}, nats.ErrAuthorization},
		"another cluster's key":  {[]nats.Option{nats.Secure(trust), first, identityOf(t, foreign)}, nats.ErrAuthorization},
		"revoked key":            {[]nats.Option{nats.Secure(trust), first, identityOf(t, revoked)}, nats.ErrAuthorization},
		"wrong signature":        {[]nats.Option{nats.Secure(trust), first, wrongly}, nats.ErrAuthorization},
		"no signature":           {[]nats.Option{nats.Secure(trust), first, unsigned}, nats.ErrAuthorization},
		"client without session": {[]nats.Option{nats.Secure(trust), first, client}, nats.ErrAuthorization},
		"session to be guessed":  {[]nats.Option{nats.Secure(trust), first, client, nats.UserInfo("short", "")}, nats.ErrAuthorization},
		"session of everybody":   {[]nats.Option{nats.Secure(trust), first, client, nats.UserInfo("*", "")}, nats.ErrAuthorization},
		"sessions below":         {[]nats.Option{nats.Secure(trust), first, client, nats.UserInfo(strings.Repeat("a", minSession)+".>", "")}, nats.ErrAuthorization},
		"wrong authority":        {[]nats.Option{nats.Secure(otherTrust), first, own}, nats.ErrTLS},
		"system's trust":         {[]nats.Option{nats.Secure(&tls.Config{}), first, own}, nats.ErrTLS},
		"TLS 1.2":                {[]nats.Option{nats.Secure(old), first, own}, nats.ErrTLS},
		"late handshake":         {[]nats.Option{nats.Secure(trust), own}, nil},
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
	for _, good := range [][]nats.Option{{own}, {client, nats.UserInfo(strings.Repeat("a", minSession), "")}} {
		nc, err := nats.Connect(url, append(good, nats.Secure(trust), first)...)
		if err != nil {
			t.Fatal(err)
		}
		nc.Close()
	}
}

func trustOf(t *testing.T, a Access) *tls.Config {
	t.Helper()
	trust, err := clientTLS(a.CAPEM)
	if err != nil {
		t.Fatal(err)
	}
	return trust
}

func identityOf(t *testing.T, a Access) nats.Option {
	t.Helper()
	identity, err := identify(a.NKeySeed)
	if err != nil {
		t.Fatal(err)
	}
	return identity
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
	"work.L-0.p.hello", "work.L-0.p.turn", "work.L-0.p.bye", "work.L-0.q.turn", "work.L-0.p.other", "work.L-0.p", "work.L-0.p.turn.more",
	"work.L-1.p.hello", "work.L-1.p.turn", "work.L-1.p.bye", "work.L.p.turn", "work.L-0.turn",
	"ctl.worker.L-0.p", "ctl.worker.L-1.p", "ctl.worker.L-0", "ctl.workers", "ctl.other",
	"client.submit", "client.a.b", "client", "run.r1.events", "run.r1.other",
	"_INBOX.x", "_INBOX_w.x", "_INBOX_w.L-0.x", "_INBOX_w.L-1.x", "_INBOX_c.x", "_INBOX_c.AAAAAAAAAAAAAAAAAAAAAAAAAA.x", "_INBOX_l.x",
	"$SYS.REQ.SERVER.PING", "$SYS.REQ.ACCOUNT.EWOKS.CONNZ", "$SYS.REQ.USER.INFO",
	"$JS.API.INFO", "$JS.API.STREAM.CREATE.S", "$JS.API.STREAM.PURGE.S", "$JS.API.STREAM.MSG.GET.S", "$JS.API.CONSUMER.CREATE.S",
	"$JS.API.CONSUMER.MSG.NEXT.S.C", "$JS.ACK.S.C.1.1.1.1.1", "$KV.bucket.key", "$O.bucket.C.x", "free",
}

var somePatterns = []string{
	">", "*", "*.>", "work.>", "work.*.*.*", "work.L-0.*.turn", "work.*.*.turn", "ctl.>", "ctl.worker.>", "ctl.worker.*.*", "ctl.worker.*.p",
	"ctl.worker.L-0.*", "ctl.worker.L-0.>", "client.>", "run.>", "run.*.*",
	"_INBOX.>", "_INBOX_w.>", "_INBOX_w.*.>", "_INBOX_w.L-0.>", "_INBOX_w.L-1.>", "_INBOX_c.>", "_INBOX_c.*.*", "_INBOX_l.>",
	"$SYS.>", "$SYS.ACCOUNT.>", "$JS.>", "$JS.EVENT.>", "$KV.>",
}

// Each role may do exactly what is listed here; everything else of the above
// is refused.
func TestPermissions(t *testing.T) {
	for role, allowed := range map[Role]struct{ publish, subscribe []string }{
		RoleWorker: {
			publish: []string{"work.L-0.p.hello", "work.L-0.p.turn", "work.L-0.p.bye", "work.L-0.q.turn"},
			// ctl.worker.L-0.> passes for ctl.worker.L-0.*, see subjects.go.
			subscribe: []string{
				"ctl.worker.L-0.p", "ctl.worker.L-0.*", "ctl.worker.L-0.>", "ctl.workers", "_INBOX_w.L-0.x", "_INBOX_w.L-0.>",
			},
		},
		RoleClient: {
			publish:   []string{"client.submit", "client.a.b"},
			subscribe: []string{"run.r1.events"}, // and its own inbox, see TestClientsHearOnlyTheirOwnReplies
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
				// A queue group must be no way around.
				sub, err := conn.nc.QueueSubscribeSync(subject, "group")
				if err != nil {
					t.Fatal(err)
				}
				if err := conn.flush(); err != nil {
					t.Fatal(err)
				}
				if refused := conn.refusal("Subscription", subject); (refused == nil) != want {
					t.Errorf("queue subscribe %s: allowed %v, got %v", subject, want, refused)
				}
				_ = sub.Unsubscribe()
			}
		})
	}
}

// Clients have one key, but each session its own inbox.
func TestClientsHearOnlyTheirOwnReplies(t *testing.T) {
	s := startServer(t, ServerOptions{})
	echo(t, launcherConn(t, s), AllClient)
	one, two := connect(t, s, RoleClient, ConnectOptions{}), connect(t, s, RoleClient, ConnectOptions{})
	for _, c := range []*Conn{one, two} {
		if answer, err := c.Request(within(t, 5*time.Second), ClientSubject("x"), []byte("hi")); err != nil || string(answer) != "hi" {
			t.Errorf("%q, %v", answer, err)
		}
	}
	own := one.nc.Opts.InboxPrefix
	if own == two.nc.Opts.InboxPrefix {
		t.Fatal("one inbox for two clients")
	}
	if _, err := one.Subscribe(own+".>", func(Msg) {}); err != nil {
		t.Error(err)
	}
	if _, err := two.Subscribe(own+".>", func(Msg) {}); !errors.Is(err, ErrRefused) {
		t.Errorf("another client's inbox: %v", err)
	}
}

// Nobody's message may be larger than the limit, whatever its sender believes.
func TestOversizeIsCutOff(t *testing.T) {
	s := startServer(t, ServerOptions{})
	served := make(chan int, 1)
	subscribe(t, launcherConn(t, s), AllWork, func(m Msg) { served <- len(m.Data) })
	worker := connect(t, s, RoleWorker, ConnectOptions{})
	if err := worker.Publish(WorkSubject(workerName, Turn), make([]byte, MaxMessage+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("publish: %v", err)
	}
	for name, c := range map[string]struct {
		login bool
		line  string
		want  string
	}{
		"stranger":    {false, fmt.Sprintf("PUB %s %d\r\n", WorkSubject(workerName, Turn), MaxMessage+1), "-ERR"},
		"message":     {true, fmt.Sprintf("PUB %s %d\r\n", WorkSubject(workerName, Turn), MaxMessage+1), "Maximum Payload Violation"},
		"subject":     {true, "PUB " + strings.Repeat("x", 64<<10) + " 1\r\n", "maximum control line"},
		"endless CON": {false, "CONNECT " + strings.Repeat("x", 64<<10), "maximum control line"},
	} {
		if answer := s.raw(t, c.login, c.line); !strings.Contains(strings.ToLower(answer), strings.ToLower(c.want)) {
			t.Errorf("%s: %q, want %q", name, answer, c.want)
		}
	}
	if err := worker.Publish(WorkSubject(workerName, Turn), make([]byte, MaxMessage)); err != nil {
		t.Fatal(err)
	}
	if n := await(t, "message of the largest size", served); n != MaxMessage {
		t.Errorf("%d bytes", n)
	}
}

// raw says a line to the server without a client library, and returns what the
// server says until it ends the connection.
func (s *Server) raw(t *testing.T, login bool, line string) string {
	t.Helper()
	access := readAccess(t, s, RoleWorker)
	conn, err := tls.Dial("tcp", strings.TrimPrefix(access.URLs[0], "tls://"), trustOf(t, access))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	in := bufio.NewReader(conn)
	info, err := in.ReadString('\n')
	var hello struct{ Nonce string }
	if err := errors.Join(err, json.Unmarshal([]byte(strings.TrimPrefix(info, "INFO ")), &hello)); err != nil || hello.Nonce == "" {
		t.Fatalf("%s: %v", info, err)
	}
	if login {
		key, err := nkeys.FromSeed(access.NKeySeed)
		if err != nil {
			t.Fatal(err)
		}
		public, _ := key.PublicKey()
		signature, err := key.Sign([]byte(hello.Nonce))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "CONNECT {\"nkey\":%q,\"sig\":%q}\r\nPING\r\n", public, base64.RawURLEncoding.EncodeToString(signature))
		for answer := ""; answer != "PONG\r\n"; {
			if answer, err = in.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
	}
	go io.WriteString(conn, line) // the server does not read all of it
	rest, err := io.ReadAll(in)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		t.Errorf("the connection was kept open after %.20q", line)
	}
	return string(rest)
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
	for _, subject := range []string{CtlWorkers, "free", "_INBOX_c.x", "_INBOX_w.L-1.x"} {
		subscribe(t, launcher, subject, func(m Msg) { leaked <- m.Subject })
	}
	worker, client := connect(t, s, RoleWorker, ConnectOptions{}), connect(t, s, RoleClient, ConnectOptions{})
	for _, reply := range []string{
		CtlWorkers, "free", "_INBOX_c.x", "_INBOX_w", "_INBOX_w.L-0", "_INBOX_w.L-1.x", "_INBOX_w.L-01.x", "_INBOX_w.L-0.>", "_INBOX_w.L-0.*",
	} {
		if err := worker.nc.PublishRequest(WorkSubject(workerName, Turn), reply, []byte("forged "+reply)); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.nc.PublishRequest(ClientSubject("x"), "_INBOX_w.L-0.x", []byte("forged")); err != nil {
		t.Fatal(err)
	}
	for _, ask := range []func() ([]byte, error){
		func() ([]byte, error) {
			return worker.Request(within(t, 5*time.Second), WorkSubject(workerName, Turn), []byte("honest"))
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
	if n := strings.Count(log.String(), "forged reply"); n != 10 {
		t.Errorf("%d forgeries logged, want 10", n)
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
	if err := worker.Publish(WorkSubject(workerName, Bye), nil); err != nil {
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
	log := &journal{}
	_, err := Connect(context.Background(), access, ConnectOptions{Logger: log.logger()})
	var failed *ConnectError
	if !errors.As(err, &failed) || len(failed.Failures) != 2 || hint(err) == "" {
		t.Fatalf("got %v", err)
	}
	for _, part := range append(access.URLs, "refused", "certificate", `"test"`) {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%v does not name %s", err, part)
		}
	}
	dead := strings.Index(log.String(), access.URLs[0])
	if foreign := strings.Index(log.String(), access.URLs[1]); dead < 0 || foreign < dead {
		t.Errorf("the log does not say in order what was tried:\n%s", log)
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
