package pyhost

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// interpreter is one running Python process and the tasks given to it.
type interpreter struct {
	process
	conn   net.Conn
	reader *bufio.Reader

	// given are the tasks without a result yet, in the order of giving; the
	// interpreter starts them in this order. Guarded by the pool.
	given []*entry
	// alone is set while a suspect runs: nothing else is given then.
	alone bool

	outbox *outbox
}

// entry is a task on its way through the pool.
type entry struct {
	request *task.Request
	// suspect means that an interpreter died while this and other tasks ran
	// in it: it must run alone, to find out which one it was.
	suspect bool
	// stopped means that nobody wants the result.
	stopped bool
	// first is when the task became one of those that can be running.
	first time.Time
}

// process is the part of an interpreter that depends on how it was started.
type process struct {
	pid      int
	out, err *os.File // what tasks print to descriptors 1 and 2
	// wait blocks until the process has ended and tells how, if that is known.
	wait func() string
}

func newInterpreter(p process, conn net.Conn) *interpreter {
	return &interpreter{
		process: p, conn: conn, reader: bufio.NewReaderSize(conn, 64<<10), outbox: newOutbox(conn),
	}
}

// greet waits for the interpreter's first message.
func (i *interpreter) greet(limit time.Duration) error {
	_ = i.conn.SetReadDeadline(time.Now().Add(limit))
	defer i.conn.SetReadDeadline(time.Time{})
	if _, err := task.ReadFrame(i.reader); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return fmt.Errorf("no answer within %s", limit)
		}
		return fmt.Errorf("it ended at once%s", i.lastWords())
	}
	return nil
}

// read returns the results that have arrived, at least one, until the
// interpreter is gone.
func (i *interpreter) read() ([]task.Result, error) {
	var all []task.Result
	for len(all) == 0 || i.reader.Buffered() > 8 {
		frame, err := task.ReadFrame(i.reader)
		if err != nil {
			return all, err
		}
		var header struct {
			Results json.RawMessage `json:"results"`
		}
		if err := json.Unmarshal(frame.Header, &header); err != nil {
			return all, fmt.Errorf("python interpreter %d: %w", i.pid, err)
		}
		results, err := task.DecodeResults(header.Results, frame.Blobs)
		if err != nil {
			return all, fmt.Errorf("python interpreter %d: %w", i.pid, err)
		}
		all = append(all, results...)
	}
	return all, nil
}

// lastWords is what the interpreter printed before it ended, for an error.
func (i *interpreter) lastWords() string {
	const most = 4 << 10
	info, err := i.process.err.Stat()
	if err != nil || info.Size() == 0 {
		return ""
	}
	text := make([]byte, min(most, info.Size()))
	n, _ := i.process.err.ReadAt(text, info.Size()-int64(len(text)))
	return ": " + strings.TrimSpace(string(text[:n]))
}

func (i *interpreter) close() {
	i.outbox.close()
	_ = i.conn.Close()
	_ = i.out.Close()
	_ = i.process.err.Close()
}
