package dashboard

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
)

// What is paused, stopped or excluded is marked, and what a log says is cut and
// never markup.
func TestStopped(t *testing.T) {
	long := strings.Repeat("<i>", maxText)
	reason := &Stopped{Since: time.Now(), Reason: "jobs do not start", Hint: "see the log", Log: long}
	o := Overview{
		Runs:    []Run{{Run: "r", Status: engine.Running, Paused: true}},
		Pools:   []Pool{{Pool: "p", Stopped: reason, Excluded: []Excluded{{Node: "<b>n2", Reason: "2 jobs died there"}}}},
		Notices: []string{"pool p is stopped: x\n<i>end of the log"},
	}
	s := serve(t, o)
	page := s.see("/plain")
	for _, want := range []string{`>paused</span>`, `>stopped</span>`, `without <bdi>&lt;b&gt;n2</bdi>`, `2 jobs died there`, "&lt;i&gt;end of the log"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	data, err := json.Marshal(bound(o))
	if err != nil {
		t.Fatal(err)
	}
	var got Overview
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if p := got.Pools[0]; p.Stopped.Hint != "see the log" || len(p.Stopped.Log) > maxText+10 || p.Excluded[0].Node != "<b>n2" || !got.Runs[0].Paused {
		t.Errorf("%+v, %+v", p, got.Runs[0])
	}
	if reason.Log != long {
		t.Error("the source was changed")
	}
}
