package ledger_test

import (
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/ledger"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC)

// items makes rows 0 to n-1; the key of each is that of its index in keys.
func items(n int) iter.Seq2[campaign.Item, error] {
	return func(yield func(campaign.Item, error) bool) {
		for i := range n {
			if !yield(item(i, fmt.Sprintf("key%029d", i)), nil) {
				return
			}
		}
	}
}

func item(number int, key string) campaign.Item {
	return campaign.Item{Number: number, Key: key, Params: fmt.Appendf(nil, `{"path":"raw/scan_%06d.h5","threshold":%d}`, number, number%7)}
}

func keyed(keys ...string) iter.Seq2[campaign.Item, error] {
	return func(yield func(campaign.Item, error) bool) {
		for i, key := range keys {
			if !yield(item(i, key), nil) {
				return
			}
		}
	}
}

func create(t testing.TB, rows iter.Seq2[campaign.Item, error]) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Create(t.Context(), filepath.Join(t.TempDir(), "c.db"), ledger.Header{Name: "c"}, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	if _, err := l.AddRows(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	return l
}

func run(number, attempt int) string { return fmt.Sprintf("run-%d-%d", number, attempt) }

// begin starts attempts, all with the same number.
func begin(t testing.TB, l *ledger.Ledger, attempt int, numbers ...int) {
	t.Helper()
	var starts []ledger.Start
	for _, n := range numbers {
		starts = append(starts, ledger.Start{Number: n, Run: run(n, attempt), At: epoch})
	}
	if refused, err := l.Begin(t.Context(), starts...); err != nil || len(refused) > 0 {
		t.Fatalf("begin: refused %v, %v", refused, err)
	}
}

func result(number, attempt int, state campaign.State) ledger.Result {
	r := ledger.Result{Number: number, Run: run(number, attempt), State: state, Started: epoch, Ended: epoch.Add(time.Second), Worker: "w1", Job: "77", Node: "n1", PeakMemory: 1 << 30, Log: "log/1"}
	switch state {
	case campaign.Done:
		r.Outputs = fmt.Appendf(nil, `{"result":%d}`, number)
	case campaign.Failed:
		r.Failure, r.Task = task.Failure{Cause: task.Exception, Type: "FileNotFoundError", Message: "no such file"}, "integrate"
	}
	return r
}

func finishAll(t testing.TB, l *ledger.Ledger, results ...ledger.Result) {
	t.Helper()
	if stale, err := l.Finish(t.Context(), results...); err != nil || len(stale) > 0 {
		t.Fatalf("finish: stale %v, %v", stale, err)
	}
}

func row(t testing.TB, l *ledger.Ledger, number int) ledger.Row {
	t.Helper()
	after := number - 1
	for r, err := range l.Rows(context.Background(), ledger.Query{After: &after, Limit: 1}) {
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	t.Fatalf("there is no row %d", number)
	return ledger.Row{}
}

func counts(t testing.TB, l *ledger.Ledger) campaign.Counts {
	t.Helper()
	s, err := l.Summary(t.Context(), epoch, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return s.Counts
}
