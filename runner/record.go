package runner

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// record is what is noted of the tasks of a run that is executed as a whole.
type record struct {
	begun time.Time

	mu             sync.Mutex // results may come when the run is over
	steps          []task.Step
	stdout, stderr printed
	peak           int64
}

// take notes how a task ended.
func (d *record) take(r task.Result, node string, _ engine.Counts) {
	if node == "" || r.Status != task.Succeeded && r.Status != task.Failed {
		return // nobody waited for it, or it will be executed again
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.peak = max(d.peak, r.PeakMemory)
	d.stdout.add(node, r.Stdout)
	d.stderr.add(node, r.Stderr)
	if len(d.steps) < task.MaxSteps {
		d.steps = append(d.steps, task.Step{
			Node: node, After: max(0, r.Started.Sub(d.begun)), Duration: r.Duration, Failed: r.Status == task.Failed,
		})
	}
}

// result is that of the whole run.
func (d *record) result(r *task.Request, o engine.Outcome) task.Result {
	d.mu.Lock()
	defer d.mu.Unlock()
	result := task.Result{
		ID: r.ID, Attempt: r.Attempt, Started: d.begun, Duration: time.Since(d.begun), PeakMemory: d.peak,
		Steps: d.steps, Stdout: d.stdout.text(), Stderr: d.stderr.text(),
	}
	if o.Status == engine.Succeeded {
		result.Shown = shown(o.Outputs)
		return result
	}
	result.Status, result.Failure = task.Failed, o.Failure
	result.Failure.Node = o.Node
	return result
}

// refused is the result of a run that cannot even begin.
func refused(r *task.Request, begun time.Time, cause task.Cause, err error) task.Result {
	f := task.Failure{Cause: cause, Message: err.Error()}
	if h, ok := err.(interface{ Hint() string }); ok {
		f.Advice = h.Hint()
	}
	return task.Result{ID: r.ID, Attempt: r.Attempt, Status: task.Failed, Started: begun, Duration: time.Since(begun), Failure: f}
}

// maxShown bounds the outputs of a run in bytes of JSON, as those of a task are.
const maxShown = 1 << 20

// shown are the outputs as JSON; what is too much is told by its size only.
func shown(outputs []engine.Output) (list []task.Shown) {
	room := maxShown
	for _, o := range outputs {
		if o.Name == "" || o.Shown == "" {
			continue
		}
		text := json.RawMessage(o.Shown)
		if len(text) > room {
			text, _ = json.Marshal(map[string]string{"type": kind(o.Shown), "repr": fmt.Sprintf("<%d bytes of JSON, too many to show>", len(o.Shown))})
		}
		room -= len(text)
		list = append(list, task.Shown{Name: o.Name, JSON: text})
	}
	return list
}

// kind is the Python type of a JSON text.
func kind(text string) string {
	switch text[0] {
	case '{':
		return "dict"
	case '[':
		return "list"
	case '"':
		return "str"
	case 't', 'f':
		return "bool"
	case 'n':
		return "NoneType"
	}
	return "number"
}
