package pyhost

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// lane is one thread of an interpreter, which executes one task at a time, with
// a socket of its own: so no thread has to hand tasks to another.
type lane struct {
	interpreter *interpreter
	conn        net.Conn
	reader      *bufio.Reader
	outbox      *outbox

	// given are the tasks without a result yet; the first one is being executed.
	// Guarded by the pool.
	given []*entry
}

// entry is a task on its way through the pool.
type entry struct {
	request *task.Request
	// incident is set when an interpreter died while this and other tasks ran in
	// it: until it is solved, they run alone, to find out which one it was.
	incident *incident
	// stopped means that nobody wants the result.
	stopped bool
	// first is when the task was first seen to be executed.
	first time.Time
}

// incident is the death of an interpreter with several tasks in it.
type incident struct{ solved bool }

// suspect tells whether the task may be the cause of an unsolved incident.
func (e *entry) suspect() bool { return e.incident != nil && !e.incident.solved }

func newLane(i *interpreter, conn net.Conn) *lane {
	return &lane{interpreter: i, conn: conn, reader: bufio.NewReaderSize(newSpinner(conn), 64<<10), outbox: newOutbox(conn)}
}

// read returns the results that have arrived, at least one, until the
// interpreter is gone.
func (l *lane) read() ([]task.Result, error) {
	var all []task.Result
	for len(all) == 0 || l.reader.Buffered() > 8 {
		frame, err := task.ReadFrame(l.reader)
		if err != nil {
			return all, err
		}
		var header struct {
			Results json.RawMessage `json:"results"`
		}
		if err := json.Unmarshal(frame.Header, &header); err != nil {
			return all, fmt.Errorf("python interpreter %d: %w", l.interpreter.pid, err)
		}
		results, err := task.DecodeResults(header.Results, frame.Blobs)
		if err != nil {
			return all, fmt.Errorf("python interpreter %d: %w", l.interpreter.pid, err)
		}
		date(results, time.Now())
		all = append(all, results...)
	}
	return all, nil
}

// date tells of results that have just arrived when their tasks began.
func date(results []task.Result, now time.Time) {
	for i := range results {
		if r := &results[i]; r.Started.IsZero() && r.Status != task.Skipped {
			r.Started = now.Add(-r.Duration)
		}
	}
}
