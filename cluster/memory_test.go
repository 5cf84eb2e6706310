package cluster

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/jobscript"
)

// What is held against a pool and its nodes is known to the next launcher, unless the
// pool is another one then.
func TestMemory(t *testing.T) {
	pool := func(prologue ...string) Options {
		return Options{Pools: []PoolOptions{{Name: "p", Size: Fixed(1), Slots: 1, Spec: jobscript.Pool{Name: "p", JobScriptPrologue: prologue}}}}
	}
	first, err := New(pool("bad"))
	if err != nil {
		t.Fatal(err)
	}
	if list := first.Memory(); len(list) != 0 {
		t.Errorf("of nothing it remembers %+v", list)
	}
	now := time.Now().Round(0)
	p := first.pools[0]
	p.silent = 2
	p.suspects.note("n1", now, silent, "it died")
	p.suspects.note("n1", now, silent, "it died")
	p.suspects.exclude("n1", now)
	p.stopped = &Stopped{Since: now, Reason: "jobs die", Hint: "look"}
	text, err := json.Marshal(first.Memory())
	if err != nil {
		t.Fatal(err)
	}
	next := pool("bad")
	if err := json.Unmarshal(text, &next.Memory); err != nil {
		t.Fatal(err)
	}
	second, err := New(next)
	if err != nil {
		t.Fatal(err)
	}
	q := second.pools[0]
	if q.silent != 2 || q.stopped == nil || q.stopped.Reason != "jobs die" || !reflect.DeepEqual(q.suspects.names(now), []string{"n1"}) || q.suspects.nodes["n1"].deaths != 2 {
		t.Errorf("recalled %d, %+v, %+v", q.silent, q.stopped, q.suspects.nodes)
	}
	other := pool("good")
	other.Memory = next.Memory
	third, err := New(other)
	if err != nil {
		t.Fatal(err)
	}
	if q := third.pools[0]; q.silent != 0 || q.stopped != nil || q.suspects.nodes != nil {
		t.Errorf("of another pool it recalled %+v", q)
	}
}

// The end of a job that an earlier launcher may have seen is not judged again.
func TestInheritedEnd(t *testing.T) {
	launch := Launch{Key: "k", Name: "n", Pool: "p", Count: 2, ID: "1"}
	died := Job{Launch: launch, Phase: Ended, Outcome: "FAILED"}
	running := Job{Launch: launch, Index: 1, Phase: Running}
	l := newLedger()
	l.inherit(launch)
	now := time.Now()
	ends, _ := l.fold(now, []Launch{launch}, []Job{died, running}, true, time.Minute)
	if len(ends) != 1 || ends[0].blame() != nobody {
		t.Fatalf("ends %+v", ends)
	}
	running.Phase, running.Outcome = Ended, "FAILED"
	ends, _ = l.fold(now, []Launch{launch}, []Job{died, running}, true, time.Minute)
	if len(ends) != 1 || ends[0].blame() != silent {
		t.Fatalf("of one that was seen alive: %+v", ends)
	}
}
