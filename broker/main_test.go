package broker

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stateDir is a folder as the launcher makes it.
func stateDir(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func startServer(t testing.TB, options ServerOptions) *Server {
	t.Helper()
	if options.Name == "" {
		options.Name = "test"
	}
	if options.Dir == "" {
		options.Dir = stateDir(t)
	}
	s, err := Start(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func readAccess(t testing.TB, s *Server, role Role) Access {
	t.Helper()
	path := ClientAccess(s.options.Dir)
	if role == RoleWorker {
		path = grant(t, s)
	}
	a, err := ReadAccess(path)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// The launch that tests work for, its only job, and a worker of it.
const (
	launch     = "L"
	job        = "L-0"
	workerName = "L-0.p"
)

// grant makes the key of the job, unless it has one, and returns its access file.
func grant(t testing.TB, s *Server) string {
	t.Helper()
	if !slices.Contains(s.Jobs(), job) {
		if err := s.Grant(launch, 1); err != nil {
			t.Fatal(err)
		}
	}
	return JobAccess(KeysDir(s.options.Dir), job)
}

func connect(t testing.TB, s *Server, role Role, options ConnectOptions) *Conn {
	t.Helper()
	if options.Name == "" {
		options.Name = "test " + string(role)
	}
	c, err := Connect(context.Background(), readAccess(t, s, role), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func launcherConn(t testing.TB, s *Server) *Conn {
	t.Helper()
	c, err := s.Conn("coordinator")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func subscribe(t testing.TB, c *Conn, subject string, handler func(Msg)) {
	t.Helper()
	if _, err := c.Subscribe(subject, handler); err != nil {
		t.Fatal(err)
	}
}

// echo answers every request on the subject with its own data.
func echo(t testing.TB, c *Conn, subject string) {
	t.Helper()
	subscribe(t, c, subject, func(m Msg) {
		if err := m.Respond(m.Data); err != nil {
			t.Error(err)
		}
	})
}

func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// await waits for a value from a channel.
func await[T any](t testing.TB, what string, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(20 * time.Second):
		t.Fatalf("no %s within 20 s", what)
		panic("unreachable")
	}
}

// journal is a log that tests can search.
type journal struct {
	mu   sync.Mutex
	text []byte
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.text = append(j.text, p...)
	return len(p), nil
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return string(j.text)
}

func (j *journal) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
