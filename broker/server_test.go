package broker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestRolesReachTheCoordinator(t *testing.T) {
	s := startServer(t, ServerOptions{})
	launcher := launcherConn(t, s)
	echo(t, launcher, AllWork)
	echo(t, launcher, AllClient)

	worker, client := connect(t, s, RoleWorker, ConnectOptions{}), connect(t, s, RoleClient, ConnectOptions{})
	for _, ask := range []struct {
		conn    *Conn
		subject string
	}{
		{worker, WorkSubject(workerName, Hello)}, {worker, WorkSubject(workerName, Turn)}, {worker, WorkSubject(workerName, Bye)},
		{client, ClientSubject("submit")},
	} {
		answer, err := ask.conn.Request(within(t, 5*time.Second), ask.subject, []byte(ask.subject))
		if err != nil || string(answer) != ask.subject {
			t.Errorf("%s: %q, %v", ask.subject, answer, err)
		}
	}
}

func TestCoordinatorReachesTheRoles(t *testing.T) {
	s := startServer(t, ServerOptions{})
	launcher := launcherConn(t, s)
	worker, client := connect(t, s, RoleWorker, ConnectOptions{}), connect(t, s, RoleClient, ConnectOptions{})
	got := make(chan string, 8)
	note := func(m Msg) { got <- m.Subject }
	subscribe(t, worker, CtlSubject(workerName), note)
	subscribe(t, worker, CtlWorkers, note)
	subscribe(t, client, EventsSubject("r1"), note)
	for _, subject := range []string{CtlSubject(workerName), CtlWorkers, EventsSubject("r1")} {
		if err := launcher.Publish(subject, nil); err != nil {
			t.Fatal(err)
		}
		if arrived := await(t, subject, got); arrived != subject {
			t.Errorf("got %s, want %s", arrived, subject)
		}
	}
}

func TestUnsubscribe(t *testing.T) {
	s := startServer(t, ServerOptions{})
	launcher := launcherConn(t, s)
	unsubscribe, err := launcher.Subscribe(AllWork, func(m Msg) { m.Respond(nil) })
	if err != nil {
		t.Fatal(err)
	}
	worker := connect(t, s, RoleWorker, ConnectOptions{})
	if _, err := worker.Request(within(t, 5*time.Second), WorkSubject(workerName, Hello), nil); err != nil {
		t.Fatal(err)
	}
	unsubscribe()
	if err := launcher.nc.Flush(); err != nil {
		t.Fatal(err)
	}
	if _, err := worker.Request(within(t, 5*time.Second), WorkSubject(workerName, Hello), nil); !errors.Is(err, ErrNoCoordinator) {
		t.Errorf("after unsubscribe: %v", err)
	}
}

func TestStateIsPrivateAndKept(t *testing.T) {
	dir := stateDir(t)
	s := startServer(t, ServerOptions{Dir: dir})
	port, id, first := s.Port(), s.ClusterID(), readAccess(t, s, RoleWorker)
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 4 {
		t.Errorf("%d files in the state folder, want 4 (%v)", len(entries), err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || !e.IsDir() && info.Mode().Perm() != 0o600 || e.IsDir() && info.Mode().Perm() != 0o700 {
			t.Errorf("%s: mode %v, %v", e.Name(), info.Mode(), err)
		}
	}
	if first.URLs[0] != "tls://127.0.0.1:"+strconv.Itoa(port) || first.Launcher.PID != os.Getpid() || first.Name != "test" {
		t.Errorf("access %+v", first)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	again := startServer(t, ServerOptions{Dir: dir})
	second := readAccess(t, again, RoleWorker)
	if again.Port() != port || again.ClusterID() != id || !bytes.Equal(second.NKeySeed, first.NKeySeed) || second.CAPEM != first.CAPEM {
		t.Error("port, id, key or authority changed over a restart")
	}
}

func TestPortIsFreeAfterClose(t *testing.T) {
	s := startServer(t, ServerOptions{})
	connect(t, s, RoleWorker, ConnectOptions{})
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port()))
	if l, err := net.Listen("tcp", address); err == nil {
		l.Close()
		t.Fatal("port free while the server runs")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}

func TestSecondServerIsRefused(t *testing.T) {
	s := startServer(t, ServerOptions{})
	_, err := Start(ServerOptions{Name: "second", Dir: s.options.Dir})
	host, _ := os.Hostname()
	if err == nil || !strings.Contains(err.Error(), host) || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) || hint(err) == "" {
		t.Fatalf("got %v, hint %q", err, hint(err))
	}
	connect(t, s, RoleWorker, ConnectOptions{}) // the first is unharmed
}

