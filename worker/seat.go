package worker

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Seat is where tasks are executed: interpreters of one environment, with a part of
// what the worker has.
type Seat struct {
	task.Environment
	// Store is the directory for large values.
	Store     string
	OnResults func([]task.Result)
	// Alone means one task at a time, else as many as the worker has slots.
	Alone bool
	// Whole means that its tasks are whole runs, see task.RunType.
	Whole bool
	// Cores is how many each task may use.
	Cores int
	// GPUs are the names of those that its tasks see. Own means that nobody else's do.
	GPUs []string
	Own  bool
}

// threadVariables are what libraries read, once, when they are loaded.
var threadVariables = []string{"OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"}

// Variables make the libraries of tasks use what the seat has, and no more. base is
// the environment of the worker, NAME=VALUE: a smaller number of threads there stays.
func (s Seat) Variables(base []string) (list []string) {
	given := map[string]string{}
	for _, v := range base {
		name, value, _ := strings.Cut(v, "=")
		given[name] = value
	}
	for _, name := range threadVariables {
		if n, err := strconv.Atoi(given[name]); err != nil || n < 1 || n > s.Cores {
			list = append(list, name+"="+strconv.Itoa(s.Cores))
		}
	}
	if len(s.GPUs) > 0 {
		list = append(list, "CUDA_VISIBLE_DEVICES="+strings.Join(s.GPUs, ","))
	}
	return list
}

// kind tells apart what is counted apart.
func (s *Seat) kind() [2]bool { return [2]bool{s.Alone, s.Whole} }

// serves tells whether tasks for another seat can be executed here, whatever its GPUs
// are called.
func (s *Seat) serves(o *Seat) bool {
	return s.kind() == o.kind() && s.Cores == o.Cores && s.Own == o.Own && len(s.GPUs) == len(o.GPUs) &&
		s.Dir == o.Dir && slices.Equal(s.Set, o.Set) && bytes.Equal(s.Prepare, o.Prepare)
}

// seat finds an executor for a task, or makes one; nil means that there are not enough
// GPUs left. Tasks that say how large they are get an interpreter for themselves: the
// libraries in it have read their variables. So do all where each has GPUs of its own.
func (w *Worker) seat(r *task.Request, e task.Environment) *executor {
	c := w.o.Hello.Capacity()
	s := Seat{Environment: e, Whole: r.Type == task.RunType, Cores: c.CoresOf(r.Resources), GPUs: w.o.GPUs}
	own := c.GPUsOf(r.Resources)
	s.Alone = r.Resources.Cores > 0 || r.Resources.GPUs > 0 || own > 0 && c.Slots > 1
	if s.Own = s.Alone && own > 0; s.Own {
		s.GPUs = s.GPUs[:min(own, len(s.GPUs))]
	}
	busy, taken := w.occupied(s.Alone)
	for _, x := range w.executors {
		if x.seat.serves(&s) && (!s.Alone || !busy[x] && !slices.ContainsFunc(x.gpus(), func(gpu string) bool { return taken[gpu] })) {
			x.used = time.Now()
			return x
		}
	}
	if s.Own {
		if s.GPUs = w.freeGPUs(taken, own); s.GPUs == nil {
			return nil
		}
	}
	w.makeRoom(&s)
	return w.newExecutor(s)
}

// gpus are those that nobody else's tasks may see.
func (x *executor) gpus() []string {
	if x.seat.Own {
		return x.seat.GPUs
	}
	return nil
}

// occupied are the executors that have tasks, and the GPUs that are theirs alone.
func (w *Worker) occupied(wanted bool) (busy map[*executor]bool, taken map[string]bool) {
	if !wanted {
		return nil, nil
	}
	busy, taken = map[*executor]bool{}, map[string]bool{}
	for _, h := range w.holding {
		busy[h.executor] = true
		for _, gpu := range h.executor.gpus() {
			taken[gpu] = true
		}
	}
	return busy, taken
}

func (w *Worker) freeGPUs(taken map[string]bool, n int) (free []string) {
	for _, gpu := range w.o.GPUs {
		if !taken[gpu] && len(free) < n {
			free = append(free, gpu)
		}
	}
	if len(free) < n {
		return nil
	}
	return free
}
