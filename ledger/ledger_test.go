package ledger_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/ledger"
)

func TestHeader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new folder", "a ?#%.db")
	h := ledger.Header{Name: "night", Workflow: "graph.json", WorkflowHash: "ab", Definition: json.RawMessage(`{"retries":2}`), Provenance: ledger.Provenance{
		Packages: map[string]string{"ewokscore": "5.0.0"}, Python: "3.11", EwoksHPC: "1", Host: "h", Container: "c.sif", User: "u", Submitted: epoch,
	}}
	l, err := ledger.Create(t.Context(), path, h, ledger.Options{Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	if phase, err := l.Phase(t.Context()); phase != ledger.Filling || err != nil {
		t.Errorf("phase %q, %v", phase, err)
	}
	if document, err := l.Document(t.Context()); document != nil || err != nil {
		t.Errorf("document %q, %v", document, err)
	}
	for _, err := range []error{l.SetPhase(t.Context(), ledger.Paused), l.SetDocument(t.Context(), json.RawMessage(`{"nodes":[]}`)), l.Close()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if l, err = ledger.Open(t.Context(), path, ledger.Options{}); err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got, err := l.Header(t.Context())
	if err != nil || !reflect.DeepEqual(got, h) {
		t.Errorf("header %+v, %v", got, err)
	}
	phase, _ := l.Phase(t.Context())
	document, _ := l.Document(t.Context())
	if phase != ledger.Paused || string(document) != `{"nodes":[]}` {
		t.Errorf("phase %q, document %s", phase, document)
	}
	for name, mode := range map[string]fs.FileMode{path: 0o600, path + "-wal": 0o600, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, want mode %o", name, info.Mode(), mode)
		}
	}
}

func TestOpenRefused(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string, mode fs.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	l := create(t, items(1))
	for path, want := range map[string]string{
		filepath.Join(dir, "absent.db"): "no such file",
		dir:                             "not a regular file",
		file("open.db", "", 0o644):      "mode 0644",
		file("text.db", strings.Repeat("text ", 900), 0o600): "no ledger",
		file("empty.db", "", 0o600):                          "no ledger",
	} {
		if _, err := ledger.Open(t.Context(), path, ledger.Options{}); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	if _, err := ledger.Create(t.Context(), l.Path(), ledger.Header{}, ledger.Options{}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("created twice: %v", err)
	}
}

func TestLifeOfARow(t *testing.T) {
	l := create(t, items(3))
	if phase, _ := l.Phase(t.Context()); phase != ledger.Active {
		t.Errorf("phase %q", phase)
	}
	begin(t, l, 1, 1)
	if refused, err := l.Begin(t.Context(), ledger.Start{Number: 1, Run: "other"}, ledger.Start{Number: 7, Run: "x"}); err != nil || !slices.Equal(refused, []int{1, 7}) {
		t.Errorf("refused %v, %v", refused, err)
	}
	next, err := l.Next(t.Context(), 5)
	if err != nil || len(next) != 2 || !reflect.DeepEqual(next[1], item(2, next[1].Key)) {
		t.Errorf("next %v, %v", next, err)
	}
	lost := ledger.Result{Number: 1, Run: run(1, 1), State: campaign.Waiting, Cause: ledger.Lost, Ended: epoch}
	finishAll(t, l, lost)
	if r := row(t, l, 1); r.State != campaign.Waiting || r.Attempts != 1 || !reflect.DeepEqual(r.Attempt, ledger.Attempt{State: campaign.Waiting, Cause: ledger.Lost}) {
		t.Errorf("a waiting row has details: %+v", r)
	}
	begin(t, l, 2, 1)
	retry := result(1, 2, campaign.Failed)
	retry.State, retry.Cause = campaign.Waiting, ledger.Retry
	finishAll(t, l, retry)
	begin(t, l, 3, 1)
	finishAll(t, l, result(1, 3, campaign.Done))
	if stale, err := l.Finish(t.Context(), result(1, 2, campaign.Done), result(1, 3, campaign.Failed), lost); err != nil || !slices.Equal(stale, []int{1, 1, 1}) {
		t.Errorf("stale %v, %v", stale, err)
	}
	r := row(t, l, 1)
	want := ledger.Attempt{Number: 3, State: campaign.Done, Cause: ledger.Retry, Run: run(1, 3), Worker: "w1", Job: "77", Node: "n1",
		Started: epoch.Truncate(time.Microsecond), Ended: epoch.Add(time.Second).Truncate(time.Microsecond), PeakMemory: 1 << 30, Log: "log/1"}
	if !reflect.DeepEqual(r.Attempt, want) || string(r.Outputs) != `{"result":1}` || r.Attempts != 3 || r.Attempt.Duration() != time.Second {
		t.Errorf("row %+v\nwant %+v", r, want)
	}
	attempts, err := l.Attempts(t.Context(), 1)
	if err != nil || len(attempts) != 3 || attempts[0].State != "lost" || attempts[1].State != campaign.Failed ||
		attempts[1].ErrorType != "FileNotFoundError" || attempts[1].Task != "integrate" || attempts[1].Cause != ledger.Lost || !reflect.DeepEqual(attempts[2], want) {
		t.Errorf("attempts %+v, %v", attempts, err)
	}
}

// The first success counts, also of an attempt that was given up.
func TestLateSuccess(t *testing.T) {
	for name, meanwhile := range map[string]func(l *ledger.Ledger){
		"waits":     func(*ledger.Ledger) {},
		"runs":      func(l *ledger.Ledger) { begin(t, l, 2, 0) },
		"failed":    func(l *ledger.Ledger) { begin(t, l, 2, 0); finishAll(t, l, result(0, 2, campaign.Failed)) },
		"cancelled": func(l *ledger.Ledger) { _, _ = l.Withdraw(t.Context(), ledger.Filter{}, campaign.Cancelled) },
		"retried": func(l *ledger.Ledger) {
			begin(t, l, 2, 0)
			finishAll(t, l, result(0, 2, campaign.Failed))
			_, _ = l.Reset(t.Context(), ledger.Filter{}, ledger.Retry)
		},
	} {
		l := create(t, items(1))
		begin(t, l, 1, 0)
		if n, err := l.Recover(t.Context(), nil); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		meanwhile(l)
		if stale, err := l.Finish(t.Context(), result(0, 1, campaign.Failed)); err != nil || len(stale) != 1 {
			t.Errorf("%s: a late failure counts: %v, %v", name, stale, err)
		}
		before := row(t, l, 0).Attempts
		finishAll(t, l, result(0, 1, campaign.Done))
		attempts, err := l.Attempts(t.Context(), 0)
		if r := row(t, l, 0); r.State != campaign.Done || r.Attempt.Number != 1 || r.Attempt.Run != run(0, 1) || r.Attempt.Cause != "" || r.Attempts != before || len(attempts) != before || err != nil {
			t.Errorf("%s: %+v, attempts %+v, %v", name, r, attempts, err)
		}
	}
}

// What was asked for again is not answered by what was before.
func TestRerun(t *testing.T) {
	l := create(t, items(4))
	begin(t, l, 1, 0, 1)
	finishAll(t, l, result(0, 1, campaign.Done))
	if n, err := l.Recover(t.Context(), func(run string) bool { return true }); n != 0 || err != nil {
		t.Errorf("recovered %d that are alive, %v", n, err)
	}
	if _, err := l.Recover(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if n, err := l.Reset(t.Context(), ledger.Filter{}, ledger.Retry); n != 0 || err != nil {
		t.Errorf("retry took %d done rows, %v", n, err)
	}
	numbers, err := ledger.ParseNumbers("0-1, 3")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := l.Reset(t.Context(), numbers, ledger.Rerun); n != 1 || err != nil {
		t.Errorf("rerun took %d rows, %v", n, err)
	}
	if stale, err := l.Finish(t.Context(), result(0, 1, campaign.Done)); len(stale) != 1 || err != nil {
		t.Errorf("an old result counts: %v, %v", stale, err)
	}
	if got := counts(t, l); got.Waiting != 4 {
		t.Errorf("counts %+v", got)
	}
	if _, err := l.Reset(t.Context(), numbers, ledger.Lost); err == nil {
		t.Error("reset as lost")
	}
}

func TestPriority(t *testing.T) {
	l := create(t, func(yield func(campaign.Item, error) bool) {
		for i, priority := range []int{0, -1, 5, 0, 5} {
			in := item(i, "k")
			in.Priority = priority
			if !yield(in, nil) {
				return
			}
		}
	})
	next, err := l.Next(t.Context(), 4)
	var got []int
	for _, in := range next {
		got = append(got, in.Number)
	}
	if want := []int{2, 4, 0, 3}; err != nil || !slices.Equal(got, want) {
		t.Errorf("next %v, want %v, %v", got, want, err)
	}
}

func TestSummary(t *testing.T) {
	l := create(t, items(60))
	var results []ledger.Result
	for n := range 50 {
		begin(t, l, 1, n)
		r := result(n, 1, campaign.Failed)
		r.Ended = epoch.Add(time.Duration(n) * time.Second)
		switch {
		case n < 10:
			r = result(n, 1, campaign.Done)
			r.Ended = epoch
		case n < 20:
			r.Failure.Type, r.Task = "", ""
			r.Failure.Cause = "timeout"
		case n < 25:
			r.Failure.Type = "Rare" + string(rune('A'+n))
		}
		results = append(results, r)
	}
	finishAll(t, l, results...)
	begin(t, l, 1, 55)
	if n, err := l.Withdraw(t.Context(), ledger.InState(campaign.Waiting), campaign.Skipped); n != 9 || err != nil {
		t.Errorf("withdrawn %d, %v", n, err)
	}
	s, err := l.Summary(t.Context(), epoch.Add(49*time.Second), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if s.Counts != (campaign.Counts{Running: 1, Done: 10, Failed: 40, Skipped: 9}) || s.Total() != 60 || s.Recent != 11 ||
		!s.FirstEnd.Equal(epoch.Truncate(time.Microsecond)) || !s.LastEnd.Equal(epoch.Add(49*time.Second)) {
		t.Errorf("summary %+v", s)
	}
	if len(s.Reasons) != 7 || s.Reasons[0].String() != "25x FileNotFoundError in integrate" || s.Reasons[1].String() != "10x timeout" || s.Reasons[1].Example != 10 || s.OtherReasons != 0 {
		t.Errorf("reasons %v", s.Reasons)
	}
	n := 0
	for r, err := range l.Failed(t.Context()) {
		if n++; err != nil || r.State != campaign.Failed {
			t.Fatal(r, err)
		}
	}
	if n != 40 {
		t.Errorf("%d failed", n)
	}
}

func TestBoundedDetails(t *testing.T) {
	l := create(t, items(3))
	begin(t, l, 1, 0, 1, 2)
	long := result(0, 1, campaign.Failed)
	long.Failure.Message = strings.Repeat("é", 100_000) + "\xff"
	large, wrong := result(1, 1, campaign.Done), result(2, 1, campaign.Done)
	large.Outputs = json.RawMessage(`"` + strings.Repeat("x", ledger.MaxOutputs) + `"`)
	wrong.Outputs = json.RawMessage("{")
	finishAll(t, l, long, large, wrong)
	if m := row(t, l, 0).Attempt.Message; len(m) > 20_000 || !strings.HasSuffix(m, "é...") {
		t.Errorf("message of %d bytes ends in %q", len(m), m[len(m)-10:])
	}
	if got := string(row(t, l, 1).Outputs); got != `{"omitted": "1048578 bytes"}` {
		t.Errorf("outputs %.100s", got)
	}
	if got := string(row(t, l, 2).Outputs); got != `{"omitted": "not JSON"}` {
		t.Errorf("outputs %.100s", got)
	}
}

func TestWrongCalls(t *testing.T) {
	l := create(t, items(2))
	begin(t, l, 1, 0)
	for name, call := range map[string]func() error{
		"state": func() error {
			_, err := l.Finish(t.Context(), result(0, 1, campaign.Done), result(0, 1, campaign.Running))
			return err
		},
		"no cause":  func() error { _, err := l.Finish(t.Context(), result(0, 1, campaign.Waiting)); return err },
		"no run":    func() error { _, err := l.Begin(t.Context(), ledger.Start{Number: 1}); return err },
		"withdrawn": func() error { _, err := l.Withdraw(t.Context(), ledger.Filter{}, campaign.Done); return err },
		"no key":    func() error { _, err := l.AddRows(t.Context(), keyed("")); return err },
	} {
		if err := call(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if r := row(t, l, 0); r.State != campaign.Running {
		t.Errorf("half a batch was kept: %+v", r)
	}
}

// Results are recorded however many read, and each reader sees one state.
func TestReadersAndWriter(t *testing.T) {
	l := create(t, items(100))
	for range 3 {
		next, stop := iter.Pull2(l.Rows(t.Context(), ledger.Query{}))
		defer stop()
		if r, err, _ := next(); err != nil || r.State != campaign.Waiting {
			t.Fatal(r, err)
		}
		defer func() {
			for r, err, ok := next(); ok; r, err, ok = next() {
				if err != nil || r.State != campaign.Waiting {
					t.Fatalf("a reader sees what came after it began: %+v, %v", r, err)
				}
			}
		}()
	}
	begin(t, l, 1, 50)
	finishAll(t, l, result(50, 1, campaign.Done))
	if got := counts(t, l); got.Done != 1 {
		t.Errorf("counts %+v", got)
	}
}
