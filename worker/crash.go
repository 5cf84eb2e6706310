package worker

import (
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// crashTime is how long the end of an interpreter is kept back.
const crashTime = 500 * time.Millisecond

// fromExecutor takes results from executors. Slurm sends SIGTERM to all processes of
// a job that is cancelled, preempted or out of time, to the interpreters perhaps
// before this one: that an interpreter came to an end is believed only when this
// worker was not told to end within a moment.
func (w *Worker) fromExecutor(results []task.Result) {
	var ended, died []task.Result
	for _, r := range results {
		if r.Failure.Cause == task.Died {
			died = append(died, r)
		} else {
			ended = append(ended, r)
		}
	}
	if len(ended) > 0 {
		w.onResults(ended)
	}
	if len(died) > 0 {
		time.AfterFunc(crashTime, func() { w.onResults(w.excused(died)) })
	}
}

// excused makes tasks whose interpreters have ended lost, not failed, if the worker
// has to end too.
func (w *Worker) excused(died []task.Result) []task.Result {
	w.mu.Lock()
	ending := w.deadline != nil || w.ctx.Err() != nil
	w.mu.Unlock()
	for i := range died {
		if ending {
			died[i].Status, died[i].Failure.Cause = task.Lost, task.Gone
		}
	}
	return died
}
