package app

import (
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
)

// A launcher that is started again has the page on the same port, unless others have it now.
func TestPagePort(t *testing.T) {
	c := &Cluster{o: ClusterOptions{StateDir: t.TempDir()}}
	path := filepath.Join(c.o.StateDir, pagePortFile)
	start := func() *dashboard.Server {
		s, err := c.startServer(dashboard.ServerOptions{Handler: http.NotFoundHandler(), Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		if readPort(path) != s.Port() {
			t.Errorf("port %d is remembered, not %d", readPort(path), s.Port())
		}
		return s
	}
	first := start()
	port := first.Port()
	if err := first.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := start()
	if second.Port() != port {
		t.Errorf("port %d, then %d", port, second.Port())
	}
	if err := second.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	other, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err == nil { // else somebody else has the port, which is as good
		defer other.Close()
	}
	third := start()
	defer third.Stop(t.Context())
	if third.Port() == port {
		t.Error("two have the same port")
	}
}

func TestReadPort(t *testing.T) {
	path := filepath.Join(t.TempDir(), pagePortFile)
	for text, want := range map[string]int{"": 0, "x": 0, "-1": 0, "80": 0, "70000": 0, "40123\n": 40123} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := readPort(path); got != want {
			t.Errorf("%q: %d", text, got)
		}
	}
	if got := readPort(path + "x"); got != 0 {
		t.Errorf("no file: %d", got)
	}
}
