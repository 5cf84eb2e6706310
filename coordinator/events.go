package coordinator

import (
	"encoding/json"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Progress is what clients that watch a run are told from time to time.
type Progress struct {
	Status  engine.Status `json:"status"`
	Counts  engine.Counts `json:"counts"`
	Printed []Printed     `json:"printed,omitempty"`
	// Reason is why the run was cancelled. A cluster that goes down may not be there
	// any more when somebody asks.
	Reason string `json:"reason,omitempty"`
}

// Printed is what one task printed.
type Printed struct {
	Node   string `json:"node"`
	Task   uint64 `json:"task"`
	Stdout string `json:"stdout,omitempty"`
	Stderr string `json:"stderr,omitempty"`
}

// maxPrinted bounds the bytes of output that wait for the next event of a run.
const maxPrinted = 256 << 10

func (c *Coordinator) print(r *run, result task.Result) {
	node, ok := r.state.Node(result.Seq)
	if !ok {
		return
	}
	if r.row != nil && r.row.Row.Whole {
		node = ""
	}
	p := Printed{Node: node, Task: result.Seq, Stdout: result.Stdout, Stderr: result.Stderr}
	if c.o.Printed != nil && r.row == nil {
		c.o.Printed(r.id, p)
	}
	size := 0
	for _, q := range r.printed {
		size += len(q.Stdout) + len(q.Stderr)
	}
	if size < maxPrinted {
		r.printed = append(r.printed, p)
	}
}

// publishEvents tells those who watch what has changed since the last time.
func (c *Coordinator) publishEvents(time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.runs {
		if r.changed && r.state != nil && r.row == nil {
			c.publish(r)
		}
	}
}

func (c *Coordinator) publish(r *run) {
	p := Progress{Status: engine.Running, Printed: r.printed}
	if r.state != nil {
		p.Counts = r.state.Counts()
	} else {
		p.Status, p.Counts = r.outcome.Status, r.counts
		if p.Status == engine.Cancelled {
			p.Reason = r.outcome.Failure.Message
		}
	}
	r.printed, r.changed = nil, false
	data, err := json.Marshal(p)
	if err == nil {
		err = c.o.Conn.Publish(broker.EventsSubject(r.id), data)
	}
	if err != nil {
		c.o.Logger.Warn("event not published", "run", r.id, "error", err)
	}
}
