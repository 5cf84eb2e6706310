package ledger_test

import (
	"errors"
	"io/fs"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/ledger"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// waits is the end of an attempt after which the row waits again.
func waits(number, attempt int, cause ledger.Cause) ledger.Result {
	r := result(number, attempt, campaign.Failed)
	r.State, r.Cause = campaign.Waiting, cause
	return r
}

// What was tried counts until somebody asks for the row.
func TestTries(t *testing.T) {
	l := create(t, items(3))
	for attempt, cause := range []ledger.Cause{ledger.Retry, ledger.Lost, ledger.Retry} {
		begin(t, l, attempt+1, 0)
		finishAll(t, l, waits(0, attempt+1, cause))
	}
	begin(t, l, 4, 0)
	got, err := l.Tries(t.Context(), 0, 1, 2)
	if want := map[int]ledger.Tries{0: {Failed: 2, Lost: 1}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("tries %v, %v, want %v", got, err, want)
	}
	finishAll(t, l, result(0, 4, campaign.Failed))
	if n, err := l.Reset(t.Context(), ledger.InState(campaign.Failed), ledger.Retry); n != 1 || err != nil {
		t.Fatalf("reset %d, %v", n, err)
	}
	if got, err := l.Tries(t.Context(), 0); err != nil || len(got) > 0 {
		t.Errorf("tries after a reset: %v, %v", got, err)
	}
}

// Steps come back as they were, and no more than so many of them.
func TestSteps(t *testing.T) {
	l := create(t, items(2))
	begin(t, l, 1, 0, 1)
	few := result(0, 1, campaign.Done)
	few.Steps = []task.Step{{Node: "a", Duration: 2 * time.Millisecond}, {Node: "b", After: 2 * time.Millisecond, Duration: time.Second, Failed: true}}
	many := result(1, 1, campaign.Done)
	many.Steps = make([]task.Step, ledger.MaxSteps+1)
	finishAll(t, l, few, many)
	for number, want := range [][]task.Step{few.Steps, many.Steps[:ledger.MaxSteps]} {
		attempts, err := l.Attempts(t.Context(), number)
		if err != nil || len(attempts) != 1 || !reflect.DeepEqual(attempts[0].Steps, want) {
			t.Errorf("row %d: %d attempts, %v", number, len(attempts), err)
		}
	}
}

// Places are where rows ended lately.
func TestPlaces(t *testing.T) {
	l := create(t, items(4))
	begin(t, l, 1, 0, 1, 2, 3)
	elsewhere, old := result(1, 1, campaign.Failed), result(3, 1, campaign.Done)
	elsewhere.Node, old.Ended = "n2", epoch.Add(-time.Hour)
	finishAll(t, l, result(0, 1, campaign.Done), elsewhere, result(2, 1, campaign.Done), old)
	got, err := l.Places(t.Context(), epoch)
	if want := []ledger.Place{{Node: "n1", Rows: 2}, {Node: "n2", Rows: 1}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("places %v, %v", got, err)
	}
}

// Of very many rows the last count, so that a status does not read them all.
func TestPlacesOfManyRows(t *testing.T) {
	const last = 10_000
	l := create(t, items(last+5))
	numbers, results := make([]int, last+5), make([]ledger.Result, last+5)
	for i := range numbers {
		numbers[i], results[i] = i, result(i, 1, campaign.Done)
		results[i].Ended = epoch.Add(time.Duration(i) * time.Microsecond)
		if i >= 7 {
			results[i].Node = "n2"
		}
	}
	begin(t, l, 1, numbers...)
	finishAll(t, l, results...)
	got, err := l.Places(t.Context(), epoch)
	if want := []ledger.Place{{Node: "n2", Rows: last - 2}, {Node: "n1", Rows: 2}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("places %v, %v", got, err)
	}
}

// A submission changes everything or nothing.
func TestSubmit(t *testing.T) {
	l := create(t, keyed("a", "b"))
	broken := func(yield func(campaign.Item, error) bool) {
		yield(item(0, "c"), nil)
		yield(campaign.Item{}, errors.New("bad table"))
	}
	s := ledger.Submission{Header: &ledger.Header{Name: "second"}, Document: []byte(`{"graph":{}}`), Items: broken}
	if _, err := l.Submit(t.Context(), s); err == nil {
		t.Error("a table with an error was taken")
	}
	if h, err := l.Header(t.Context()); err != nil || h.Name != "c" || row(t, l, 0).Key != "a" {
		t.Errorf("header %+v, %v", h, err)
	}
	s.Items = keyed("b", "c")
	added, err := l.Submit(t.Context(), s)
	if want := (ledger.Added{Rows: 2, Kept: 1, Dropped: 1}); err != nil || added != want {
		t.Errorf("added %+v, %v", added, err)
	}
	h, err := l.Header(t.Context())
	document, failed := l.Document(t.Context())
	if err != nil || failed != nil || h.Name != "second" || string(document) != `{"graph":{}}` {
		t.Errorf("header %+v, %v, document %s, %v", h, err, document, failed)
	}
}

func TestRemove(t *testing.T) {
	l := create(t, items(1))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(ledger.Remove(l.Path()), ledger.Remove(l.Path())); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(l.Path()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the ledger is there: %v", err)
	}
}
