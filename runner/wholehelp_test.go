package runner_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/pyhost"
	"github.com/ewoks-hpc/ewoks-hpc/runner"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// executor is a Whole with real interpreters, ended with the test.
type executor struct {
	*runner.Whole
	t       testing.TB
	store   string
	results chan task.Result
	// starts is the number of interpreters that were started.
	starts atomic.Int32
}

// options are those of an interpreter that finds the tasks of the tests.
func options(t testing.TB, python string) pyhost.Options {
	t.Helper()
	found, err := pyhost.Find(python, os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	return pyhost.Options{Python: found, Dir: dir, Env: append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")}
}

func startWhole(t testing.TB, lanes int, python string) *executor {
	t.Helper()
	o := options(t, python)
	o.Store = t.TempDir()
	x := &executor{t: t, store: o.Store, results: make(chan task.Result, 1000)}
	x.Whole = runner.NewWhole(runner.WholeOptions{
		Lanes: lanes, Store: o.Store,
		OnResults: func(results []task.Result) {
			for _, r := range results {
				x.results <- r
			}
		},
		Start: func(onResults func([]task.Result)) (runner.Interpreter, error) {
			x.starts.Add(1)
			own := o
			own.OnResults = onResults
			return pyhost.Start(own)
		},
	})
	t.Cleanup(x.Close)
	return x
}

// keep puts a document into the store and returns its identifier.
func (x *executor) keep(document string) string {
	x.t.Helper()
	id := task.DocumentIdentifier([]byte(document))
	x.write(id, document)
	return id
}

func (x *executor) write(id, text string) {
	x.t.Helper()
	path, err := task.DocumentPath(x.store, id)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o600)
	}
	if err != nil {
		x.t.Fatal(err)
	}
}

func (x *executor) request(row int, id string, w task.Whole) *task.Request {
	x.t.Helper()
	text, err := json.Marshal(w)
	if err != nil {
		x.t.Fatal(err)
	}
	return &task.Request{
		ID: task.ID{Run: fmt.Sprint("row", row), Seq: 1}, Attempt: 1, Node: "row", Type: task.RunType, Identifier: id,
		Inputs: []task.Named{{Name: task.WholeInput, Value: task.Value{Kind: task.Literal, JSON: text}}},
		Wanted: task.Wanted{Show: true, None: true},
	}
}

// collect waits for results and puts them into the order of their rows.
func (x *executor) collect(n int) (all []task.Result) {
	x.t.Helper()
	late := time.NewTimer(60 * time.Second)
	defer late.Stop()
	for len(all) < n {
		select {
		case r := <-x.results:
			all = append(all, r)
		case <-late.C:
			x.t.Fatalf("%d results of %d within a minute", len(all), n)
		}
	}
	slices.SortFunc(all, func(a, b task.Result) int {
		return cmp.Or(cmp.Compare(len(a.Run), len(b.Run)), cmp.Compare(a.Run, b.Run))
	})
	return all
}

// execute executes one run of a document.
func (x *executor) execute(document string, w task.Whole) task.Result {
	x.t.Helper()
	x.Submit([]*task.Request{x.request(0, x.keep(document), w)})
	return x.collect(1)[0]
}
