package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

const standingGraph = `{"graph": {"id": "g"}, "nodes": [
	{"id": "a", "task_type": "method", "task_identifier": "t.f"},
	{"id": "b", "task_type": "method", "task_identifier": "t.f"},
	{"id": "join", "task_type": "method", "task_identifier": "t.f"},
	{"id": "choice", "label": "one of two", "task_type": "method", "task_identifier": "t.f"}
], "links": [
	{"source": "a", "target": "join", "map_all_data": true},
	{"source": "b", "target": "join", "map_all_data": true},
	{"source": "a", "target": "choice", "map_all_data": true, "conditions": [{"source_output": "x", "value": 1}]},
	{"source": "b", "target": "choice", "map_all_data": true, "on_error": true}
]}`

// Where the nodes of a run stand while its tasks end one after the other.
func TestStandings(t *testing.T) {
	wf := new(workflow.Workflow)
	if err := wf.UnmarshalJSON([]byte(standingGraph)); err != nil {
		t.Fatal(err)
	}
	s := engine.New(engine.NewPlan(wf, engine.PlanOptions{}), engine.Options{Run: "r", Retry: engine.Retry{Exceptions: 1}})
	check := func(when string, want ...string) {
		t.Helper()
		var got []string
		for _, n := range s.Standings(nil) {
			got = append(got, told(n))
		}
		if strings.Join(got, "; ") != strings.Join(want, "; ") {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	check("before", "a waits for []", "b waits for []", "join waits for [a b]", "choice waits for any of [a if b on error]")
	engine.Step(s, engine.Begin{})
	check("begun", "a has 1, 0 failed", "b has 1, 0 failed", "join waits for [a b]", "choice waits for any of [a if b on error]")
	end := func(node string, status task.Status) {
		for _, r := range s.Executing() {
			if r.Node == node {
				engine.Step(s, engine.Ended{Result: task.Result{ID: r.ID, Attempt: r.Attempt, Status: status}})
			}
		}
	}
	end("a", task.Succeeded) // its condition does not hold
	check("a", "b has 1, 0 failed", "join waits for [b]", "choice waits for any of [a if not followed b on error]")
	end("b", task.Failed)
	check("b failed once", "b has 1, 1 failed", "join waits for [b]", "choice waits for any of [a if not followed b on error]")
	if all := s.Standings(func(node, label string) bool { return label == "one of two" || node == "a" }); len(all) != 2 || !all[0].Executed || all[1].Node != "choice" {
		t.Errorf("those that were asked for: %+v", all)
	}
	end("b", task.Failed)
	check("b failed", "join waits for [b not followed]", "choice has 1, 0 failed")
	end("choice", task.Succeeded)
	if left := s.Standings(nil); left != nil {
		t.Errorf("%+v after the end", left)
	}
}

func told(n engine.Standing) string {
	if len(n.Tasks) > 0 {
		return fmt.Sprintf("%s has %d, %d failed", n.Node, len(n.Tasks), n.Tasks[0].Failed)
	}
	var waits []string
	for _, w := range n.Waits {
		text := w.Node
		for word, is := range map[string]bool{" if": w.Conditional, " on error": w.OnError} {
			if is {
				text += word
			}
		}
		if w.Ended {
			text += " not followed"
		}
		waits = append(waits, text)
	}
	any := ""
	if n.Any && len(waits) > 0 {
		any = "any of "
	}
	return fmt.Sprintf("%s waits for %s%v", n.Node, any, waits)
}
