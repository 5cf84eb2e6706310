package broker

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// dialJob connects as a worker of a job.
func dialJob(t testing.TB, s *Server, job string, options ConnectOptions) *Conn {
	t.Helper()
	access, err := ReadAccess(JobAccess(KeysDir(s.options.Dir), job))
	if err != nil {
		t.Fatal(err)
	}
	c, err := Connect(within(t, 20*time.Second), access, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func mustGrant(t testing.TB, s *Server, launch string, count int) {
	t.Helper()
	if err := s.Grant(launch, count); err != nil {
		t.Fatal(err)
	}
}

func TestEachJobHasItsKey(t *testing.T) {
	s := startServer(t, ServerOptions{})
	mustGrant(t, s, "a", 3)
	mustGrant(t, s, "b", 1)
	if got, want := s.Jobs(), []string{"a-0", "a-1", "a-2", "b-0"}; !slices.Equal(got, want) {
		t.Errorf("jobs %v, want %v", got, want)
	}
	var seeds [][]byte
	for _, job := range s.Jobs() {
		path := JobAccess(KeysDir(s.options.Dir), job)
		if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", path, info, err)
		}
		a, err := ReadAccess(path)
		if err != nil || a.Job != job || a.Role != RoleWorker {
			t.Fatalf("%s: role %s, job %q, %v", path, a.Role, a.Job, err)
		}
		if slices.ContainsFunc(seeds, func(b []byte) bool { return bytes.Equal(a.NKeySeed, b) }) {
			t.Errorf("%s has the key of another job", job)
		}
		seeds = append(seeds, a.NKeySeed)
	}
	if err := s.Grant("b", 2); err == nil || !strings.Contains(err.Error(), "b-0") {
		t.Errorf("granted twice: %v", err)
	}
}

func TestGrantIsAllOrNothing(t *testing.T) {
	s := startServer(t, ServerOptions{})
	mustGrant(t, s, "old", 1)
	if err := os.WriteFile(JobAccess(KeysDir(s.options.Dir), "new-2"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Grant("new", 4); err == nil || !strings.Contains(err.Error(), "new-2") {
		t.Errorf("granted: %v", err)
	}
	for _, launch := range []string{"a.b", "*", ">", "../x", strings.Repeat("x", maxToken)} {
		if err := s.Grant(launch, 1); err == nil {
			t.Errorf("granted to %q", launch)
		}
	}
	entries, err := os.ReadDir(KeysDir(s.options.Dir))
	if err != nil || len(entries) != 2 || !slices.Equal(s.Jobs(), []string{"old-0"}) {
		t.Errorf("files %v, jobs %v, %v", entries, s.Jobs(), err)
	}
}

// A revoked key is good for nothing: its connection ends, does not come back, and
// no other gets in. Other jobs of the same launch notice nothing.
func TestRevoke(t *testing.T) {
	s := startServer(t, ServerOptions{})
	echo(t, launcherConn(t, s), AllWork)
	mustGrant(t, s, "a", 2)
	access, err := ReadAccess(JobAccess(KeysDir(s.options.Dir), "a-0"))
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan error, 1)
	first := dialJob(t, s, "a-0", ConnectOptions{OnClosed: func(err error) { closed <- err }})
	var disturbed atomic.Bool
	other := dialJob(t, s, "a-1", ConnectOptions{OnDisconnect: func(error) { disturbed.Store(true) }})
	if err := s.Revoke("a-0", "unknown"); err != nil {
		t.Fatal(err)
	}
	if err := await(t, "end of the connection", closed); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("ended for %v", err)
	}
	if _, err := first.Request(context.Background(), WorkSubject("a-0.p", Turn), nil); !errors.Is(err, ErrDisconnected) {
		t.Errorf("request: %v", err)
	}
	if _, err := Connect(within(t, 20*time.Second), access, ConnectOptions{}); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("connect: %v", err)
	}
	if _, err := os.Stat(JobAccess(KeysDir(s.options.Dir), "a-0")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("access file: %v", err)
	}
	if _, err := other.Request(within(t, 5*time.Second), WorkSubject("a-1.p", Turn), nil); err != nil || disturbed.Load() {
		t.Errorf("the other job was disturbed: %v", err)
	}
}

