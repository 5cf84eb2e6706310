package dashboard

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func TestAttemptsAreSelected(t *testing.T) {
	s := serveLoad(t, newLoad(10, 0, 25_000))
	ask := func(query string) (a attemptsAnswer) {
		if err := json.Unmarshal([]byte(s.see("/api/attempts?"+query)), &a); err != nil {
			t.Fatal(err)
		}
		return a
	}
	a := ask("")
	if len(a.Attempts) != someAttempts || a.Newest != 25_000 || a.LeftOut != kept-someAttempts {
		t.Errorf("%d attempts, newest %d, %d left out", len(a.Attempts), a.Newest, a.LeftOut)
	}
	for i, x := range a.Attempts {
		if x.Position != uint64(25_000-someAttempts+1+i) || x.Task != x.Position-1 {
			t.Fatalf("attempt %d has position %d and task %d", i, x.Position, x.Task)
		}
	}
	if a = ask("after=24990"); len(a.Attempts) != 10 || a.LeftOut != 0 {
		t.Errorf("%d attempts after 24990", len(a.Attempts))
	}
	for query, fits := range map[string]func(attempt) bool{
		"status=failed":       func(x attempt) bool { return x.Status == "failed" && x.Failure.Message != "" },
		"node=n3&most=20":     func(x attempt) bool { return x.Node == "n3" },
		"run=run-0017":        func(x attempt) bool { return x.Run == "run-0017" },
		"campaign=night-42":   func(x attempt) bool { return x.Campaign == "night-42" },
		"worker=" + worker7(): func(x attempt) bool { return x.Worker == worker7() },
	} {
		a := ask(query)
		if len(a.Attempts) == 0 {
			t.Errorf("%s: none", query)
		}
		for _, x := range a.Attempts {
			if !fits(x) {
				t.Errorf("%s: %+v", query, x)
			}
		}
	}
	if a := ask("run=nobody"); a.Attempts == nil || len(a.Attempts) != 0 {
		t.Errorf("run=nobody: %v", a)
	}
}

func worker7() string { return workerName(7) }

func TestWrongQuestions(t *testing.T) {
	s := serveLoad(t, newLoad(2, 0, 10))
	for path, code := range map[string]int{
		"/api/attempts?after=x": 400, "/api/attempts?most=-1": 400, "/api/attempts?most=2001": 400, "/api/attempts?after=99999999999999999999": 400,
		"/api/runs/nobody": 404, "/api/campaigns/%3Cscript%3E": 404, "/api/campaigns/night-42/rows/x": 400, "/api/campaigns/night-42/rows/-1": 400, "/api/campaigns/night-42/rows/99999999999999999999": 400,
		"/api/campaigns/night-42/rows/%3Cscript%3E": 400, "/api/campaigns/night-42/rows/20000": 404, "/api/campaigns/nobody/rows/1": 404, "/api/campaigns/night-42/rows/": 404, "/api/runs/": 404, "/api/nonsense": 404,
		"/api/log": 400, "/api/log?kind=launcher&name=x": 400, "/api/log?kind=job": 400, "/api/log?kind=run&name=../x": 400, "/api/log?kind=run&name=%00": 400,
		"/api/log?kind=run&name=r&offset=-1": 400, "/api/log?kind=run&name=r&most=999999999": 400, "/api/log?kind=job&name=unknown": 404,
	} {
		got := s.do("GET", path, header("Authorization", "Bearer "+token))
		if got.StatusCode != code || strings.Contains(got.body, "<") {
			t.Errorf("%s: %s %s", path, got.Status, got.body)
		}
	}
	bare := serve(t, Overview{})
	for _, path := range []string{"/api/attempts", "/api/activity", "/api/runs/x", "/api/campaigns/x", "/api/campaigns/x/rows/0", "/api/log?kind=launcher"} {
		if got := bare.do("GET", path, header("Authorization", "Bearer "+token)); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s of a source that has none: %s", path, got.Status)
		}
	}
}

