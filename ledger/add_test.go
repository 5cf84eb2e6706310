package ledger_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/ledger"
)

// Rows that are in the table again keep their state, wherever they are now.
func TestAddAgain(t *testing.T) {
	l := create(t, keyed("a", "b", "b", "c", "gone"))
	begin(t, l, 1, 0, 1, 2)
	for _, keys := range [][]string{{"a"}, {"new", "a", "b", "b", "c"}} {
		if _, err := l.AddRows(t.Context(), keyed(keys...)); err == nil || !strings.Contains(err.Error(), "rows are running that are others now") {
			t.Errorf("rows that run were taken away: %v", err)
		}
	}
	if added, err := l.AddRows(t.Context(), keyed("a", "b", "b", "c", "gone")); err != nil || added != (ledger.Added{Rows: 5, Kept: 5}) {
		t.Errorf("the same rows again, while some run: %+v, %v", added, err)
	}
	retry := result(2, 1, campaign.Failed)
	retry.State, retry.Cause = campaign.Waiting, ledger.Retry
	finishAll(t, l, result(0, 1, campaign.Done), result(1, 1, campaign.Done), retry)
	added, err := l.AddRows(t.Context(), keyed("new", "b", "a", "c", "b", "b"))
	if err != nil || added != (ledger.Added{Rows: 6, Kept: 4, Dropped: 1}) {
		t.Errorf("added %+v, %v", added, err)
	}
	var got []string
	for r, err := range l.Rows(t.Context(), ledger.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(r.Params), "threshold") || r.Number != len(got) {
			t.Errorf("row %+v", r)
		}
		got = append(got, r.Key+" "+string(r.State))
	}
	if want := []string{"new waiting", "b done", "a done", "c waiting", "b waiting", "b waiting"}; !slices.Equal(got, want) {
		t.Errorf("rows %q, want %q", got, want)
	}
	if attempts, err := l.Attempts(t.Context(), 4); err != nil || len(attempts) != 1 || attempts[0].State != campaign.Failed {
		t.Errorf("history of the row that moved: %+v, %v", attempts, err)
	}
	if stale, err := l.Finish(t.Context(), result(4, 1, campaign.Done)); err != nil || len(stale) != 1 {
		t.Errorf("the run of another row counts: %v, %v", stale, err)
	}
}

// A table that breaks off changes nothing, but for the first.
func TestAddBroken(t *testing.T) {
	broken := errors.New("line 3")
	table := func(yield func(campaign.Item, error) bool) {
		_ = yield(item(0, "x"), nil) && yield(item(1, "y"), nil) && yield(campaign.Item{}, broken)
	}
	l, err := ledger.Create(t.Context(), filepath.Join(t.TempDir(), "c.db"), ledger.Header{}, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for range 2 {
		if _, err := l.AddRows(t.Context(), table); !errors.Is(err, broken) {
			t.Fatal(err)
		}
		if phase, _ := l.Phase(t.Context()); phase != ledger.Filling {
			t.Errorf("phase %q", phase)
		}
	}
	if _, err := l.AddRows(t.Context(), keyed("a", "b", "c")); err != nil {
		t.Fatal(err)
	}
	if _, err := l.AddRows(t.Context(), table); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancelling := func(yield func(campaign.Item, error) bool) {
		cancel()
		for i := 0; yield(item(i, "k"), nil); i++ {
		}
	}
	if _, err := l.AddRows(ctx, cancelling); err == nil {
		t.Error("added without end")
	}
	if got := counts(t, l); got.Waiting != 3 || row(t, l, 2).Key != "c" {
		t.Errorf("counts %+v", got)
	}
	if added, err := l.AddRows(t.Context(), keyed("b", "c")); err != nil || added.Kept != 2 {
		t.Errorf("after a broken one: %+v, %v", added, err)
	}
}
