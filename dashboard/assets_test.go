package dashboard

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestAssetsAreKeptAndCompressed(t *testing.T) {
	s := serve(t, Overview{})
	plain := s.do("GET", "/static/style.css", header("Accept-Encoding", "identity"))
	tag := plain.Header.Get("ETag")
	if tag == "" || plain.Header.Get("Content-Encoding") != "" || plain.Header.Get("Cache-Control") != "no-cache" {
		t.Fatalf("%v", plain.Header)
	}
	zipped := s.do("GET", "/static/style.css", header("Accept-Encoding", "br, gzip"))
	reader, err := gzip.NewReader(strings.NewReader(zipped.body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(reader)
	if err != nil || string(text) != plain.body || len(zipped.body) >= len(plain.body) {
		t.Errorf("%d bytes, %d compressed, %v", len(text), len(zipped.body), err)
	}
	if same := s.do("GET", "/static/style.css", header("If-None-Match", tag)); same.StatusCode != http.StatusNotModified || same.body != "" {
		t.Errorf("%s", same.Status)
	}
}

// The page with scripts is served if it was built in, the plain one otherwise; both
// to those with the token only.
func TestShell(t *testing.T) {
	s := serve(t, Overview{Cluster: "beamline"})
	home := s.see("/")
	if s.h.shell == nil {
		wants(t, home, "beamline")
		s.h.shell = &asset{kind: kinds[".html"], tag: `"x"`, body: []byte(`<script src="/static/dist/page.js"></script>`), zipped: func() []byte { return nil }}
		home = s.do("GET", "/", header("Authorization", "Bearer "+token), header("Accept-Encoding", "identity")).body
	}
	wants(t, home, `src="/static/dist/page.js"`)
	if got := s.do("GET", "/"); got.StatusCode != http.StatusUnauthorized || strings.Contains(got.body, "page.js") {
		t.Errorf("without the token: %s", got.Status)
	}
	wants(t, s.see("/plain"), "beamline")
}