// The keys are those of the state folder: a launcher that comes back knows them,
// and does not know those that were revoked.
func TestKeysSurviveARestart(t *testing.T) {
	dir := stateDir(t)
	s := startServer(t, ServerOptions{Dir: dir})
	mustGrant(t, s, "a", 2)
	revoked, err := ReadAccess(JobAccess(KeysDir(dir), "a-1"))
	if err != nil {
		t.Fatal(err)
	}
	back := make(chan string, 1)
	worker := dialJob(t, s, "a-0", ConnectOptions{OnReconnect: func(url string) { back <- url }})
	if err := s.Revoke("a-1"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	for name, text := range map[string]string{"a-7.json": "no JSON", "a-8.json": "", ".x": "", "a b.json": "{}"} {
		if err := os.WriteFile(filepath.Join(KeysDir(dir), name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log := &journal{}
	again := startServer(t, ServerOptions{Dir: dir, Logger: log.logger()})
	echo(t, launcherConn(t, again), AllWork)
	await(t, "reconnect", back)
	if _, err := worker.Request(within(t, 5*time.Second), WorkSubject("a-0.p", Turn), nil); err != nil {
		t.Error(err)
	}
	if !slices.Equal(again.Jobs(), []string{"a-0"}) || strings.Count(log.String(), "not valid any more") != 2 {
		t.Errorf("jobs %v\n%s", again.Jobs(), log)
	}
	if _, err := Connect(within(t, 20*time.Second), revoked, ConnectOptions{}); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("a revoked key works after a restart: %v", err)
	}
}

// Jobs that still wait in the queue must find a launcher that moved.
func TestAccessFilesFollowTheAddresses(t *testing.T) {
	dir := stateDir(t)
	s := startServer(t, ServerOptions{Dir: dir})
	before := readAccess(t, s, RoleWorker)
	s.Close()
	again := startServer(t, ServerOptions{Dir: dir, Advertise: []string{"127.0.0.1", "localhost"}})
	after := readAccess(t, again, RoleWorker)
	if !slices.Equal(after.URLs, again.URLs()) || len(after.URLs) != 2 || !bytes.Equal(before.NKeySeed, after.NKeySeed) {
		t.Errorf("urls %v, want %v, with the same key", after.URLs, again.URLs())
	}
	dialJob(t, again, job, ConnectOptions{})
}

// A key of another cluster's folder is no key of this one.
func TestForeignKeyFile(t *testing.T) {
	s, other := startServer(t, ServerOptions{}), startServer(t, ServerOptions{})
	mustGrant(t, other, "a", 1)
	mustGrant(t, s, "b", 1)
	for from, to := range map[string]string{
		JobAccess(KeysDir(other.options.Dir), "a-0"): "a-0", // another cluster's
		JobAccess(KeysDir(s.options.Dir), "b-0"):     "b-1", // another job's
		ClientAccess(s.options.Dir):                  "c-0", // another role's
	} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(JobAccess(KeysDir(s.options.Dir), to), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	again := startServer(t, ServerOptions{Dir: s.options.Dir})
	if !slices.Equal(again.Jobs(), []string{"b-0"}) {
		t.Errorf("jobs %v", again.Jobs())
	}
}

// What a launch of 1000 jobs costs.
func BenchmarkGrantAndRevoke1000(b *testing.B) {
	s := startServer(b, ServerOptions{})
	for b.Loop() {
		mustGrant(b, s, "a", 1000)
		if err := s.Revoke(s.Jobs()...); err != nil {
			b.Fatal(err)
		}
	}
}
