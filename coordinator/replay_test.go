package coordinator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/coordinator"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/worker"
)

// TestRestart ends the coordinator again and again while runs are under way.
// Workers keep what they hold: every task is executed once.
func TestRestart(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	s := newSite(t, time.Second)
	var mu sync.Mutex // random is used by tasks too
	upTo := func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return random.IntN(n)
	}
	for n := range 3 {
		s.hire(fmt.Sprint("w", n), 1+n, func(r *task.Request) task.Result {
			time.Sleep(time.Duration(upTo(20)) * time.Millisecond) // stands for work
			return s.count(r)
		})
	}
	ended := make(chan coordinator.Ended, 3)
	for range cap(ended) {
		go func() {
			ended <- s.run(document(150, func(i int) []int {
				if i == 0 || upTo(3) == 0 {
					return nil
				}
				return []int{upTo(i)}
			}))
		}()
	}
	restarts := 0
	for left := cap(ended); left > 0; {
		select {
		case e := <-ended:
			left--
			if e.Outcome.Status != engine.Succeeded || e.Counts.Succeeded != 150 {
				t.Errorf("%+v, %+v", e.Outcome, e.Counts)
			}
		case <-time.After(time.Duration(100+upTo(300)) * time.Millisecond): // the pace of the restarts
			s.end()
			s.start()
			restarts++
		}
	}
	if restarts == 0 {
		t.Error("there was no restart")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for node, n := range s.executed {
		if n != 1 {
			t.Errorf("%s was executed %d times", node, n)
		}
	}
}

// What has ended is known after a restart, what was cancelled stays so, and what
// nobody holds is executed.
func TestRestartKnowsRuns(t *testing.T) {
	s := newSite(t, time.Second)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	submit := func(doc json.RawMessage) string {
		id := task.NewKey()
		if err := s.client.Submit(ctx, &coordinator.Submission{Run: id, Workflow: doc, User: "somebody"}); err != nil {
			t.Fatal(err)
		}
		return id
	}
	cancelled, waiting := submit(document(3, before)), submit(document(20, before))
	if err := s.client.Cancel(ctx, cancelled); err != nil {
		t.Fatal(err)
	}
	s.end()
	s.start()
	first := s.now().Status()
	if len(first.Runs) != 2 || first.Runs[0].Status != engine.Cancelled || first.Runs[1].Status != engine.Running || first.Ready != 1 || first.Runs[1].User != "somebody" {
		t.Fatalf("after the restart: %+v", first)
	}
	wait, err := s.client.Watch(s.t.Context(), waiting, nil)
	if err != nil {
		t.Fatal(err)
	}
	h := s.hire("w", 2, s.count)
	e, err := wait(ctx)
	if err != nil || e.Outcome.Status != engine.Succeeded || len(e.Outcome.Outputs) != 1 {
		t.Fatalf("%+v, %v", e, err)
	}
	h.leave()
	s.end()
	s.start()
	again, err := s.client.Outcome(ctx, waiting)
	if err != nil || fmt.Sprint(again) != fmt.Sprint(e) {
		t.Errorf("after another restart %+v, %v\nbefore %+v", again, err, e)
	}
	if st := s.now().Status(); len(st.Workers) != 0 || st.Ready+st.Leased != 0 {
		t.Errorf("left behind: %+v", st)
	}
}

// The workers of an earlier start of a job are gone when Slurm has requeued it.
func TestRequeuedWorkerReplaces(t *testing.T) {
	s := newSite(t, time.Minute)
	blocked := make(chan struct{})
	defer close(blocked)
	s.employ("w", task.Hello{Slots: 1, Restart: "0"}, func(worker.Seat, *task.Request) task.Result { <-blocked; return task.Result{} })
	ended := make(chan coordinator.Ended, 1)
	go func() { ended <- s.run(document(1, alone)) }()
	for s.now().Status().Leased == 0 {
		time.Sleep(time.Millisecond)
	}
	s.employ("w", task.Hello{Slots: 1, Restart: "1"}, func(_ worker.Seat, r *task.Request) task.Result { return s.count(r) })
	if e := <-ended; e.Outcome.Status != engine.Succeeded || e.Counts.Lost != 1 {
		t.Errorf("%+v, %+v", e.Outcome, e.Counts)
	}
}
