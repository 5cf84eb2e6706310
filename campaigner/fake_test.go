package campaigner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/ledger"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// fakeCluster stands for the cluster: it keeps what it was given until it is told
// that the end was taken. It outlives services.
type fakeCluster struct {
	mu      sync.Mutex
	service *Service
	rows    map[string]Row // known
	ends    map[string]End // of those that have ended
	queue   []string       // not ended, in the order in which they came
	begun   map[string]int // "campaign/row" -> attempts
	refuse  error          // of Submit
	hook    func(point string)
	most    int // in flight at a time
}

func newFake() *fakeCluster {
	return &fakeCluster{rows: map[string]Row{}, ends: map[string]End{}, begun: map[string]int{}, hook: func(string) {}}
}

func (f *fakeCluster) Register(_ context.Context, document json.RawMessage, _ bool) (string, error) {
	return task.DocumentIdentifier(document), nil
}

func (f *fakeCluster) Submit(_ context.Context, rows []Row) error {
	f.hook("before submit")
	f.mu.Lock()
	if err := f.refuse; err != nil {
		f.mu.Unlock()
		return err
	}
	for _, row := range rows {
		if _, known := f.rows[row.Run]; !known {
			f.rows[row.Run] = row
			f.queue = append(f.queue, row.Run)
			f.begun[key(row.Campaign, row.Number)]++
		}
	}
	f.most = max(f.most, len(f.queue))
	f.mu.Unlock()
	f.hook("after submit")
	return nil
}

func key(campaign string, row int) string { return fmt.Sprintf("%s/%d", campaign, row) }

func (f *fakeCluster) Cancel(_ context.Context, runs []string, _ string) error {
	for _, run := range runs {
		f.end(run, func(e *End) { e.State = Cancelled })
	}
	return nil
}

func (f *fakeCluster) Known(runs []string) map[string]bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	known := map[string]bool{}
	for _, run := range runs {
		if _, ok := f.rows[run]; ok {
			known[run] = true
		}
		if e, ok := f.ends[run]; ok {
			go f.service.Ended([]End{e})
		}
	}
	return known
}

func (f *fakeCluster) Taken(runs []string) {
	f.hook("taken")
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, run := range runs {
		delete(f.rows, run)
		delete(f.ends, run)
	}
}

// end ends a run that is known.
func (f *fakeCluster) end(run string, how func(*End)) {
	f.mu.Lock()
	row, known := f.rows[run]
	if _, over := f.ends[run]; !known || over {
		f.mu.Unlock()
		return
	}
	now := time.Now()
	e := End{
		Run: run, Campaign: row.Campaign, Row: row.Number, State: Succeeded, Host: "n1", Worker: "w", Started: now, Ended: now,
		Outputs: json.RawMessage(`{"result":1}`), Steps: []task.Step{{Node: "a", Duration: time.Millisecond}},
	}
	how(&e)
	f.ends[run] = e
	f.queue = slices.DeleteFunc(f.queue, func(r string) bool { return r == run })
	service := f.service
	f.mu.Unlock()
	service.Ended([]End{e})
}

// waiting are the rows that have not ended, the first that came first.
func (f *fakeCluster) waiting() (rows []Row) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, run := range f.queue {
		rows = append(rows, f.rows[run])
	}
	return rows
}

// forget makes the cluster lose all that it knows, as without a journal.
func (f *fakeCluster) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.rows)
	clear(f.ends)
	f.queue = nil
}

// world is a service, its folder and its cluster.
type world struct {
	*testing.T
	o     Options
	fake  *fakeCluster
	s     *Service
	under Folder
}

func newWorld(t *testing.T, change func(*Options)) *world {
	w := &world{T: t, fake: newFake(), o: Options{Dir: t.TempDir(), Window: 50}}
	w.o.Runs, w.under = w.fake, Folder{w.o.Dir}
	if change != nil {
		change(&w.o)
	}
	w.start()
	t.Cleanup(func() { w.s.Stop() })
	return w
}

func (w *world) start() {
	w.Helper()
	s := New(w.o)
	w.fake.mu.Lock()
	w.fake.service = s
	w.fake.mu.Unlock()
	w.s = s
	if err := s.Start(); err != nil {
		w.Fatal(err)
	}
}

