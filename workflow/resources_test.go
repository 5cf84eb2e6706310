package workflow_test

import (
	"errors"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/resource"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

const withResources = `{"graph":{"id":"g"},"nodes":[
 {"id":"a","task_type":"method","task_identifier":"f","resources":{"cores":2,"memory":"4GB","time_limit":"00:10:00","pool":"cpu"}},
 {"id":"b","task_type":"method","task_identifier":"f","resources":{"gpus":1},"other":[1]},
 {"id":"s","task_type":"graph","resources":{"pool":"big","cores":4},"task_identifier":{"graph":{"id":"inner"},"nodes":[
   {"id":"x","task_type":"method","task_identifier":"f"},
   {"id":"y","task_type":"method","task_identifier":"f","resources":{"cores":1}}],"links":[]}}],"links":[]}`

// Resources are read, go down into subgraphs, and stay when the document is written.
func TestResources(t *testing.T) {
	want := map[string]resource.Need{
		"a":   {Cores: 2, Memory: 4e9, TimeLimit: 10 * time.Minute, Pool: "cpu"},
		"b":   {GPUs: 1},
		"s:x": {Cores: 4, Pool: "big"},
		"s:y": {Cores: 1, Pool: "big"},
	}
	wf := new(workflow.Workflow)
	if err := wf.UnmarshalJSON([]byte(withResources)); err != nil {
		t.Fatal(err)
	}
	document := wf.AppendJSON(nil)
	again := new(workflow.Workflow)
	if err := again.UnmarshalJSON(document); err != nil {
		t.Fatal(err)
	}
	for _, wf := range []*workflow.Workflow{wf, again} {
		if len(wf.Nodes) != len(want) {
			t.Fatalf("%d nodes", len(wf.Nodes))
		}
		for i := range wf.Nodes {
			if n := &wf.Nodes[i]; n.Resources != want[n.ID.String()] {
				t.Errorf("node %s has %+v", n.ID, n.Resources)
			}
		}
	}
	if extra := string(again.Nodes[1].Extra["other"]); extra != "[1]" {
		t.Errorf("extra %q", extra)
	}
}

// What is wrong is a problem like others: all are found, with the node and a hint.
func TestResourceProblems(t *testing.T) {
	text := `{"graph":{"id":"g"},"nodes":[
 {"id":"a","task_type":"method","task_identifier":"f","resources":{"cores":-1,"memory":"4","core":1}},
 {"id":"b","task_type":"method","task_identifier":"f","resources":[]}],"links":[]}`
	var problems workflow.Problems
	if err := new(workflow.Workflow).UnmarshalJSON([]byte(text)); !errors.As(err, &problems) || len(problems) != 4 {
		t.Fatalf("problems: %v", err)
	}
	for i, want := range []string{
		`node "a": resources: cores must be a whole number from 1 up`, `node "a": resources: "4" has no unit`,
		`node "a": resources: unknown key "core" in resources`, `node "b": resources must be a mapping, not []`,
	} {
		if problems[i].Error() != want || problems[i].Field != "resources" {
			t.Errorf("problem %d is %q", i, problems[i].Error())
		}
	}
	if problems[2].Hint != "known are cores, memory, gpus, nodes, time_limit, pool" {
		t.Errorf("hint %q", problems[2].Hint)
	}
}