// Markup in every text that comes from users arrives as data.
func TestAnswersHaveNoMarkup(t *testing.T) {
	l := newLoad(4, 0, 500)
	l.evil = `</script><img src=x onerror=alert(1)>`
	for range 200 {
		l.end(l.started)
	}
	s := serveLoad(t, l)
	for _, path := range []string{
		"/api/overview", "/api/runs/run-0019", "/api/campaigns/night-42", "/api/campaigns/night-42/rows/3", "/api/attempts", "/api/activity", "/api/log?kind=run&name=r",
	} {
		got := s.do("GET", path, header("Authorization", "Bearer "+token))
		if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "application/json" || !strings.Contains(got.body, "onerror") || strings.ContainsAny(got.body, "<>") {
			t.Errorf("%s: %s, %s", path, got.Status, got.Header.Get("Content-Type"))
		}
	}
	for _, topic := range []string{"overview", "activity", "tasks", "run:run-0019", "campaign:night-42"} {
		if e := s.watch(topic).next(); e.name != "snapshot" || !strings.Contains(string(e.Data), "onerror") || strings.ContainsAny(string(e.Data), "<>") {
			t.Errorf("%s: %.200s", topic, e.Data)
		}
	}
}

func TestLogIsFollowed(t *testing.T) {
	l := newLoad(2, 0, 10) // an hour, 36000 lines
	s := serveLoad(t, l)
	ask := func(query string) (p LogPart) {
		if err := json.Unmarshal([]byte(s.see("/api/log?kind=run&name=r"+query)), &p); err != nil {
			t.Fatal(err)
		}
		return p
	}
	tail := ask("&most=640")
	if strings.Count(tail.Text, "\n") != 10 || tail.Next != tail.Size {
		t.Errorf("%+v", tail)
	}
	first := ask("&offset=0&most=640")
	second := ask("&offset=640&most=640")
	if !strings.HasPrefix(first.Text, "[integrate] frame 00000000.") || !strings.HasPrefix(second.Text, "[integrate] frame 00000010.") || first.Next != 640 {
		t.Errorf("%+v %+v", first, second)
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain\n": "plain\n", "a\tb": "a\tb", "10%\r50%\r100%\nend": "100%\nend", "a\r\nb\r\n": "a\nb\n",
		"\x1b[31mred\x1b[0m\n": "red\n", "\x1b[": "", "\x07bell\x00": "bell", "é\u009b": "é\u009b", "\x1b]0;title\x07": "]0;title",
	} {
		if got := printable(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

// Everything too long is cut, and the source is not changed.
func TestAnswersAreBounded(t *testing.T) {
	l := newLoad(10, 0, 0)
	l.nodes = 40_000
	l.evil = strings.Repeat("é", 5000)
	for range 3000 {
		l.end(l.started)
	}
	s := serveLoad(t, l)
	for path, most := range map[string]int{
		"/api/runs/run-0019": 20 << 20, "/api/campaigns/night-42": 1 << 20, "/api/campaigns/night-42/rows/3": 1 << 20, "/api/attempts?most=2000": 12 << 20, "/api/activity": 1 << 20, "/api/log?kind=run&name=r": 5 << 20,
	} {
		if text := s.see(path); len(text) > most || !strings.Contains(text, "…") && !strings.Contains(path, "log") {
			t.Errorf("%s has %d bytes", path, len(text))
		}
	}
	var run runAnswer
	if err := json.Unmarshal([]byte(s.see("/api/runs/run-0019")), &run); err != nil || len(run.Nodes) != maxNodes || run.LeftOut != 30_000 {
		t.Errorf("%d nodes, %d left out, %v", len(run.Nodes), run.LeftOut, err)
	}
	for _, link := range run.Links {
		if max(link.Source, link.Target) >= len(run.Nodes) {
			t.Fatalf("a link to a node that is left out: %+v", link)
		}
	}
}