func TestStartRefuses(t *testing.T) {
	open := stateDir(t)
	if err := os.Chmod(open, 0o750); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	damaged := stateDir(t)
	if err := os.WriteFile(filepath.Join(damaged, "broker.json"), []byte(`{"version":1,"cluster_id":"x"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		options ServerOptions
		want    string
	}{
		"no name":      {ServerOptions{Dir: stateDir(t)}, "name"},
		"open folder":  {ServerOptions{Name: "x", Dir: open}, "0750"},
		"taken port":   {ServerOptions{Name: "x", Dir: stateDir(t), Port: taken.Addr().(*net.TCPAddr).Port}, "taken"},
		"bad port":     {ServerOptions{Name: "x", Dir: stateDir(t), Port: 70000}, "70000"},
		"host of port": {ServerOptions{Name: "x", Dir: stateDir(t), Advertise: []string{"node:4222"}}, "node:4222"},
		"other's host": {ServerOptions{Name: "x", Dir: stateDir(t), Bind: []string{"192.0.2.1"}}, "192.0.2.1"},
		"damaged keys": {ServerOptions{Name: "x", Dir: damaged}, "authority"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Start(c.options)
			if err == nil {
				s.Close()
				t.Fatal("started")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want it to name %q", err, c.want)
			}
		})
	}
}

// A further address is served through the relay: same port, same certificate,
// and gone with the server.
func TestSeveralAddresses(t *testing.T) {
	s := startServer(t, ServerOptions{Bind: []string{"127.0.0.1", "127.0.0.2", "127.0.0.1"}, Advertise: []string{"127.0.0.2"}})
	echo(t, launcherConn(t, s), AllWork)
	lost := make(chan error, 1)
	worker := connect(t, s, RoleWorker, ConnectOptions{OnDisconnect: func(err error) { lost <- err }})
	if url := worker.nc.ConnectedUrl(); !strings.Contains(url, "127.0.0.2") {
		t.Fatalf("connected to %s", url)
	}
	big := make([]byte, 3<<20)
	answer, err := worker.Request(within(t, 10*time.Second), WorkSubject(workerName, Turn), big)
	if err != nil || len(answer) != len(big) {
		t.Fatalf("%d bytes, %v", len(answer), err)
	}
	s.Close()
	await(t, "disconnect", lost)
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.2", strconv.Itoa(s.Port())))
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}

func TestWildcardIsAdvertisedByName(t *testing.T) {
	hosts, err := DefaultAdvertise()
	if err != nil {
		t.Fatal(err)
	}
	if len(hosts) == 0 {
		t.Skip("this machine has no name and no address")
	}
	s := startServer(t, ServerOptions{Bind: []string{"127.0.0.1", "0.0.0.0"}})
	if len(s.URLs()) != len(hosts) {
		t.Errorf("urls %v for %v", s.URLs(), hosts)
	}
	connect(t, s, RoleClient, ConnectOptions{})
}

func TestNoSecretIsLogged(t *testing.T) {
	log := &journal{}
	s := startServer(t, ServerOptions{Logger: log.logger()})
	worker := connect(t, s, RoleWorker, ConnectOptions{Logger: log.logger()})
	worker.nc.Publish("run.x.events", nil) // refused, and logged
	worker.nc.Flush()
	access := readAccess(t, s, RoleWorker)
	log.logger().Info("access", "access", access, "state", s.state)
	slog.New(slog.NewJSONHandler(log, nil)).Info("access", "access", access, "seed", access.NKeySeed)
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%10.3s"} {
		fmt.Fprintf(log, format, access)
		fmt.Fprintf(log, format, access.NKeySeed)
	}
	secrets := []Secret{s.launcherSeed, s.systemSeed, access.NKeySeed, readAccess(t, s, RoleClient).NKeySeed}
	s.Close()
	text := log.String()
	if !strings.Contains(text, "run.x.events") || !strings.Contains(text, placeholder) {
		t.Error("the log misses what should be in it")
	}
	for _, secret := range secrets {
		for _, shown := range []string{string(secret), fmt.Sprintf("%x", []byte(secret)), fmt.Sprint([]byte(secret))} {
			if strings.Contains(text, shown) {
				t.Error("a key is in the log")
			}
		}
	}
	for _, secret := range []Secret{s.state.ClientSeed, s.state.CAKeyPEM} {
		if strings.Trim(string(secret), "\x00") != "" {
			t.Error("a key that is not needed is still in memory")
		}
	}
}

func hint(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

func TestConnAfterCloseFails(t *testing.T) {
	s := startServer(t, ServerOptions{})
	c := launcherConn(t, s)
	s.Close()
	if _, err := s.Conn("late"); err == nil {
		t.Error("connected to a closed server")
	}
	if c.Connected() {
		t.Error("the launcher's connection outlived the server")
	}
	if _, err := c.Request(context.Background(), CtlWorkers, nil); !errors.Is(err, ErrDisconnected) {
		t.Errorf("request: %v", err)
	}
}
