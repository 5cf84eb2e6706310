package engine_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// wide is a workflow of n chains of two nodes.
func wide(t *testing.T, n int) *workflow.Workflow {
	t.Helper()
	var nodes, links []string
	for i := range n {
		nodes = append(nodes, fmt.Sprintf(`{"id":"a%d","task_type":"method","task_identifier":"m.f"},{"id":"b%d","task_type":"method","task_identifier":"m.f"}`, i, i))
		links = append(links, fmt.Sprintf(`{"source":"a%d","target":"b%d"}`, i, i))
	}
	wf := new(workflow.Workflow)
	if err := wf.UnmarshalJSON([]byte(fmt.Sprintf(`{"graph":{"id":"g"},"nodes":[%s],"links":[%s]}`, strings.Join(nodes, ","), strings.Join(links, ",")))); err != nil {
		t.Fatal(err)
	}
	return wf
}

// With a window no more tasks than that are started at the beginning, in whatever order
// they end, and all are executed once.
func TestWindow(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	const chains, window = 200, 7
	s := engine.New(engine.NewPlan(wide(t, chains), engine.PlanOptions{}), engine.Options{Run: "r", Window: window, Retry: engine.Retry{Lost: 100}})
	executed := map[string]int{}
	var ready []*task.Request
	follow := func(actions []engine.Action) {
		for _, a := range actions {
			if start, ok := a.(engine.Start); ok {
				ready = append(ready, start.Request)
			}
		}
	}
	follow(engine.Step(s, engine.Begin{}))
	for len(ready) > 0 {
		if len(ready) > window || s.Later() > chains-window {
			t.Fatalf("%d tasks are started, %d wait", len(ready), s.Later())
		}
		i := random.IntN(len(ready))
		r := ready[i]
		ready[i] = ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		status := task.Succeeded
		if random.IntN(10) == 0 {
			status = task.Lost
		} else {
			executed[r.Node]++
		}
		follow(engine.Step(s, engine.Ended{Result: task.Result{ID: r.ID, Attempt: r.Attempt, Status: status}}))
	}
	if s.Outcome().Status != engine.Succeeded || len(executed) != 2*chains || s.Counts().Succeeded != 2*chains {
		t.Errorf("%s, %d nodes, %+v", s.Outcome().Status, len(executed), s.Counts())
	}
}

// What waits for the window is dropped when the run ends before.
func TestWindowEnds(t *testing.T) {
	for name, event := range map[string]func(r *task.Request) engine.Event{
		"cancelled": func(*task.Request) engine.Event { return engine.Cancel{Reason: "because"} },
		"failed": func(r *task.Request) engine.Event {
			return engine.Ended{Result: task.Result{ID: r.ID, Attempt: 1, Status: task.Failed}}
		},
	} {
		s := engine.New(engine.NewPlan(wide(t, 20), engine.PlanOptions{}), engine.Options{Run: "r", Window: 3})
		first := engine.Step(s, engine.Begin{})[0].(engine.Start).Request
		engine.Step(s, event(first))
		if s.Later() != 0 || len(s.Executing()) != 0 || string(s.Outcome().Status) != name {
			t.Errorf("%s: %s, %d wait, %d are executed", name, s.Outcome().Status, s.Later(), len(s.Executing()))
		}
	}
}
