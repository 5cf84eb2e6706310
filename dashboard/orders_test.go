package dashboard

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

func body(text string) func(*http.Request) {
	return func(r *http.Request) {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
	}
}

const pause = `{"verb":"pause","kind":"run","name":"run-0019"}`

// as is a browser with our page open.
func (s *site) as(role role, more ...func(*http.Request)) []func(*http.Request) {
	return append([]func(*http.Request){
		header("Cookie", "ewoks-hpc-"+s.port+"="+s.h.session(role)), header("Content-Type", "application/json"),
		header("X-Order-Token", s.h.orderToken()), header("Sec-Fetch-Site", "same-origin"), header("Origin", "http://"+s.addr), body(pause),
	}, more...)
}

func TestOnlyOurOwnPageGivesOrders(t *testing.T) {
	l := newLoad(2, 0, 10)
	s := serveLoad(t, l)
	without := func(name string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Del(name) }
	}
	for name, test := range map[string]struct {
		as   role
		more func(*http.Request)
		code int
	}{
		"nobody":             {operator, without("Cookie"), 401},
		"reader":             {reader, unchanged, 403},
		"no order token":     {operator, without("X-Order-Token"), 403},
		"wrong order token":  {operator, header("X-Order-Token", s.h.session(operator)), 403},
		"token of the link":  {operator, header("X-Order-Token", token), 403},
		"a form":             {operator, header("Content-Type", "application/x-www-form-urlencoded"), 415},
		"a form's text":      {operator, header("Content-Type", "text/plain"), 415},
		"another site":       {operator, header("Sec-Fetch-Site", "cross-site"), 403},
		"another port":       {operator, header("Sec-Fetch-Site", "same-site"), 403},
		"another origin":     {operator, header("Origin", "http://evil.example"), 403},
		"a hidden origin":    {operator, header("Origin", "null"), 403},
		"a rebound name":     {operator, func(r *http.Request) { r.Host = "evil.example:" + s.port }, 421},
		"reader with bearer": {reader, header("Authorization", "Bearer "+s.h.readToken()), 403},
	} {
		if got := s.do("POST", "/api/orders", s.as(test.as, test.more)...); got.StatusCode != test.code {
			t.Errorf("%s: %s %s", name, got.Status, got.body)
		}
	}
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		if got := s.do(method, "/api/orders", s.as(operator)...); got.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("%s: %s", method, got.Status)
		}
	}
	if len(l.orders) > 0 {
		t.Fatalf("orders were carried out: %v", l.orders)
	}
	got := s.do("POST", "/api/orders", s.as(operator)...)
	if got.StatusCode != http.StatusOK || !strings.Contains(got.body, `"changed":true`) {
		t.Errorf("%s %s", got.Status, got.body)
	}
	got = s.do("POST", "/api/orders", s.as(operator, without("Cookie"), header("Authorization", "Bearer "+token), without("Origin"), without("Sec-Fetch-Site"))...)
	if got.StatusCode != http.StatusOK || len(l.orders) != 2 || l.orders[0] != (Order{Pause, OfRun, "run-0019"}) {
		t.Errorf("a program: %s %s %v", got.Status, got.body, l.orders)
	}
}

func unchanged(*http.Request) {}

func TestOrdersThatMakeNoSense(t *testing.T) {
	l := newLoad(2, 0, 10)
	s := serveLoad(t, l)
	for _, text := range []string{
		``, `{`, `[]`, `null`, `{"verb":"pause"}`, `{"verb":"retry","kind":"run","name":"r"}`, `{"verb":"cancel","kind":"cluster"}`,
		`{"verb":"pause","kind":"run"}`, `{"verb":"pause","kind":"cluster","name":"x"}`, `{"verb":"pause","kind":"run","name":"r","all":true}`,
		pause + pause, `{"verb":"pause","kind":"run","name":"` + strings.Repeat("x", 300) + `"}`, `{"verb":"pause","kind":"run","name":"` + strings.Repeat("x", 1<<20) + `"}`,
	} {
		got := s.do("POST", "/api/orders", s.as(operator, body(text))...)
		if got.StatusCode != http.StatusBadRequest || !strings.Contains(got.body, `"error"`) {
			t.Errorf("%.60s: %s %s", text, got.Status, got.body)
		}
	}
	if len(l.orders) > 0 {
		t.Errorf("orders were carried out: %v", l.orders)
	}
	got := s.do("POST", "/api/orders", s.as(operator, body(`{"verb":"cancel","kind":"run","name":"run-0000"}`))...)
	var f failure
	if json.Unmarshal([]byte(got.body), &f); got.StatusCode != http.StatusConflict || f != (failure{"run run-0000 is over", "take one that goes on"}) {
		t.Errorf("%s %s", got.Status, got.body)
	}
}

// The read-only link shows all and changes nothing, and the other token does not follow from it.
func TestReadOnlyLink(t *testing.T) {
	s := serveLoad(t, newLoad(2, 0, 10))
	got := s.do("GET", strings.TrimPrefix(s.h.ReadOnlyLink(s.addr), "http://"+s.addr))
	if got.StatusCode != http.StatusSeeOther || len(got.Cookies()) != 1 {
		t.Fatalf("%s", got.Status)
	}
	mine := header("Cookie", got.Cookies()[0].Name+"="+got.Cookies()[0].Value)
	for _, path := range []string{"/", "/plain", "/api/overview", "/api/session", "/api/attempts", "/metrics", "/api/log?kind=launcher", "/api/runs/run-0019", "/api/campaigns/night-42", "/api/campaigns/night-42/rows/3"} {
		shown := s.do("GET", path, mine)
		if shown.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", path, shown.Status)
		}
		for name, secret := range map[string]string{
			"token": token, "order token": s.h.orderToken(), "operator's session": s.h.session(operator), "read token": s.h.readToken(),
		} {
			if strings.Contains(shown.body, secret) {
				t.Errorf("%s tells a reader the %s", path, name)
			}
		}
	}
	if text := s.see("/api/session"); !strings.Contains(text, s.h.orderToken()) || !strings.Contains(text, s.h.readToken()) || strings.Contains(text, `"`+token+`"`) {
		t.Errorf("an operator's session: %s", text)
	}
}
