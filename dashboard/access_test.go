package dashboard

import (
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestWithoutTheTokenNothingIsShown(t *testing.T) {
	s := serve(t, Overview{Cluster: "secret-cluster"})
	other := New(Options{Source: fixed{}, Token: "another"})
	cookie := func(value string) func(*http.Request) { return header("Cookie", "ewoks-hpc-"+s.port+"="+value) }
	for name, change := range map[string]func(*http.Request){
		"nothing":             func(*http.Request) {},
		"empty cookie":        cookie(""),
		"token as cookie":     cookie(token),
		"cookie of another":   cookie(other.session(operator)),
		"cookie of a port":    header("Cookie", "ewoks-hpc-1="+s.h.session(operator)),
		"wrong bearer":        header("Authorization", "Bearer "+token+"x"),
		"empty bearer":        header("Authorization", "Bearer "),
		"session as bearer":   header("Authorization", "Bearer "+s.h.session(operator)),
		"token as password":   func(r *http.Request) { r.SetBasicAuth("", token) },
		"wrong bearer, right": func(r *http.Request) { header("Authorization", "Bearer x")(r); cookie(s.h.session(operator))(r) },
	} {
		for _, path := range []string{"/", "/plain", "/api/overview", "/api/runs/r", "/api/campaigns/c", "/api/campaigns/c/rows/0", "/api/attempts", "/api/activity", "/api/events", "/api/session", "/api/log", "/metrics"} {
			got := s.do("GET", path, change)
			if got.StatusCode != http.StatusUnauthorized || strings.Contains(got.body, "secret-cluster") {
				t.Errorf("%s, %s: %s", name, path, got.Status)
			}
		}
	}
	for _, wrong := range []string{"", "x", token + "x", token[1:], "%00", s.h.session(operator)} {
		got := s.do("GET", "/?token="+wrong)
		if got.StatusCode != http.StatusUnauthorized || got.Header.Get("Set-Cookie") != "" {
			t.Errorf("token %q: %s", wrong, got.Status)
		}
	}
	if got := s.do("GET", "/api/overview?token="+token); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("a token in an address that stays: %s", got.Status)
	}
}

func TestLinkBecomesCookie(t *testing.T) {
	s := serve(t, Overview{Cluster: "beamline"})
	got := s.do("GET", strings.TrimPrefix(s.h.Link(s.addr), "http://"+s.addr))
	if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != "/" {
		t.Fatalf("%s to %q", got.Status, got.Header.Get("Location"))
	}
	c := got.Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || strings.Contains(c.Raw, token) {
		t.Errorf("cookie: %s", c.Raw)
	}
	if strings.Contains(got.body, token) {
		t.Error("the token is in the redirect")
	}

	jar, _ := cookiejar.New(nil)
	client := &http.Client{Jar: jar}
	r, err := client.Get(s.h.Link(s.addr))
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != http.StatusOK || r.Request.URL.RawQuery != "" {
		t.Errorf("a browser ends at %s with %s", r.Request.URL, r.Status)
	}
}

func TestTokenIsMadeWhenThereIsNone(t *testing.T) {
	a, b := New(Options{Source: fixed{}}), New(Options{Source: fixed{}})
	if len(a.token) < 26 || a.token == b.token {
		t.Errorf("tokens %q and %q", a.token, b.token)
	}
}

func TestHost(t *testing.T) {
	s := serve(t, Overview{})
	for host, want := range map[string]int{
		"127.0.0.1:" + s.port:              http.StatusOK,
		"localhost:" + s.port:              http.StatusOK,
		"LocalHost:" + s.port:              http.StatusOK,
		"[::1]:" + s.port:                  http.StatusOK,
		"localhost":                        http.StatusMisdirectedRequest,
		"127.0.0.1:1":                      http.StatusMisdirectedRequest,
		"localhost.:" + s.port:             http.StatusMisdirectedRequest,
		"127.0.0.2:" + s.port:              http.StatusMisdirectedRequest,
		"evil.example:" + s.port:           http.StatusMisdirectedRequest,
		"localhost.evil.example:" + s.port: http.StatusMisdirectedRequest,
		"evil.example:80:" + s.port:        http.StatusMisdirectedRequest,
	} {
		for _, path := range []string{"/", "/healthz", "/api/overview", "/static/style.css", "/?token=" + token} {
			got := s.do("GET", path, header("Authorization", "Bearer "+token), func(r *http.Request) { r.Host = host })
			allowed := want
			if want == http.StatusOK && strings.Contains(path, "token") {
				allowed = http.StatusSeeOther
			}
			if got.StatusCode != allowed {
				t.Errorf("%s of %s: %s, want %d", path, host, got.Status, allowed)
			}
		}
	}
}

func TestNoConnectionNoAnswer(t *testing.T) {
	w := httptest.NewRecorder()
	New(Options{Source: fixed{}, Token: token}).ServeHTTP(w, httptest.NewRequest("GET", "http://127.0.0.1/healthz", nil))
	if w.Code != http.StatusMisdirectedRequest {
		t.Errorf("status %d", w.Code)
	}
}

func TestMethodsAndHeaders(t *testing.T) {
	s := serve(t, Overview{})
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"} {
		for _, path := range []string{"/", "/plain", "/api/overview", "/api/events", "/metrics", "/healthz", "/static/style.css", "/nowhere"} {
			got := s.do(method, path, header("Authorization", "Bearer "+token))
			if got.StatusCode != http.StatusMethodNotAllowed || got.Header.Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %s", method, path, got.Status)
			}
		}
	}
	for path, kind := range map[string]string{
		"/": "text/html; charset=utf-8", "/api/overview": "application/json", "/healthz": "text/plain; charset=utf-8",
		"/static/style.css": "text/css; charset=utf-8", "/static/refresh.js": "text/javascript; charset=utf-8",
		"/static/icon.svg": "image/svg+xml", "/nowhere": "", "/static/": "", "/static/page.html": "", "/?token=x": "",
	} {
		for _, method := range []string{"GET", "HEAD"} {
			got := s.do(method, path, header("Authorization", "Bearer "+token))
			if kind != "" && (got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != kind) {
				t.Errorf("%s %s: %s, %s", method, path, got.Status, got.Header.Get("Content-Type"))
			}
			if kind == "" && got.StatusCode < 400 {
				t.Errorf("%s %s: %s", method, path, got.Status)
			}
			if (got.body == "") != (method == "HEAD") {
				t.Errorf("%s %s: a body of %d bytes", method, path, len(got.body))
			}
			for name, value := range map[string]string{
				"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			} {
				if got.Header.Get(name) != value {
					t.Errorf("%s %s: %s is %q", method, path, name, got.Header.Get(name))
				}
			}
			csp := got.Header.Get("Content-Security-Policy")
			wants(t, csp, "default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'")
			if strings.Contains(csp, "unsafe") {
				t.Errorf("policy: %s", csp)
			}
		}
	}
}
