package engine_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// These are the smallest cases of what TestRandomRuns has found.

// small is a workflow with these nodes, all methods, and links.
func small(links string, nodes ...string) string {
	list := ""
	for i, n := range nodes {
		if i > 0 {
			list += ","
		}
		list += fmt.Sprintf(`{"id":%q,"task_type":"method","task_identifier":"m.f"}`, n)
	}
	return fmt.Sprintf(`{"graph":{"id":"g"},"nodes":[%s],"links":[%s]}`, list, links)
}

// requests are what actions start, by node.
func requests(actions []engine.Action) map[string]*task.Request {
	all := map[string]*task.Request{}
	for _, a := range actions {
		if s, ok := a.(engine.Start); ok {
			all[s.Request.Node] = s.Request
		}
	}
	return all
}

func stored(path string) task.Named {
	return task.Named{Name: path, Value: task.Value{Kind: task.Stored, Path: path, Size: 1}}
}

// A node executes again for each delivery of a source that executes again, also
// if it waits for the source.
func TestRequiredLinkDeliversTwice(t *testing.T) {
	s, actions := begin(parse(t, small(`
		{"source":"a","target":"m","required":false},
		{"source":"b","target":"m","required":false},
		{"source":"m","target":"e","required":true}`, "a", "b", "m", "e")), engine.Options{Run: "r"})
	first := requests(actions)
	for _, source := range []string{"a", "b"} {
		m := started(t, engine.Step(s, ended(first[source], task.Succeeded)))
		e := started(t, engine.Step(s, ended(m, task.Succeeded)))
		actions = engine.Step(s, ended(e, task.Succeeded))
		if m.Node != "m" || e.Node != "e" {
			t.Fatalf("after %s: %s and %s", source, m.Node, e.Node)
		}
	}
	if o := finished(t, actions); o.Status != engine.Succeeded || s.Counts().Succeeded != 6 {
		t.Errorf("%+v, %+v", o, s.Counts())
	}
}

// What a failed task was given is kept for the task that handles the error.
func TestHandlerGetsLivingValues(t *testing.T) {
	s, actions := begin(parse(t, small(`
		{"source":"a","target":"b","map_all_data":true},
		{"source":"b","target":"h","map_all_data":true,"on_error":true}`, "a", "b", "h")), engine.Options{Run: "r"})
	b := started(t, engine.Step(s, ended(started(t, actions), task.Succeeded, stored("x"))))
	actions = engine.Step(s, ended(b, task.Failed))
	h := started(t, actions)
	if i := slices.IndexFunc(h.Inputs, func(n task.Named) bool { return n.Name == "x" }); i < 0 || h.Inputs[i].Value.Path != "x" {
		t.Fatalf("inputs %+v", h.Inputs)
	}
	if n := releases(actions); n != 0 {
		t.Errorf("released before the handler has executed: %v", actions)
	}
	finished(t, engine.Step(s, ended(h, task.Succeeded)))
}

func releases(actions []engine.Action) (n int) {
	for _, a := range actions {
		if _, ok := a.(engine.Release); ok {
			n++
		}
	}
	return n
}

// The data of a cached optional link goes over that of required links, wherever
// its source stands in the workflow.
func TestCachedOverRequired(t *testing.T) {
	s, actions := begin(parse(t, small(`
		{"source":"c","target":"m","required":false,"cache_if_optional":true,"data_mapping":[{"source_output":"x","target_input":"i"}]},
		{"source":"r","target":"m","required":true,"data_mapping":[{"source_output":"x","target_input":"i"}]}`, "c", "r", "m")), engine.Options{Run: "r"})
	first := requests(actions)
	engine.Step(s, ended(first["c"], task.Succeeded, pickled("x", "cached")))
	m := started(t, engine.Step(s, ended(first["r"], task.Succeeded, pickled("x", "required"))))
	if got := string(m.Inputs[0].Value.Blobs[0]); len(m.Inputs) != 1 || got != "cached" {
		t.Errorf("inputs %+v", m.Inputs)
	}
}

// Finish is the last action, also when a link asks for an output that there is
// not and another output takes room.
func TestFinishIsLast(t *testing.T) {
	s, actions := begin(parse(t, two), engine.Options{Run: "r"})
	if o := finished(t, engine.Step(s, ended(started(t, actions), task.Succeeded, stored("x")))); o.Status != engine.Failed {
		t.Errorf("%+v", o)
	}
}

// The task that saves the outputs is ours, and counts for nobody.
func TestSavingCounts(t *testing.T) {
	wf := parse(t, small("", "a"))
	s := engine.New(engine.NewPlan(wf, engine.PlanOptions{Outputs: wf.SelectOutputs(nil), Save: "file"}), engine.Options{Run: "r"})
	a := started(t, engine.Step(s, engine.Begin{}))
	save := started(t, engine.Step(s, ended(a, task.Succeeded, pickled("x", ""))))
	finished(t, engine.Step(s, ended(save, task.Succeeded)))
	if c := s.Counts(); c.Started != 1 || c.Succeeded != 1 {
		t.Errorf("counts %+v", c)
	}
}
