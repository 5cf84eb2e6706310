package app

import (
	"slices"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/worker"
)

// A seat for one task is one interpreter with one thread; variables of the run win over
// those of the seat.
func TestInterpreters(t *testing.T) {
	t.Setenv("OMP_NUM_THREADS", "64")
	o := WorkerOptions{Processes: 3, Threads: 2}
	s := worker.Seat{Cores: 4, GPUs: []string{"1"}, Environment: task.Environment{Dir: "/d", Set: []string{"OMP_NUM_THREADS=7"}}}
	p := o.interpreters([]string{"/usr/bin/python3"}, s)
	if p.Processes != 3 || p.Threads != 2 || !p.Fork || p.Dir != "/d" {
		t.Errorf("shared: %d of %d threads, fork %v", p.Processes, p.Threads, p.Fork)
	}
	at := func(v string) int { return slices.Index(p.Env, v) }
	if seat, run := at("OMP_NUM_THREADS=4"), at("OMP_NUM_THREADS=7"); seat < 0 || run < seat || at("CUDA_VISIBLE_DEVICES=1") < 0 {
		t.Errorf("of the seat at %d, of the run at %d", seat, run)
	}
	s.Alone = true
	if p = o.interpreters([]string{"/usr/bin/python3"}, s); p.Processes != 1 || p.Threads != 1 || p.Fork {
		t.Errorf("alone: %d of %d threads, fork %v", p.Processes, p.Threads, p.Fork)
	}
}

// After a warning tasks may go on until shortly before the end, if that is known.
func TestLastMoment(t *testing.T) {
	if end := (WorkerOptions{}).lastMoment(); !end.IsZero() {
		t.Errorf("without a walltime %s", end)
	}
	for left, spare := range map[time.Duration]time.Duration{time.Minute: 10 * time.Second, 20 * time.Second: 4 * time.Second} {
		o := WorkerOptions{EndsAt: time.Now().Add(left)}
		if got := o.EndsAt.Sub(o.lastMoment()); got > spare || got < spare-time.Second {
			t.Errorf("%s before the end: %s are left", left, got)
		}
	}
}
