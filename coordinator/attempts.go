package coordinator

import (
	"slices"
	"strings"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// maxTold bounds the bytes of each text of a failure that Options.Observe is told.
const maxTold = 2 << 10

// observe tells of an attempt that has ended. The worker had it; request may be nil,
// if it is not known any more.
func (c *Coordinator) observe(r *run, w *worker, result *task.Result, request *task.Request) {
	if c.waiting == nil {
		c.causes.count(result)
	}
	if c.o.Observe == nil && r.row == nil {
		return
	}
	a := attempt(r, w, result, request)
	if r.row != nil {
		r.row.gather(a, result)
	}
	if c.o.Observe != nil && c.waiting == nil {
		c.then(func() { c.o.Observe(a) }) // what is not kept is going to happen once more
	}
}

func attempt(r *run, w *worker, result *task.Result, request *task.Request) task.Attempt {
	a := task.Attempt{
		Run: r.id, Task: result.Seq, Number: result.Attempt, Status: result.Status.String(),
		Started: result.Started, PeakMemory: result.PeakMemory, Steps: result.Steps, Failure: result.Failure,
	}
	if a.Started.IsZero() {
		a.Started = time.Now().Add(-result.Duration)
	}
	a.Ended = a.Started.Add(result.Duration)
	if m := a.Failure.Message; len(m) > maxTold {
		a.Failure.Message = strings.ToValidUTF8(m[:maxTold], "")
	}
	if t := a.Failure.Traceback; len(t) > maxTold { // its end tells most
		a.Failure.Traceback = strings.ToValidUTF8(t[len(t)-maxTold:], "")
	}
	if w != nil {
		a.Worker, a.Pool, a.Host, a.Job = w.hello.Worker, w.hello.Pool, w.hello.Host, w.hello.SlurmJob()
	}
	if request != nil {
		a.Node, a.Label, a.Identifier, a.Cores = request.Node, request.Label, request.Identifier, request.Resources.Cores
	} else if r.state != nil {
		a.Node, _ = r.state.Node(result.Seq)
	}
	if r.row != nil {
		a.Campaign, a.Row = r.row.Row.Campaign, r.row.Row.Number
		if r.row.Row.Whole {
			a.Node, a.Label, a.Identifier = "", "", ""
		}
	}
	return a
}

// earlier remembers who was given tasks that were lost and have not ended: a result of
// an attempt that counted as lost is still taken, but from nobody else.
type earlier map[string]map[task.ID][]try

type try struct {
	worker string
	number int
}

func (e earlier) add(id task.ID, worker string, number int) {
	if e[id.Run] == nil {
		e[id.Run] = map[task.ID][]try{}
	}
	e[id.Run][id] = append(e[id.Run][id], try{worker, number})
}

func (e earlier) had(id task.ID, worker string, number int) bool {
	return slices.Contains(e[id.Run][id], try{worker, number})
}
