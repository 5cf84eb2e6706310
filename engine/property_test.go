package engine_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// rounds is the number of random graphs that are run.
const rounds = 2400

// TestRandomRuns runs random graphs, acyclic, with conditions and with loops, in
// an environment that loses, repeats and delays results. Every run ends, every
// task counts once, what is executed is what the model executes, and nothing
// is released too early or kept too long.
func TestRandomRuns(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("EWOKS_HPC_TEST_SEED"); text != "" {
		if _, err := fmt.Sscan(text, &seed); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("EWOKS_HPC_TEST_SEED=%d repeats this run", seed)
	var all summary
	for round := range uint64(rounds) {
		h := newHostile(t, rand.New(rand.NewPCG(seed, round)), family(round)%families)
		h.play()
		if t.Failed() {
			t.Fatalf("round %d of EWOKS_HPC_TEST_SEED=%d: %s", round, seed, jsonOf(h.wf))
		}
		all.add(h)
	}
	all.check(t)
}

func newHostile(t *testing.T, random *rand.Rand, f family) *hostile {
	doc := randomGraph(random, f)
	wf, err := workflow.Parse(doc, workflow.LoadOptions{})
	if err != nil {
		t.Fatalf("%v\n%s", err, doc)
	}
	h := &hostile{
		T: t, Rand: random, wf: wf, m: newModel(wf),
		b: &behaviour{wf: wf, seed: random.Uint64(), cyclic: wf.Cyclic()},
		p: engine.PlanOptions{Outputs: randomOutputs(random, wf), Keep: random.IntN(2) == 0, Apart: random.IntN(2) == 0, Values: random.IntN(3) == 0},
		o: engine.Options{
			Run: "r", Retry: randomRetry(random), Strict: random.IntN(4) == 0,
			Limit: time.Duration(random.IntN(2)) * time.Minute, Context: []byte(`{"job_id":"r"}`),
		},
		values:    values{made: map[string]string{}, live: map[string]string{}},
		followers: map[uint64]map[string]string{}, running: map[uint64]*exec{}, known: map[uint64]bool{},
		promised: map[uint64]bool{}, recorded: map[uint64][]task.Value{}, makers: map[uint64]*exec{},
		counts: engine.Counts{Nodes: len(wf.Nodes)}, calls: map[string]int{},
	}
	if random.IntN(3) == 0 {
		h.p.Save = "outputs.pickle"
	}
	if random.IntN(4) == 0 {
		h.o.KeepGoing = true
	}
	h.state = engine.New(engine.NewPlan(wf, h.p), h.o)
	if random.IntN(4) == 0 {
		h.twin = engine.New(engine.NewPlan(wf, h.p), h.o)
	}
	return h
}

// randomOutputs selects the outputs of end nodes, of all nodes, of some, or none.
func randomOutputs(random *rand.Rand, wf *workflow.Workflow) []workflow.Selected {
	switch random.IntN(4) {
	case 0:
		return wf.SelectOutputs(nil)
	case 1:
		return wf.SelectOutputs([]workflow.OutputSelector{{Selector: workflow.Selector{All: true}}})
	}
	selectors := []workflow.OutputSelector{}
	for range random.IntN(4) {
		id := wf.Nodes[random.IntN(len(wf.Nodes))].ID
		s := workflow.OutputSelector{Selector: workflow.Selector{ID: &id}, Name: pick[workflow.Arg](random, "", "x", "c", "z")}
		if s.Name != "" {
			s.NewName = pick(random, "", "new")
		}
		selectors = append(selectors, s)
	}
	return wf.SelectOutputs(selectors)
}

// summary adds up what the runs went through.
type summary struct {
	stats
	tasks, compared int
	status          map[engine.Status]int
}

func (s *summary) add(h *hostile) {
	if s.status == nil {
		s.status = map[engine.Status]int{}
	}
	s.status[h.status]++
	s.tasks += h.counts.Started
	s.followed += h.stats.followed
	s.lost += h.stats.lost
	s.handled += h.stats.handled
	s.saved += h.stats.saved
	s.early += h.stats.early
	s.stale += h.stats.stale
	s.overflow += h.stats.overflow
	s.ignored += h.stats.ignored
	s.retried += h.stats.retried
	s.superseded += h.stats.superseded
	if h.compareWithSequential() {
		s.compared++
	}
}

// compareWithSequential compares what was executed in a random order with what
// is executed one after the other, where that must be the same.
func (h *hostile) compareWithSequential() bool {
	if h.o.Retry.Lost < forEver || h.spoiled || h.status == engine.Cancelled || h.outcome.Node == "save" || !h.m.confluent() {
		return false
	}
	calls, succeeded := sequential(h.wf, h.b)
	if h.o.KeepGoing && !succeeded {
		return false // one after the other it stops at the first failure
	}
	if succeeded != (h.status == engine.Succeeded) {
		h.Errorf("the run %s; in sequence, success is %t", h.status, succeeded)
	}
	if succeeded && !maps.Equal(h.calls, calls) {
		h.Errorf("executed %v, in sequence %v", h.calls, calls)
	}
	if h.Failed() {
		h.Fatalf("%s", jsonOf(h.wf))
	}
	return succeeded
}

// check sees that the runs were as hostile as they are meant to be.
func (s *summary) check(t *testing.T) {
	t.Logf("%+v", *s)
	few := s.followed == 0 || s.lost == 0 || s.handled == 0 || s.saved == 0 || s.early == 0 || s.stale == 0 || s.ignored == 0 ||
		s.retried < rounds/10 || s.superseded == 0 ||
		s.compared < rounds/10 || s.status[engine.Succeeded] < rounds/3 || s.status[engine.Failed] == 0 || s.status[engine.Cancelled] == 0
	if few || s.overflow > rounds/20 {
		t.Errorf("the simulation does not reach what it is for: %+v", *s)
	}
}
