package worker

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
	"github.com/ewoks-hpc/ewoks-hpc/resource"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Libraries use as many threads as the task has cores; fewer, if somebody said so.
func TestVariables(t *testing.T) {
	s := Seat{Cores: 4, GPUs: []string{"1", "3"}}
	got := s.Variables([]string{"OMP_NUM_THREADS=2", "MKL_NUM_THREADS=64", "NUMEXPR_NUM_THREADS=x", "CUDA_VISIBLE_DEVICES=0,1,2,3"})
	want := "MKL_NUM_THREADS=4 OPENBLAS_NUM_THREADS=4 NUMEXPR_NUM_THREADS=4 CUDA_VISIBLE_DEVICES=1,3"
	if strings.Join(got, " ") != want {
		t.Errorf("variables %q", got)
	}
}

type idle struct{}

func (idle) Submit([]*task.Request)                             {}
func (idle) Withdraw(func(*task.Request) bool) (none []task.ID) { return nil }
func (idle) Stop([]task.ID)                                     {}
func (idle) Forget(string)                                      {}
func (idle) Close()                                             {}

// Tasks of their own size get interpreters of their own, which are used again when
// they fit; nobody gets a GPU that somebody has.
func TestSeats(t *testing.T) {
	w := New(Options{
		Hello: task.Hello{Slots: 2, Cores: 8, GPUs: 2}, GPUs: []string{"a", "b"},
		Start: func(Seat) (Executor, error) { return idle{}, nil },
	})
	seq := uint64(0)
	take := func(n resource.Need) (*executor, task.ID) {
		seq++
		r := &task.Request{ID: task.ID{Run: "r", Seq: seq}, Resources: n}
		x := w.seat(r, task.Environment{Dir: "/"})
		if x != nil {
			w.holding[r.ID] = &held{executor: x, request: r}
		}
		return x, r.ID
	}
	one, first := take(resource.Need{GPUs: 1})
	two, _ := take(resource.Need{})
	if one == two || !one.seat.Own || !two.seat.Own || slices.Equal(one.seat.GPUs, two.seat.GPUs) || one.seat.Cores != 4 {
		t.Errorf("two tasks of one GPU are at %+v and %+v", one.seat, two.seat)
	}
	if none, _ := take(resource.Need{GPUs: 1}); none != nil {
		t.Errorf("a third is at %+v", none.seat)
	}
	delete(w.holding, first)
	if again, _ := take(resource.Need{GPUs: 1}); again != one {
		t.Errorf("the interpreter that became free is not used again")
	}
	w = New(Options{Hello: task.Hello{Slots: 8, Cores: 8}, Start: func(Seat) (Executor, error) { return idle{}, nil }})
	plain, _ := take(resource.Need{})
	same, _ := take(resource.Need{Memory: 1 << 30})
	large, id := take(resource.Need{Cores: 4})
	other, _ := take(resource.Need{Cores: 4})
	if plain != same || plain.seat.Alone || !large.seat.Alone || large == other || large.seat.Cores != 4 || plain.seat.Cores != 1 {
		t.Errorf("%+v, %+v, %+v", plain.seat, large.seat, other.seat)
	}
	delete(w.holding, id)
	if again, _ := take(resource.Need{Cores: 4}); again != large {
		t.Error("an interpreter of the same size is not used again")
	}
	w.closeExecutors()
}

// Whole runs have executors of their own, and count apart from those of tasks.
func TestSeatsOfWholeRuns(t *testing.T) {
	w := New(Options{Hello: task.Hello{Slots: 4, Cores: 8}, Start: func(Seat) (Executor, error) { return idle{}, nil }})
	seat := func(kind, dir string, n resource.Need) *executor {
		return w.seat(&task.Request{Type: kind, Resources: n}, task.Environment{Dir: dir})
	}
	one, row := seat("method", "/", resource.Need{}), seat(task.RunType, "/", resource.Need{})
	if one == row || one.seat.Whole || !row.seat.Whole || row.seat.Alone {
		t.Errorf("a task at %+v, a run at %+v", one.seat, row.seat)
	}
	large := seat(task.RunType, "/", resource.Need{Cores: 4})
	if large == row || !large.seat.Alone || !large.seat.Whole || large.seat.Cores != 4 {
		t.Errorf("a run of four cores at %+v", large.seat)
	}
	for _, dir := range []string{"/a", "/b", "/c"} {
		seat(task.RunType, dir, resource.Need{})
	}
	if seat("method", "/", resource.Need{}) != one {
		t.Error("the interpreters of tasks went to make room for runs")
	}
	if seat(task.RunType, "/", resource.Need{}) == row {
		t.Error("the interpreters of runs are kept for ever")
	}
	w.closeExecutors()
}

// What cannot start refuses what is submitted, and bears to be told anything else.
func TestCannotStart(t *testing.T) {
	w := New(Options{Hello: task.Hello{Slots: 1}, Start: func(Seat) (Executor, error) {
		var none *idle // what many would return
		return none, errors.New("nothing to start")
	}})
	x := w.seat(&task.Request{}, task.Environment{})
	var results []task.Result
	err := ewokstest.Wait("the refusal", func() error {
		if results = x.submit([]*task.Request{{}}); len(results) == 0 {
			return errors.New("not refused yet")
		}
		return nil
	})
	if err != nil || results[0].Status != task.Failed || results[0].Failure.Message != "nothing to start" {
		t.Fatalf("%v, %+v", err, results)
	}
	x.withdraw()
	x.stop(nil)
	x.forget("r")
	w.closeExecutors()
}
