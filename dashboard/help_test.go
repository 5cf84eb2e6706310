package dashboard

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "open-sesame"

type fixed struct{ o Overview }

func (f fixed) Overview() Overview { return f.o }

// site is a dashboard on a real port.
type site struct {
	t    *testing.T
	h    *Handler
	addr string
	port string
}

func serve(t *testing.T, o Overview) *site {
	return serveOptions(t, Options{Source: fixed{o}, Token: token})
}

func serveLoad(t *testing.T, l *load) *site { return serveOptions(t, l.options()) }

func serveOptions(t *testing.T, o Options) *site {
	h := New(o)
	s := NewServer(ServerOptions{Handler: h})
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	_, port := splitHost(s.Addr())
	return &site{t: t, h: h, addr: s.Addr(), port: port}
}

type reply struct {
	*http.Response
	body string
}

// do sends one request and follows no redirect.
func (s *site) do(method, path string, change ...func(*http.Request)) reply {
	s.t.Helper()
	r, err := http.NewRequest(method, "http://"+s.addr+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, c := range change {
		c(r)
	}
	got, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return reply{got, string(body)}
}

// see gets a path as somebody with the token does.
func (s *site) see(path string) string {
	s.t.Helper()
	got := s.do("GET", path, header("Authorization", "Bearer "+token))
	if got.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %s: %s", path, got.Status, got.body)
	}
	return got.body
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func wants(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q is missing", p)
		}
	}
}
