package coordinator_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
	"github.com/ewoks-hpc/ewoks-hpc/coordinator"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// kept is one entry of a journal.
type kept struct {
	topic string
	data  []byte
}

// rewrite changes the journal of a site that has ended.
func (s *site) rewrite(change func([]kept) []kept) {
	s.t.Helper()
	dir := filepath.Join(s.dir, "journal")
	var list []kept
	s.withJournal(dir, func(j *broker.Journal) error {
		return j.Replay(s.t.Context(), func(topic string, data []byte) error {
			list = append(list, kept{topic, bytes.Clone(data)})
			return nil
		})
	})
	if err := os.RemoveAll(dir); err != nil {
		s.t.Fatal(err)
	}
	s.withJournal(dir, func(j *broker.Journal) error {
		for _, k := range change(list) {
			last, err := j.Append(k.topic, k.data)
			if err == nil {
				err = last.Wait()
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *site) withJournal(dir string, use func(*broker.Journal) error) {
	s.t.Helper()
	journal, err := broker.OpenJournal(broker.JournalOptions{Dir: dir})
	if err != nil {
		s.t.Fatal(err)
	}
	err = use(journal)
	if closeErr := journal.Close(); err != nil || closeErr != nil {
		s.t.Fatal(err, closeErr)
	}
}

// half submits chains and lets a worker execute some tasks of each, no more.
func (s *site) half(runs, nodes int) (ids []string) {
	s.t.Helper()
	limit := fmt.Sprintf("n%d", nodes/2)
	stuck := make(chan struct{})
	h := s.hire("half", runs, func(r *task.Request) task.Result {
		if r.Node == limit {
			<-stuck
		}
		return s.count(r)
	})
	defer func() { h.kill(); close(stuck); <-h.done }()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for range runs {
		id := task.NewKey()
		if err := s.client.Submit(ctx, &coordinator.Submission{Run: id, Workflow: document(nodes, before)}); err != nil {
			s.t.Fatal(err)
		}
		ids = append(ids, id)
	}
	for {
		done := 0
		for _, r := range s.now().Status().Runs {
			done += r.Counts.Succeeded
		}
		if done == runs*(nodes/2) {
			return ids
		}
		if ctx.Err() != nil {
			s.t.Fatalf("%d tasks done: %+v", done, s.now().Status())
		}
		time.Sleep(time.Millisecond)
	}
}

// A run whose entries are not all there, or not to be read, has failed and says why.
// The others go on, and so it is after another restart.
func TestSetAside(t *testing.T) {
	s := newSite(t, 200*time.Millisecond)
	ids := s.half(3, 8)
	s.end()
	bad := ids[1]
	var whole []kept
	s.rewrite(func(all []kept) []kept { whole = all; return all })
	for name, damage := range map[string]func(list []kept) []kept{
		"garbage":         func(list []kept) []kept { list[2].data = []byte("garbage"); return list },
		"empty":           func(list []kept) []kept { list[2].data = nil; return list },
		"another version": func(list []kept) []kept { list[2].data[0] = 77; return list },
		"torn":            func(list []kept) []kept { d := &list[2].data; *d = (*d)[:len(*d)/2]; return list },
		"one is missing":  func(list []kept) []kept { return slices.Delete(list, 2, 3) },
		"first is gone":   func(list []kept) []kept { return list[1:] },
		"first is bad":    func(list []kept) []kept { list[0].data = []byte("garbage"); return list },
		"one twice":       func(list []kept) []kept { return slices.Insert(list, 3, list[2]) },
	} {
		t.Run(name, func(t *testing.T) {
			s.rewrite(func([]kept) []kept {
				mine, others := partition(whole, "run-"+bad)
				if len(mine) < 4 {
					t.Fatalf("%d entries", len(mine))
				}
				return append(others, damage(mine)...)
			})
			for range 2 {
				s.start()
				checkAside(t, s, bad)
				s.end()
			}
		})
	}
	s.start()
	s.hire("whole", 2, s.count)
	s.finished(ids[0])
	s.finished(ids[2])
}

func partition(all []kept, topic string) (mine, others []kept) {
	for _, k := range all {
		if k.topic == topic {
			mine = append(mine, kept{k.topic, bytes.Clone(k.data)})
		} else {
			others = append(others, k)
		}
	}
	return mine, others
}

func checkAside(t *testing.T, s *site, bad string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	e, err := s.client.Outcome(ctx, bad)
	for err == nil && e.Outcome.Status == engine.Running && ctx.Err() == nil { // until that is kept
		time.Sleep(time.Millisecond)
		e, err = s.client.Outcome(ctx, bad)
	}
	if err != nil || e.Outcome.Status != engine.Failed || !strings.Contains(e.Outcome.Failure.Message, "the journal of the run cannot be used: ") {
		t.Fatalf("outcome of the run: %+v, %v", e.Outcome, err)
	}
	for _, r := range s.now().Status().Runs {
		if r.Run != bad && r.Status != engine.Running {
			t.Errorf("another run is %s: %s", r.Status, r.Message)
		}
	}
}

func (s *site) finished(run string) {
	s.t.Helper()
	wait, err := s.client.Watch(s.t.Context(), run, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if e, err := wait(ctx); err != nil || e.Outcome.Status != engine.Succeeded {
		s.t.Errorf("run %s: %+v, %v", run, e, err)
	}
}

// What bytes the entries of a run may have: the launcher starts, and runs whose
// entries are whole go on.
func TestRandomEntries(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	s := newSite(t, 200*time.Millisecond)
	ids := s.half(3, 8)
	s.end()
	var whole []kept
	s.rewrite(func(all []kept) []kept { whole = all; return all })
	for range 30 {
		s.rewrite(func([]kept) []kept {
			var list []kept
			for _, k := range whole {
				data := bytes.Clone(k.data)
				if k.topic != "run-"+ids[0] && random.IntN(4) == 0 {
					mutate(random, data)
				}
				list = append(list, kept{k.topic, data})
			}
			return list
		})
		s.start()
		for _, r := range s.now().Status().Runs {
			if r.Run == ids[0] && r.Status != engine.Running {
				t.Fatalf("a whole run is %s: %s", r.Status, r.Message)
			}
		}
		s.end()
	}
	s.start()
	s.hire("whole", 2, s.count)
	s.finished(ids[0])
}

// mutate changes characters to others, most of them to those that JSON has anyway.
func mutate(random *rand.Rand, data []byte) {
	for range 1 + random.IntN(4) {
		i := random.IntN(len(data))
		if data[i] >= '0' && data[i] <= '9' || random.IntN(2) == 0 {
			data[i] = byte('0' + random.IntN(10))
		} else {
			data[i] = byte(random.IntN(256))
		}
	}
}

// Runs that ended long ago are forgotten, with their values and in the journal too.
func TestKeepRuns(t *testing.T) {
	s := newSite(t, time.Second)
	s.keep = time.Second
	s.end()
	s.start()
	s.hire("w", 1, s.count)
	e := s.run(document(3, before))
	if !s.now().Knows(e.Run) {
		t.Error("a run is forgotten at once")
	}
	values := filepath.Join(s.store, e.Run)
	if err := os.MkdirAll(values, 0o700); err != nil {
		t.Fatal(err)
	}
	for begun := time.Now(); s.now().Knows(e.Run); time.Sleep(10 * time.Millisecond) {
		if time.Since(begun) > 30*time.Second {
			t.Fatal("the run is never forgotten")
		}
	}
	if _, err := os.Stat(values); !os.IsNotExist(err) {
		t.Errorf("its values are still there: %v", err)
	}
	s.end()
	s.rewrite(func(all []kept) []kept {
		if slices.ContainsFunc(all, func(k kept) bool { return strings.Contains(k.topic, e.Run) }) {
			t.Errorf("the journal still has it: %v", all)
		}
		return all
	})
	s.start()
}
