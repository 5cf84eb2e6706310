package engine_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// TestSimulation runs random graphs under random orders of completion, with
// attempts that are lost, results that come twice and results that come late.
// Whatever the order, every node executes once, after those before it, on the
// data that they made, and nothing stays behind.
func TestSimulation(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	followed := 0
	defer func() {
		if followed == 0 {
			t.Error("no task ever followed another by itself")
		}
	}()
	for round := range 300 {
		t.Run(fmt.Sprint(round), func(t *testing.T) { followed += simulate(t, random) })
		if t.Failed() {
			t.Fatalf("failed with seed %d", seed)
		}
	}
}

func simulate(t *testing.T, random *rand.Rand) (followed int) {
	wf := randomGraph(t, random, 1+random.IntN(25))
	plan := engine.NewPlan(wf, engine.PlanOptions{Outputs: wf.SelectOutputs(nil), Keep: random.IntN(2) == 0})
	s := engine.New(plan, engine.Options{Run: "r", MaxLost: 1000})
	w := &world{t: t, wf: wf, random: random, done: map[string]uint64{}, held: map[uint64]bool{}, begun: map[task.ID]bool{}}
	w.apply(engine.Step(s, engine.Begin{}))
	for w.outcome == nil {
		if len(w.flying) == 0 {
			t.Fatal("nothing runs and the run has not ended")
		}
		w.apply(engine.Step(s, engine.Ended{Result: w.next()}))
	}
	if w.outcome.Status != engine.Succeeded || len(w.done) != len(wf.Nodes) {
		t.Errorf("%s with %d of %d nodes executed", w.outcome.Status, len(w.done), len(wf.Nodes))
	}
	if len(w.held) > 0 {
		t.Errorf("outputs of %d tasks were never released", len(w.held))
	}
	if c := s.Counts(); c.Succeeded != len(wf.Nodes) || c.Failed != 0 || c.Lost != w.lost {
		t.Errorf("counts %+v, lost %d", c, w.lost)
	}
	if again := engine.Step(s, engine.Cancel{}); again != nil {
		t.Errorf("a run that is over did %v", again)
	}
	return w.followed
}

// world carries out actions as badly as the real one may.
type world struct {
	t      *testing.T
	wf     *workflow.Workflow
	random *rand.Rand
	flying []*task.Request
	old    []task.Result // that may be delivered once more
	done   map[string]uint64
	held   map[uint64]bool
	begun  map[task.ID]bool
	lost   int
	// followed counts the tasks that were begun without asking.
	followed int
	outcome  *engine.Outcome
}

func (w *world) apply(actions []engine.Action) {
	for _, a := range actions {
		switch a := a.(type) {
		case engine.Start:
			w.check(a.Request)
			w.flying = append(w.flying, a.Request)
		case engine.Begun:
			w.followed++
			w.check(a.Request)
			w.flying = append(w.flying, a.Request)
		case engine.Release:
			if !w.held[a.ID.Seq] {
				w.t.Errorf("released what is not held: %v", a)
			}
			delete(w.held, a.ID.Seq)
		case engine.Finish:
			w.outcome = &a.Outcome
		}
	}
}

// check looks whether a task starts at the right time with the right data.
func (w *world) check(r *task.Request) {
	if r.Attempt == 1 && w.begun[r.ID] {
		w.t.Errorf("task %s was started twice", r.ID)
	}
	w.begun[r.ID] = true
	i, _ := w.wf.Node(workflow.NewID(r.Node))
	inputs := map[string]task.Value{}
	for _, in := range r.Inputs {
		inputs[in.Name] = in.Value
	}
	for _, l := range w.wf.Incoming(i) {
		link := &w.wf.Links[l]
		source := w.wf.Nodes[link.Source].ID.String()
		from, ok := w.done[source]
		if !ok {
			w.t.Errorf("%s starts before %s has ended", r.Node, source)
		}
		got := inputs[string(link.DataMapping[0].Input)]
		if got.Kind != task.Held || got.Seq != from {
			w.t.Errorf("%s gets %+v from %s, want what task %d made", r.Node, got, source, from)
		}
		if !w.held[from] {
			w.t.Errorf("%s gets a value of task %d that was released", r.Node, from)
		}
	}
}

// next is the result of any task that is under way, or of one that was.
func (w *world) next() task.Result {
	if len(w.old) > 0 && w.random.IntN(10) == 0 {
		return w.old[w.random.IntN(len(w.old))]
	}
	n := w.random.IntN(len(w.flying))
	r := w.flying[n]
	w.flying = append(w.flying[:n], w.flying[n+1:]...)
	result := task.Result{ID: r.ID, Attempt: r.Attempt}
	if w.random.IntN(5) == 0 {
		w.lost++
		result.Status = task.Lost
		return result
	}
	w.done[r.Node] = r.Seq
	result.Begun = r.Then != nil && w.random.IntN(3) > 0
	if !r.Wanted.None {
		result.Outputs = []task.Named{{Name: "x", Value: task.Value{Kind: task.Held, Seq: r.Seq, Output: "x"}}}
		w.held[r.Seq] = true
	}
	w.old = append(w.old, result)
	return result
}

func randomGraph(t *testing.T, random *rand.Rand, nodes int) *workflow.Workflow {
	doc := `{"graph":{"id":"g"},"nodes":[`
	for i := range nodes {
		if i > 0 {
			doc += ","
		}
		doc += fmt.Sprintf(`{"id":"n%d","task_type":"method","task_identifier":"m.f"}`, i)
	}
	doc += `],"links":[`
	comma := ""
	for target := range nodes {
		for source := range target {
			if random.IntN(4) == 0 && (random.IntN(3) > 0 || target == source+1) {
				doc += fmt.Sprintf(`%s{"source":"n%d","target":"n%d","data_mapping":[{"source_output":"x","target_input":"from%d"}]}`, comma, source, target, source)
				comma = ","
			}
		}
	}
	wf, err := workflow.Parse([]byte(doc+"]}"), workflow.LoadOptions{})
	if err != nil {
		t.Fatalf("%v\n%s", err, doc+"]}")
	}
	return wf
}
