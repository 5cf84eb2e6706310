package worker_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
	"github.com/ewoks-hpc/ewoks-hpc/pyhost"
	"github.com/ewoks-hpc/ewoks-hpc/runner"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/worker"
)

// launcher stands at the other end of the connection: it has rows for one worker, and
// tells it to leave after so many results.
type launcher struct {
	store       string
	environment task.Environment
	leaveAfter  int

	mu      sync.Mutex
	rows    []*task.Request
	results map[task.ID]task.Result
	given   map[task.ID]bool
	most    int // rows that the worker has had at a time
}

func (l *launcher) Subscribe(string, func(broker.Msg)) (func(), error) { return func() {}, nil }

func (l *launcher) Request(_ context.Context, subject string, data []byte) ([]byte, error) {
	if subject == broker.WorkSubject("w", broker.Hello) {
		return task.EncodeJSON(task.Welcome{Heartbeat: time.Second, Store: l.store}), nil
	}
	turn, err := task.DecodeTurn(data)
	if err != nil {
		return nil, err
	}
	return task.EncodeReply(l.answer(turn)), nil
}

func (l *launcher) answer(turn *task.Turn) *task.Reply {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range turn.Results {
		l.results[r.ID] = r
		delete(l.given, r.ID)
	}
	for _, id := range turn.Returned {
		delete(l.given, id)
		l.rows = append(l.rows, &task.Request{ID: id})
	}
	reply := &task.Reply{Number: turn.Number, Leave: len(l.results) >= l.leaveAfter, Environments: map[string]task.Environment{}}
	if reply.Leave || turn.Leaving {
		return reply
	}
	n := min(turn.Free+turn.Ahead, len(l.rows))
	reply.Requests, l.rows = l.rows[:n:n], l.rows[n:]
	for _, r := range reply.Requests {
		l.given[r.ID] = true
		reply.Environments[r.Run] = l.environment
	}
	l.most = max(l.most, len(l.given))
	return reply
}

const rowDocument = `{"graph":{"id":"g"},"nodes":[` +
	`{"id":"a","task_type":"method","task_identifier":"operator.add","default_inputs":[{"name":1,"value":1}]},` +
	`{"id":"b","task_type":"method","task_identifier":"operator.add","default_inputs":[{"name":1,"value":1}]}],` +
	`"links":[{"source":"a","target":"b","data_mapping":[{"source_output":"return_value","target_input":0}]}]}`

// rows are that many runs of a short workflow, of which the launcher has the document.
func (l *launcher) fill(t *testing.T, rows int) {
	t.Helper()
	id := task.DocumentIdentifier([]byte(rowDocument))
	path, err := task.DocumentPath(l.store, id)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if err == nil {
		err = os.WriteFile(path, []byte(rowDocument), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		text, err := json.Marshal(task.Whole{Inputs: json.RawMessage(fmt.Sprintf(`[{"id":"a","name":0,"value":%d}]`, i))})
		if err != nil {
			t.Fatal(err)
		}
		l.rows = append(l.rows, &task.Request{
			ID: task.ID{Run: fmt.Sprint("row", i), Seq: 1}, Attempt: 1, Node: "row", Type: task.RunType, Identifier: id, Wanted: task.Wanted{Show: true, None: true},
			Inputs: []task.Named{{Name: task.WholeInput, Value: task.Value{Kind: task.Literal, JSON: text}}},
		})
	}
}

// work runs a worker of two slots until it is told to leave. It returns how many
// interpreters it has started.
func (l *launcher) work(t *testing.T) int {
	t.Helper()
	python, err := pyhost.Find("", os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	var starts atomic.Int32
	w := worker.New(worker.Options{
		Hello: task.Hello{Worker: "w", Slots: 2}, Conn: l,
		Start: func(s worker.Seat) (worker.Executor, error) {
			if !s.Whole {
				return nil, fmt.Errorf("a seat for tasks: %+v", s)
			}
			return runner.NewWhole(runner.WholeOptions{Lanes: 2, Store: s.Store, OnResults: s.OnResults, Start: func(onResults func([]task.Result)) (runner.Interpreter, error) {
				starts.Add(1)
				return pyhost.Start(pyhost.Options{Python: python, Dir: s.Dir, Store: s.Store, OnResults: onResults})
			}}), nil
		},
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := w.Run(ctx); err != nil || ctx.Err() != nil {
		t.Fatalf("the worker: %v, %v", err, context.Cause(ctx))
	}
	return int(starts.Load())
}

// Rows that are short are sent ahead, and each has its result.
func TestWholeRuns(t *testing.T) {
	const rows = 400
	l := &launcher{store: t.TempDir(), environment: task.Environment{Dir: t.TempDir()}, leaveAfter: rows, results: map[task.ID]task.Result{}, given: map[task.ID]bool{}}
	l.fill(t, rows)
	starts := l.work(t)
	for i := range rows {
		r := l.results[task.ID{Run: fmt.Sprint("row", i), Seq: 1}]
		if r.Status != task.Succeeded || len(r.Shown) != 1 || string(r.Shown[0].JSON) != fmt.Sprint(i+2) || len(r.Steps) != 2 {
			t.Fatalf("row %d: %+v", i, r)
		}
	}
	if starts > 2 || l.most <= 2 {
		t.Errorf("%d interpreters were started for 2 slots, at most %d rows at hand", starts, l.most)
	}
}

// A worker that has to leave brings the results of what it has begun, and gives back
// the rest.
func TestWholeRunsLeft(t *testing.T) {
	const rows = 400
	l := &launcher{store: t.TempDir(), environment: task.Environment{Dir: t.TempDir()}, leaveAfter: rows / 4, results: map[task.ID]task.Result{}, given: map[task.ID]bool{}}
	l.fill(t, rows)
	l.work(t)
	if len(l.given) > 0 || len(l.rows)+len(l.results) != rows || len(l.results) < rows/4 || len(l.results) == rows {
		t.Errorf("of %d rows %d have results, %d wait, %d are nowhere", rows, len(l.results), len(l.rows), len(l.given))
	}
	for id, r := range l.results {
		if r.Status != task.Succeeded {
			t.Errorf("%s: %+v", id, r.Failure)
		}
	}
}
