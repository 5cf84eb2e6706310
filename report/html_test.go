package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

const hostile = "</script><script>document.title='pwned'</script><!--<script> <img src=x onerror=\"document.title='pwned'\"> {a|b} & ' \u202e \u2028 \x00"

// hostileID has no NUL, which stands between the parts of an id.
var hostileID = strings.TrimSuffix(hostile, "\x00")

// hostileData has that text wherever a text can come from a user.
func hostileData(t *testing.T) *Data {
	t.Helper()
	b := NewBuilder()
	started := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for i, status := range []string{"failed", "lost", "succeeded", hostile} {
		b.Add(&task.Attempt{
			Run: hostile, Campaign: hostile, Row: i, Task: 1, Number: 2, Node: hostileID, Label: hostile, Identifier: hostile,
			Worker: hostile, Pool: hostile, Host: hostile, Job: hostile, Started: started, Ended: started.Add(time.Second), Status: status,
			Failure: task.Failure{Cause: task.Cause(hostile), Type: hostile, Message: hostile, Traceback: hostile, Advice: hostile, Node: hostile},
		})
	}
	text, err := json.Marshal(hostileID)
	if err != nil {
		t.Fatal(err)
	}
	d := b.Data(Description{
		Kind: KindCampaign, Name: hostile, Cluster: hostile, Label: hostile, User: hostile, Status: hostile, Node: hostile, Message: hostile,
		Counts: map[string]int{"done": 1, hostile: 2}, Reasons: []Reason{{1, hostile}}, Definition: text, Provenance: text,
		Workflow: json.RawMessage(`{"graph":{"id":"g","label":` + string(text) + `},"nodes":[{"id":` + string(text) + `,"task_type":"method","task_identifier":"a.b"}],"links":[]}`),
		Jobs:     []Job{{ID: hostile, Pool: hostile, Nodes: hostile, State: hostile, Reason: hostile}},
	}, started.Add(time.Hour))
	d.Program = hostile
	d.Failures[0].Output = hostile
	return d
}

var smallBundle = fstest.MapFS{
	"dist/report.js":  {Data: []byte("document.title = 1;")},
	"dist/report.css": {Data: []byte("body { margin: 0 }")},
}

// Whatever texts a report has, the page has three script elements: two of data and
// one of the bundle, and the policy is for that one only.
func TestPageMarkup(t *testing.T) {
	d := hostileData(t)
	page, err := d.page(smallBundle, "dist/")
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	for part, want := range map[string]int{"<script": 3, "</script>": 3, "<img": 0, "<!--": 0, "onerror=\"": 0, "<title>": 1, "</title>": 1, "<style>": 1, "\x00": 0} {
		if n := strings.Count(strings.ToLower(text), part); n != want {
			t.Errorf("%q is there %d times, want %d", part, n, want)
		}
	}
	for _, part := range []string{source([]byte("document.title = 1;")), source([]byte("body { margin: 0 }")), "default-src 'none'", "base-uri 'none'", "form-action 'none'"} {
		if !strings.Contains(text, part) {
			t.Errorf("the policy has no %s", part)
		}
	}
	for _, foreign := range []string{"http:", "https:", "unsafe-inline", "<link", "<base", "refresh"} {
		head, _, _ := strings.Cut(text, "<script")
		if strings.Contains(head, foreign) {
			t.Errorf("the page has %s", foreign)
		}
	}
}

// The data in the page is the data of the report.
func TestPageData(t *testing.T) {
	d := hostileData(t)
	page, err := d.page(smallBundle, "dist/")
	if err != nil {
		t.Fatal(err)
	}
	for id, value := range map[string]any{"report": d, "drawing": d.Draw()} {
		_, rest, ok := strings.Cut(string(page), `<script type="application/json" id="`+id+`">`)
		inner, _, end := strings.Cut(rest, "</script>")
		if !ok || !end {
			t.Fatalf("no element %s", id)
		}
		want, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		var got, wanted any
		if err := errors.Join(json.Unmarshal([]byte(inner), &got), json.Unmarshal(want, &wanted)); err != nil || !reflect.DeepEqual(got, wanted) {
			t.Errorf("%s is not what it was (%v)", id, err)
		}
	}
}

func TestNoBundle(t *testing.T) {
	_, err := hostileData(t).page(fstest.MapFS{}, "dist/")
	var missing *NoBundleError
	if !errors.As(err, &missing) || !strings.Contains(missing.Hint(), "make page") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v", err)
	}
}

func TestDamagedBundle(t *testing.T) {
	bundle := fstest.MapFS{"dist/report.js": {Data: []byte("'</script>'")}, "dist/report.css": smallBundle["dist/report.css"]}
	if _, err := hostileData(t).page(bundle, "dist/"); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("error %v", err)
	}
}

// The picture has the figures of the nodes, no style of its own, and no markup of
// the workflow.
func TestDraw(t *testing.T) {
	d := hostileData(t)
	p := d.Draw()
	if len(p.Nodes) != 1 || !strings.Contains(p.SVG, "1 done") || !strings.Contains(p.SVG, "2 failed") {
		t.Errorf("%+v", p)
	}
	if bytes.Contains([]byte(p.SVG), []byte("style")) || strings.Contains(p.SVG, "<script") || strings.Contains(p.SVG, "<img") {
		t.Errorf("picture %s", p.SVG)
	}
	d.About.Workflow = nil
	if p := d.Draw(); p.SVG != "" || p.Reason == "" {
		t.Errorf("without a workflow: %+v", p)
	}
	d.About.Workflow = json.RawMessage(`{"nodes": 7}`)
	if p := d.Draw(); p.SVG != "" || p.Reason == "" {
		t.Errorf("with a workflow that cannot be read: %+v", p)
	}
}