func (w *world) restart() {
	w.Helper()
	if err := w.s.Stop(); err != nil {
		w.Fatal(err)
	}
	w.start()
}

const document = `{"graph":{"id":"w"},"nodes":[{"id":"a","task_type":"method","task_identifier":"t.a","force_start_node":true}]}`

// submission is of rows with the parameters x.
func submission(name string, x []int, change func(*Plan)) Submission {
	p := Plan{Definition: campaign.Definition{Name: name, Workflow: "w.json"}, Columns: []string{"x"}}
	if change != nil {
		change(&p)
	}
	wf := new(workflow.Workflow)
	if err := wf.UnmarshalJSON([]byte(document)); err != nil {
		panic(err)
	}
	return Submission{Plan: p, Document: json.RawMessage(document), WorkflowHash: campaign.WorkflowHash(wf), Items: items(wf, x)}
}

func items(wf *workflow.Workflow, x []int) iter.Seq2[campaign.Item, error] {
	hash := campaign.WorkflowHash(wf)
	return func(yield func(campaign.Item, error) bool) {
		for i, x := range x {
			value := json.RawMessage(fmt.Sprint(x))
			item := campaign.Item{Number: i, Params: fmt.Appendf(nil, `{"x":%d}`, x), Key: campaign.Key(hash, []workflow.GraphInput{{Name: "x", Value: value}})}
			if !yield(item, nil) {
				return
			}
		}
	}
}

func upTo(n int) []int {
	x := make([]int, n)
	for i := range x {
		x[i] = i
	}
	return x
}

func (w *world) submit(name string, n int, change func(*Plan)) Submitted {
	w.Helper()
	done, err := w.s.Submit(w.Context(), submission(name, upTo(n), change))
	if err != nil {
		w.Fatal(err)
	}
	return done
}

// await waits for a condition.
func (w *world) await(what string, ok func() bool) {
	w.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			w.Fatalf("not within 20 s: %s; %d rows are in flight", what, len(w.fake.waiting()))
		}
		time.Sleep(500 * time.Microsecond)
	}
}

// flying waits until so many rows are in flight, and returns them.
func (w *world) flying(n int) []Row {
	w.Helper()
	w.await(fmt.Sprintf("%d rows in flight", n), func() bool { return len(w.fake.waiting()) == n })
	return w.fake.waiting()
}

func (w *world) status(name string) Status {
	w.Helper()
	s, err := w.under.Status(w.Context(), name)
	if err != nil {
		w.Fatal(err)
	}
	return s
}

// ended waits for the end of a campaign.
func (w *world) ended(name string) Status {
	w.Helper()
	w.await(name+" has ended", func() bool { return w.status(name).Phase == Ended })
	return w.status(name)
}

func (w *world) counts(name string, want campaign.Counts) {
	w.Helper()
	var got campaign.Counts
	deadline := time.Now().Add(20 * time.Second)
	for got = w.status(name).Counts; got != want; got = w.status(name).Counts {
		if time.Now().After(deadline) {
			w.Fatalf("%s: %+v, want %+v", name, got, want)
		}
		time.Sleep(time.Millisecond)
	}
}

// finish ends all that is in flight, and what follows, until the campaign has ended.
func (w *world) finish(name string) Status {
	w.Helper()
	w.await(name+" has ended", func() bool {
		for _, row := range w.fake.waiting() {
			w.fake.end(row.Run, func(*End) {})
		}
		return w.status(name).Phase == Ended
	})
	return w.status(name)
}

func (w *world) row(name string, number int) ledger.Row {
	w.Helper()
	var found ledger.Row
	before := number - 1
	if err := w.under.Rows(w.Context(), name, ledger.Query{After: &before, Limit: 1}, func(r ledger.Row) error { found = r; return nil }); err != nil {
		w.Fatal(err)
	}
	return found
}

func failing(e *End) {
	e.State, e.Failure, e.Outputs = Failed, task.Failure{Cause: task.Exception, Type: "OSError", Message: "no such file", Node: "a"}, nil
}

func losing(e *End) {
	e.State, e.Failure, e.Outputs = Failed, task.Failure{Cause: task.Gone, Message: "the worker is gone"}, nil
}

func interrupting(e *End) { e.State, e.Outputs = Cancelled, nil }

var errBusy = errors.New("the cluster is busy")
