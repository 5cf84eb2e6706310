package coordinator

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/resource"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Shelves do what one list would: whatever is pushed, put back, taken out and moved,
// the oldest first of all shelves is the oldest of all, and nothing gets lost.
func TestShelves(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	var s shelves
	var list []*task.Request // the model
	for seq := range uint64(20000) {
		switch r.IntN(8) {
		case 0, 1, 2:
			q := &task.Request{ID: task.ID{Run: []string{"a", "b"}[r.IntN(2)], Seq: seq}, Resources: resource.Need{Cores: r.IntN(3), Pool: []string{"", "p"}[r.IntN(2)]}}
			s.push(q, rank{})
			list = append(list, q)
		case 3:
			q := &task.Request{ID: task.ID{Run: "c", Seq: seq}, Resources: resource.Need{Memory: resource.Bytes(r.IntN(1 << 20))}}
			s.pushFront(q, rank{})
			list = append([]*task.Request{q}, list...)
		case 4, 5:
			if x := first(&s); x != nil {
				if got := s.pop(x).request; got != list[0] {
					t.Fatalf("%v is first, want %v", got.ID, list[0].ID)
				}
				list = list[1:]
			}
		case 6:
			if len(list) > 0 {
				id := list[r.IntN(len(list))].ID
				s.drop(id)
				list = slices.DeleteFunc(list, func(q *task.Request) bool { return q.ID == id })
			}
		case 7:
			if r.IntN(200) == 0 {
				gone := s.remove("a")
				want := slices.DeleteFunc(slices.Clone(list), func(q *task.Request) bool { return q.Run != "a" })
				if !slices.Equal(gone, want) {
					t.Fatalf("%d requests of a run are taken out, want %d in their order", len(gone), len(want))
				}
				list = slices.DeleteFunc(list, func(q *task.Request) bool { return q.Run == "a" })
			}
		}
		if s.len() != len(list) {
			t.Fatalf("%d requests, want %d", s.len(), len(list))
		}
		for i, x := range s.list {
			if x.at != i || x.len() == 0 {
				t.Fatalf("shelf %d has %d requests and believes to be %d", i, x.len(), x.at)
			}
		}
	}
}

func first(s *shelves) (best *shelf) {
	for _, x := range s.list {
		if best == nil || x.peek().turn < best.peek().turn {
			best = x
		}
	}
	return best
}

// Classes keep the order of amounts, and an amount is at most an eighth more than the
// least of its class.
func TestClass(t *testing.T) {
	least := map[int]int64{}
	last := 0
	for n := int64(0); n < 1<<50; n += 1 + n/97 {
		c := class(n)
		if c < last {
			t.Fatalf("class %d of %d is below %d", c, n, last)
		}
		if _, known := least[c]; !known {
			least[c] = n
		}
		if low := least[c]; n > low+low/8+1 {
			t.Fatalf("%d and %d are of one class", low, n)
		}
		last = c
	}
	if len(least) > 1000 {
		t.Errorf("%d classes", len(least))
	}
}

// Estimates rise at once and fall slowly; short tasks cost nothing.
func TestEstimates(t *testing.T) {
	e := estimates{}
	e.learn("short", 10*time.Millisecond)
	if len(e) > 0 {
		t.Errorf("%v", e)
	}
	e.learn("f", 10*time.Second)
	e.learn("f", 20*time.Second)
	r := &task.Request{Identifier: "f"}
	if got := e.expected(r); got != 30*time.Second {
		t.Errorf("expected %s", got)
	}
	for range 10 {
		e.learn("f", time.Second)
	}
	if got := e.expected(r); got < 20*time.Second || got >= 30*time.Second {
		t.Errorf("after ten short ones %s", got)
	}
	for range 1000 {
		e.learn("f", time.Millisecond)
	}
	if len(e) > 0 {
		t.Errorf("after a thousand %v", e)
	}
	r.Resources.TimeLimit = time.Hour
	if got := e.expected(r); got != time.Hour {
		t.Errorf("declared %s", got)
	}
}

// What one turn costs when a great many tasks wait, of some shapes.
func BenchmarkDispatch(b *testing.B) {
	c := New(Options{})
	w := newWorker(task.Hello{Slots: 1 << 16})
	c.workers["w"] = w
	for i := range b.N {
		c.ready.push(&task.Request{ID: task.ID{Run: "r", Seq: uint64(i)}, Resources: resource.Need{Pool: []string{"", "other", "third"}[i%100/98]}}, rank{})
	}
	b.ResetTimer()
	for range b.N {
		x := c.pick(w, func(*shelf) bool { return true })
		if x == nil {
			break
		}
		c.ready.pop(x)
	}
}
