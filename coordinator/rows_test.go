package coordinator_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/coordinator"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// rowBook is told of the ends of rows, and waits for them.
type rowBook struct {
	mu    sync.Mutex
	ended map[string][]coordinator.End
	news  chan struct{}
}

func newRowSite(t *testing.T) (*site, *rowBook) {
	b := &rowBook{ended: map[string][]coordinator.End{}, news: make(chan struct{}, 1)}
	s := newSite(t, 5*time.Second) // nobody is lost on a busy machine
	s.ended = b.note
	s.restart()
	return s, b
}

// restart is a kill of the launcher, and the next one.
func (s *site) restart() {
	s.end()
	s.start()
}

func (b *rowBook) note(e coordinator.End) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended[e.Run] = append(b.ended[e.Run], e)
	select {
	case b.news <- struct{}{}:
	default:
	}
}

// wait returns when so many rows have ended.
func (b *rowBook) wait(t *testing.T, n int) map[string][]coordinator.End {
	t.Helper()
	timeout := time.After(time.Minute)
	for {
		b.mu.Lock()
		ended := maps.Clone(b.ended)
		b.mu.Unlock()
		if len(ended) >= n {
			return ended
		}
		select {
		case <-b.news:
		case <-timeout:
			t.Fatalf("%d of %d rows have ended", len(ended), n)
		}
	}
}

// rows are those of a workflow of three nodes.
func (s *site) rows(n int, whole bool, priority int) (rows []*coordinator.Submission) {
	s.t.Helper()
	document, err := s.now().KeepDocument(document(3, before), whole)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := range n {
		rows = append(rows, &coordinator.Submission{
			Run: task.NewKey(), Priority: priority,
			Row: &coordinator.Row{
				Campaign: "c", Number: i, Document: document, Whole: whole,
				Inputs: json.RawMessage(fmt.Sprintf(`[{"id":"n0","name":"a","value":%d}]`, i)),
			},
		})
	}
	return rows
}

func (s *site) submitRows(rows []*coordinator.Submission) {
	s.t.Helper()
	if refused, err := s.now().SubmitRows(rows); err != nil || len(refused) > 0 {
		s.t.Fatal(refused, err)
	}
}

// Rows survive launchers that are killed in the middle: each is executed once, and its
// end is told until somebody takes it.
func TestRowsRestart(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	s, book := newRowSite(t)
	for n := range 2 {
		s.hire(fmt.Sprint("w", n), 2, func(r *task.Request) task.Result {
			time.Sleep(time.Millisecond) // stands for work
			return s.count(r)
		})
	}
	var all []*coordinator.Submission
	for i := range 6 {
		rows := s.rows(100, i%2 == 0, 0)
		all = append(all, rows...)
		s.submitRows(rows)
		time.Sleep(time.Duration(random.IntN(150)) * time.Millisecond) // the pace of the restarts
		if random.IntN(3) > 0 {
			s.restart()
			s.now().Rows()
		}
	}
	ended := book.wait(t, len(all))
	for _, row := range all {
		for _, e := range ended[row.Run] {
			if e.Outcome.Status != engine.Succeeded || e.Row.Number != row.Row.Number || len(e.Outcome.Outputs) == 0 {
				t.Fatalf("row %d: %+v", row.Row.Number, e)
			}
		}
	}
	s.mu.Lock()
	for node, n := range s.executed {
		if n != 1 {
			t.Errorf("%s was executed %d times", node, n)
		}
	}
	s.mu.Unlock()
	s.restart()
	if known := len(s.now().Rows()); known != len(all) {
		t.Fatalf("%d rows are known, of %d", known, len(all))
	}
	s.now().TakeRows(slices.Collect(maps.Keys(ended)))
	s.restart()
	if known := s.now().Rows(); len(known) != 0 {
		t.Errorf("%d rows are known that were taken", len(known))
	}
	if runs := s.now().Status().Runs; len(runs) != 0 {
		t.Errorf("rows are shown as runs: %+v", runs)
	}
}

// What has the higher priority goes first, and a run before the rows of a campaign.
func TestPriority(t *testing.T) {
	s, book := newRowSite(t)
	group := map[string]string{}
	for name, priority := range map[string]int{"low": -1, "usual": 0, "high": 2} {
		rows := s.rows(5, false, priority)
		s.submitRows(rows)
		for _, r := range rows {
			group[r.Run] = name
		}
	}
	done := make(chan coordinator.Ended)
	go func() { done <- s.run(document(1, alone)) }()
	for s.now().Status().Ready < 16 {
		time.Sleep(time.Millisecond)
	}
	var mu sync.Mutex
	var order []string // in which they began
	s.hire("w", 1, func(r *task.Request) task.Result {
		mu.Lock()
		defer mu.Unlock()
		if r.Node == "n0" {
			order = append(order, cmp.Or(group[r.Run], "run"))
		}
		return s.count(r)
	})
	<-done
	for run, ends := range book.wait(t, 15) {
		if e := ends[0]; e.Started.IsZero() || e.Ended.Before(e.Started) || len(e.Steps) != 3 {
			t.Errorf("%s: from %s to %s, %d steps", run, e.Started, e.Ended, len(e.Steps))
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if got := slices.Compact(order); !slices.Equal(got, []string{"high", "run", "usual", "low"}) {
		t.Errorf("they began as %v", order)
	}
}

// A row that no worker can execute as a whole is refused, the others are taken.
func TestRowsRefused(t *testing.T) {
	s, _ := newRowSite(t)
	rows := s.rows(3, false, 0)
	rows[1].Row.Inputs = json.RawMessage(`[{"id":"nobody","name":"a","value":1}]`)
	refused, err := s.now().SubmitRows(rows)
	if err != nil || len(refused) != 1 || refused[rows[1].Run] == nil {
		t.Fatal(refused, err)
	}
	if err := s.now().CancelRows([]string{rows[0].Run}, "because"); err != nil {
		t.Fatal(err)
	}
	if known := s.now().Rows(); len(known) != 2 {
		t.Errorf("%v", known)
	}
}

// A lost row ends with the cause, for whoever tries it again.
func TestRowLost(t *testing.T) {
	s, book := newRowSite(t)
	begun := make(chan struct{}, 9)
	w := s.hire("w", 1, func(*task.Request) task.Result {
		begun <- struct{}{}
		select {}
	})
	row := s.rows(1, true, 0)
	row[0].Retry = &engine.Retry{}
	s.submitRows(row)
	<-begun
	w.kill()
	s.now().Gone(func(task.Hello) bool { return true }, "its job has ended")
	e := book.wait(t, 1)[row[0].Run][0]
	if e.Outcome.Failure.Cause != task.Gone || e.Host != "here" || e.Worker == "" {
		t.Errorf("%+v", e)
	}
}
