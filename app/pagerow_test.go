package app

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/campaigner"
	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// What the history has completes what the ledger has of an attempt, and replaces nothing else.
func TestPageAttempt(t *testing.T) {
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	after := func(s float64) time.Time { return began.Add(time.Duration(s * float64(time.Second))) }
	failed := campaigner.Attempt{Number: 2, State: "failed", Started: began, Seconds: 3, Error: "ValueError", Message: "no peaks", Task: "fit"}
	traced := task.Failure{Cause: task.Exception, Type: "ValueError", Message: "no peaks", Traceback: "line 7", Node: "fit"}
	for name, test := range map[string]struct {
		ledger campaigner.Attempt
		known  []task.Attempt
		want   dashboard.RowAttempt
	}{
		"without history": {failed, nil, dashboard.RowAttempt{Failure: task.Failure{Type: "ValueError", Message: "no peaks", Node: "fit"}}},
		"one task for all": {failed, []task.Attempt{{Status: "failed", Started: began, Ended: after(3), Failure: traced, PeakMemory: 9}},
			dashboard.RowAttempt{Failure: traced, PeakMemory: 9}},
		"a task for each node": {failed, []task.Attempt{
			{Node: "load", Status: "succeeded", Started: began, Ended: after(1)},
			{Node: "fit", Status: "failed", Started: after(1), Ended: after(3), Failure: task.Failure{Type: "ValueError", Message: "no peaks", Traceback: "line 7"}},
		}, dashboard.RowAttempt{
			Failure: task.Failure{Type: "ValueError", Message: "no peaks", Traceback: "line 7", Node: "fit"},
			Steps:   []dashboard.RowStep{{Node: "load", Seconds: 1}, {Node: "fit", After: 1, Seconds: 2, Failed: true}},
		}},
		"a task was lost before": {failed, []task.Attempt{{Status: "lost", Failure: task.Failure{Cause: task.Gone, Message: "gone"}}},
			dashboard.RowAttempt{Failure: task.Failure{Type: "ValueError", Message: "no peaks", Node: "fit"}}},
	} {
		want := test.want
		want.Number, want.State, want.Started, want.Ended = 2, "failed", began, after(3)
		if got := pageAttempt(&test.ledger, test.known); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%+v, want\n%+v", name, got, want)
		}
	}
}

func TestPageValues(t *testing.T) {
	got := pageValues(json.RawMessage(`{"b":"text","a":[1,2],"c":null}`))
	if want := []dashboard.Value{{Name: "a", Value: "[1,2]"}, {Name: "b", Value: "text"}, {Name: "c", Value: "null"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if pageValues(json.RawMessage(`7`)) != nil || pageValues(nil) != nil {
		t.Error("values of what is no object")
	}
}
