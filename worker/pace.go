package worker

import "time"

// pace tells from the durations of recent tasks how many the worker should have
// at hand, so that it need not wait for the coordinator between short ones.
type pace struct {
	took time.Duration // of recent tasks: rises at once, falls slowly
	last time.Time     // when a task ended last, or tasks came
	any  bool
}

const (
	aheadTime = 5 * time.Millisecond // the work to have at hand
	aheadMost = 256                  // tasks
)

func (p *pace) learn(now time.Time, took time.Duration) {
	if p.any && took < p.took {
		took = p.took - (p.took-took)/8
	}
	p.took, p.last, p.any = took, now, true
}

// come notes that there are new tasks: they have their time, however long nothing was
// there to end before.
func (p *pace) come(now time.Time) { p.last = now }

// ahead is the number of tasks to have beyond those that are executed.
func (p *pace) ahead() int {
	if !p.any {
		return 0
	}
	return min(aheadMost, int(aheadTime/max(p.took, time.Microsecond)))
}

// short tells whether tasks take no longer than what it costs to bring them.
func (p *pace) short() bool { return p.any && p.took < time.Millisecond }

// quiet is the time since a task ended or tasks came.
func (p *pace) quiet() time.Duration {
	if !p.any {
		return 0
	}
	return time.Since(p.last)
}
