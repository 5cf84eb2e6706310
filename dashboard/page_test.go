package dashboard

import (
	"encoding/json"
	"fmt"
	"html/template"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
)

// fill puts a text into every string of a value, one element into every slice,
// and a time into every time; it counts the strings.
func fill(v reflect.Value, text string) (n int) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)))
	case v.Kind() == reflect.String:
		v.SetString(text)
		return 1
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		return fill(v.Index(0), text)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			n += fill(v.Field(i), text)
		}
	}
	return n
}

func filled(text string) (o Overview, n int) {
	n = fill(reflect.ValueOf(&o).Elem(), text)
	return o, n
}

// TestDataIsNeverMarkup holds for every field, those added later too: but for
// the escaped text itself, a hostile overview gives the page of a harmless one.
func TestDataIsNeverMarkup(t *testing.T) {
	plain, n := filled("harmless")
	want := serve(t, plain).see("/plain")
	if shown := strings.Count(want, "harmless"); shown < n {
		t.Errorf("%d of %d texts are shown", shown, n)
	}
	for _, evil := range []string{
		`<script>alert(1)</script>`,
		`"><img src=x onerror="alert(1)">`,
		`' onmouseover='alert(1)`,
		`</title></td></table></main><script src=//evil.example></script>`,
		`<!--`, `]]>`, `--></style>`, `{{.Token}}`, `javascript:alert(1)`, `&lt;b&gt;`, "`${alert(1)}`",
	} {
		o, _ := filled(evil)
		s := serve(t, o)
		if got := strings.ReplaceAll(s.see("/plain"), template.HTMLEscapeString(evil), "harmless"); got != want {
			t.Errorf("%s changes the page:\n%s", evil, got)
		}
		text := s.see("/api/overview")
		if strings.ContainsAny(text, "<>") {
			t.Errorf("%s is in the JSON", evil)
		}
		var back Overview
		if err := json.Unmarshal([]byte(text), &back); err != nil || !reflect.DeepEqual(back, o) {
			t.Errorf("%s comes back as %+v, %v", evil, back, err)
		}
	}
}

func TestPageHasNothingInline(t *testing.T) {
	o, _ := filled("x")
	s := serve(t, o)
	for _, page := range []string{s.see("/plain"), s.do("GET", "/").body} {
		if found := regexp.MustCompile(`(?i)<style|\sstyle=|\son\w+=|<script[^>]*>[^<]|javascript:|https?://`).FindString(page); found != "" {
			t.Errorf("found %q", found)
		}
		for _, m := range regexp.MustCompile(`(?:src|href)="/([^"]*)"`).FindAllStringSubmatch(page, -1) {
			s.see("/" + m[1])
		}
	}
}

func TestEmptyPageSaysWhatToDo(t *testing.T) {
	s := serve(t, Overview{Cluster: "beamline"})
	wants(t, s.see("/plain"), "ewoks-hpc run WORKFLOW <span>--cluster beamline</span>", "No jobs in the queue", "No workers")
	if text := s.see("/api/overview"); strings.Contains(text, "null") {
		t.Errorf("null in %s", text)
	}
}

func TestLargeOverviewIsBounded(t *testing.T) {
	const n = 20_000
	long := strings.Repeat("<é>", 5000)
	o := Overview{Cluster: long, Taken: time.Now()}
	start := time.Now()
	for i := range n {
		o.Workers = append(o.Workers, Worker{Worker: long, Pool: long, Job: long, Host: long, Slots: 1})
		o.Jobs = append(o.Jobs, Job{Pool: long, ID: long, Phase: long, SlurmState: long, Reason: long, Nodes: long})
		o.Runs = append(o.Runs, Run{
			Run: fmt.Sprintf("run-%d", i), Label: long, User: long, Status: engine.Succeeded,
			Submitted: start.Add(time.Duration(i) * time.Second), Node: long, Message: long,
		})
		o.Notices = append(o.Notices, long)
	}
	o.Runs[7].Status = engine.Running
	s := serve(t, o)

	page := s.see("/plain")
	if len(page) > 16<<20 {
		t.Errorf("the page has %d bytes", len(page))
	}
	if got := strings.Count(page, "19\u202f000 more are not shown"); got != 3 {
		t.Errorf("%d tables say how many rows are left out", got)
	}
	wants(t, page, "and 19\u202f980 more", "<dd>20\u202f000</dd>")

	var a answer
	text := s.see("/api/overview")
	if err := json.Unmarshal([]byte(text), &a); err != nil || len(text) > 16<<20 {
		t.Fatalf("%d bytes of JSON, %v", len(text), err)
	}
	if (a.LeftOut != leftOut{Workers: n - 1000, Jobs: n - 1000, Runs: n - 1000, Notices: n - 20}) || len(a.Jobs) != 1000 {
		t.Errorf("left out: %+v", a.LeftOut)
	}
	if a.Runs[0].Run != "run-7" || a.Runs[1].Run != fmt.Sprintf("run-%d", n-1) {
		t.Errorf("first are %s and %s, not the running one and the newest", a.Runs[0].Run, a.Runs[1].Run)
	}
	if o.Runs[0].Run != "run-0" || o.Runs[0].Label != long || o.Workers[0].Host != long || o.Notices[0] != long {
		t.Error("the overview of the source was changed")
	}
}

func TestClip(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", ""}, {"abc", "abc"}, {"abcd", "abc…"}, {"abé", "ab…"}, {"aé", "aé"}, {"a\xff", "a\uFFFD"},
	} {
		got := test.in
		if clip(3, &got); got != test.want {
			t.Errorf("%q becomes %q, want %q", test.in, got, test.want)
		}
	}
}

func TestTimes(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	v := view{answer{Overview: Overview{Taken: now}}}
	for ago, want := range map[time.Duration]string{
		0: "now", 400 * time.Millisecond: "now", 59 * time.Second: "59 s ago", time.Minute: "1 min ago",
		time.Hour: "1 h ago", 90 * time.Minute: "1 h 30 min ago", 50 * time.Hour: "2 d 2 h ago", -3 * time.Hour: "in 3 h",
	} {
		if got := v.When(now.Add(-ago)); got.Words != want {
			t.Errorf("%v: %q, want %q", ago, got.Words, want)
		}
	}
	if m := v.When(now); m.Machine != "2026-05-04T12:00:00Z" || v.When(time.Time{}) != nil {
		t.Errorf("datetime %q", m.Machine)
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[any]string{0: "0", 999: "999", 1000: "1\u202f000", uint64(1234567): "1\u202f234\u202f567", -1: "-1"} {
		if got := count(n); got != want {
			t.Errorf("%v: %q", n, got)
		}
	}
}
