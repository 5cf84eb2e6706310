package campaigner

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/ledger"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

func TestCampaign(t *testing.T) {
	w := newWorld(t, nil)
	if got := w.submit("c", 120, nil); got != (Submitted{Campaign: "c", Rows: 120}) {
		t.Errorf("submitted %+v", got)
	}
	first := w.flying(50)[0]
	if want := `[{"name":"x","value":0}]`; string(first.Inputs) != want || !first.Whole || first.Workflow != task.DocumentIdentifier([]byte(document)) {
		t.Errorf("row %+v, inputs %s, want %s", first, first.Inputs, want)
	}
	w.fake.end(first.Run, func(e *End) { e.Printed = []Printed{{"a", "hello", ""}} })
	s := w.finish("c")
	if s.Counts != (campaign.Counts{Done: 120}) || w.fake.most > 50 {
		t.Errorf("%+v, at most %d in flight", s.Counts, w.fake.most)
	}
	r := w.row("c", 0)
	if string(r.Outputs) != `{"result":1}` || r.Attempt.Node != "n1" || len(r.Attempt.Steps) != 1 {
		t.Errorf("row %+v", r)
	}
	attempts, err := w.under.Attempts(t.Context(), "c", 0)
	if err != nil || len(attempts) != 1 || !reflect.DeepEqual(attempts[0].Printed, []Printed{{"a", "hello", ""}}) {
		t.Errorf("attempts %+v, %v", attempts, err)
	}
	w.await("the cluster was told", func() bool { w.fake.mu.Lock(); defer w.fake.mu.Unlock(); return len(w.fake.ends) == 0 })
}

// Among campaigns the highest priority goes first, and equals share.
func TestWindow(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Window = 19 })
	w.submit("a", 100, nil)
	w.flying(19)
	w.submit("b", 100, nil)
	w.submit("bounded", 100, func(p *Plan) { p.MaxInFlight = 5 })
	w.await("as many rows of a as of b", func() bool {
		flying, waiting := map[string]int{}, w.fake.waiting()
		for _, row := range waiting {
			flying[row.Campaign]++
		}
		if len(waiting) < 19 {
			return false // the place of the last one is still free
		}
		if flying["a"] == flying["b"]+1 || flying["a"] == flying["b"] {
			return flying["bounded"] == 5
		}
		i := slices.IndexFunc(waiting, func(r Row) bool { return r.Campaign == "a" })
		w.fake.end(waiting[i].Run, func(*End) {})
		return false
	})
	if n := len(w.fake.waiting()); n > 19 {
		t.Errorf("%d in flight", n)
	}
	w.submit("urgent", 60, func(p *Plan) { p.Priority = 5 })
	urgent := 0
	for _, row := range w.flying(38) {
		if row.Campaign == "urgent" {
			if urgent++; row.Priority != 5 {
				t.Errorf("priority %d", row.Priority)
			}
		}
	}
	if urgent != 19 {
		t.Errorf("%d urgent rows", urgent)
	}
	for _, name := range []string{"a", "b", "bounded", "urgent"} {
		w.finish(name)
	}
}

func TestTriedAgain(t *testing.T) {
	for name, test := range map[string]struct {
		ends    []func(*End)
		state   campaign.State
		causes  []ledger.Cause
		message string
	}{
		"failed once": {[]func(*End){failing, func(*End) {}}, campaign.Done, []ledger.Cause{"", ledger.Retry}, ""},
		"failed":      {[]func(*End){failing, failing, failing}, campaign.Failed, []ledger.Cause{"", ledger.Retry, ledger.Retry}, "no such file"},
		"lost":        {[]func(*End){losing, losing, losing}, campaign.Failed, []ledger.Cause{"", ledger.Lost, ledger.Lost}, "lost 3 times: the worker is gone"},
		"apart":       {[]func(*End){losing, failing, losing, failing, failing}, campaign.Failed, []ledger.Cause{"", ledger.Lost, ledger.Retry, ledger.Lost, ledger.Retry}, "no such file"},
		"interrupted": {[]func(*End){interrupting, interrupting, interrupting, losing, losing, losing}, campaign.Failed, []ledger.Cause{"", ledger.Interrupted, ledger.Interrupted, ledger.Interrupted, ledger.Lost, ledger.Lost}, "lost 3 times: the worker is gone"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(o *Options) { o.MaxLost = 2 })
			w.submit("c", 1, func(p *Plan) { p.Retries = 2 })
			for i, end := range test.ends {
				w.fake.end(w.flying(1)[0].Run, end)
				if i < len(test.ends)-1 {
					w.flying(1)
				}
			}
			w.ended("c")
			r := w.row("c", 0)
			var causes []ledger.Cause
			attempts, err := w.under.Attempts(t.Context(), "c", 0)
			for _, a := range attempts {
				causes = append(causes, a.Cause)
			}
			if err != nil || r.State != test.state || !reflect.DeepEqual(causes, test.causes) || r.Attempt.Message != test.message {
				t.Errorf("%s %q, causes %q, %v", r.State, r.Attempt.Message, causes, err)
			}
		})
	}
}

func TestMaxFailures(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Window = 4 })
	w.submit("c", 20, func(p *Plan) { p.MaxFailures = 2 })
	rows := w.flying(4)
	w.fake.end(rows[0].Run, failing)
	w.fake.end(rows[1].Run, failing)
	w.await("stopped", func() bool { return w.status("c").Phase == ledger.Stopped })
	rest := w.fake.waiting()
	for i, row := range rest {
		if i == 0 {
			w.fake.end(row.Run, losing) // it is not begun again
		} else {
			w.fake.end(row.Run, func(*End) {})
		}
	}
	s := w.ended("c")
	if s.Failed != 2 || s.Done != len(rest)-1 || s.Skipped != 20-2-s.Done || len(s.Reasons) != 1 || s.Reasons[0].String() != "2x OSError in a" {
		t.Errorf("%+v", s.Summary)
	}
	if _, err := w.s.Resume(t.Context(), "c"); err == nil {
		t.Error("resumed")
	}
	if n, err := w.s.Reset(t.Context(), "c", ledger.InState(campaign.Failed), ledger.Retry); n != 2 || err != nil {
		t.Errorf("reset %d, %v", n, err)
	}
	if s := w.finish("c"); s.Failed != 0 || s.Skipped != 20-2-len(rest)+1 {
		t.Errorf("%+v", s.Counts)
	}
}

func TestPauseAndCancel(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Window = 5 })
	w.submit("c", 20, nil)
	rows := w.flying(5)
	for _, want := range []bool{true, false} {
		if changed, err := w.s.Pause(t.Context(), "c"); changed != want || err != nil {
			t.Errorf("paused: %v, %v", changed, err)
		}
	}
	for _, row := range rows {
		w.fake.end(row.Run, func(*End) {})
	}
	w.counts("c", campaign.Counts{Waiting: 15, Done: 5})
	w.restart() // a pause outlives the launcher
	if n := len(w.fake.waiting()); n > 0 || w.status("c").Phase != ledger.Paused {
		t.Errorf("%d in flight", n)
	}
	if changed, err := w.s.Resume(t.Context(), "c"); !changed || err != nil {
		t.Error(changed, err)
	}
	w.flying(5)
	waiting, running, err := w.s.Cancel(t.Context(), "c")
	if waiting != 10 || running != 5 || err != nil {
		t.Errorf("cancelled %d and %d, %v", waiting, running, err)
	}
	if s := w.ended("c"); s.Counts != (campaign.Counts{Done: 5, Cancelled: 15}) {
		t.Errorf("%+v", s.Counts)
	}
	if got := w.submit("c", 20, nil); got != (Submitted{Campaign: "c", Rows: 20, Again: true, Done: 5, Retried: 15}) {
		t.Errorf("submitted again: %+v", got)
	}
	if s := w.finish("c"); s.Done != 20 {
		t.Errorf("%+v", s.Counts)
	}
}

// What is done stays done, unless it has changed.
func TestSubmitAgain(t *testing.T) {
	w := newWorld(t, nil)
	w.submit("c", 10, nil)
	rows := w.flying(10)
	for _, row := range rows[:4] {
		w.fake.end(row.Run, func(*End) {})
	}
	w.fake.end(rows[4].Run, failing)
	w.counts("c", campaign.Counts{Running: 5, Done: 4, Failed: 1})
	if got := w.submit("c", 12, func(p *Plan) { p.Priority = 3 }); got != (Submitted{Campaign: "c", Rows: 12, Again: true, Done: 4}) {
		t.Errorf("while it runs: %+v", got)
	}
	w.flying(7)
	if _, err := w.s.Submit(t.Context(), submission("c", []int{9, 8, 7}, nil)); err == nil || !strings.Contains(err.Error(), "running") {
		t.Errorf("rows that run were dropped: %v", err)
	}
	if s := w.finish("c"); s.Counts != (campaign.Counts{Done: 11, Failed: 1}) || s.Priority != 3 {
		t.Errorf("%+v", s)
	}
	if got := w.submit("c", 12, nil); got != (Submitted{Campaign: "c", Rows: 12, Again: true, Done: 11, Retried: 1}) {
		t.Errorf("after the end: %+v", got)
	}
	w.finish("c")
	if got, err := w.s.Submit(t.Context(), submission("c", []int{0, 100}, nil)); err != nil || got != (Submitted{Campaign: "c", Rows: 2, Again: true, Done: 1, Dropped: 11}) {
		t.Errorf("with another table: %+v, %v", got, err)
	}
	w.finish("c")
	if n := w.fake.begun["c/0"]; n != 1 {
		t.Errorf("row 0 was executed %d times", n)
	}
	if n, err := w.s.Reset(t.Context(), "c", ledger.Filter{}, ledger.Rerun); n != 2 || err != nil {
		t.Errorf("rerun %d, %v", n, err)
	}
	w.finish("c")
	if r := w.row("c", 0); r.Attempts != 2 || r.Attempt.Cause != ledger.Rerun {
		t.Errorf("row %+v", r)
	}
}

func TestRemove(t *testing.T) {
	w := newWorld(t, nil)
	w.submit("c", 1, nil)
	var order *OrderError
	if err := w.s.Remove(t.Context(), "c"); !errors.As(err, &order) {
		t.Errorf("removed while it runs: %v", err)
	}
	w.finish("c")
	if err := w.s.Remove(t.Context(), "c"); err != nil {
		t.Error(err)
	}
	var gone *NotFoundError
	if err := w.s.Remove(t.Context(), "c"); !errors.As(err, &gone) {
		t.Errorf("removed twice: %v", err)
	}
	w.s.Ended([]End{{Run: "x", Campaign: "c", State: Succeeded}}) // nobody wants it
	if got := w.submit("c", 1, nil); got.Again || got.Done > 0 {
		t.Errorf("the new one has something of the old: %+v", got)
	}
	w.finish("c")
	if _, err := w.s.Submit(t.Context(), submission("../c", upTo(1), nil)); err == nil {
		t.Error("a name that is a path was taken")
	}
}

// A table with an error leaves nothing behind.
func TestBadTable(t *testing.T) {
	w := newWorld(t, nil)
	sub := submission("c", nil, nil)
	sub.Items = func(yield func(campaign.Item, error) bool) { yield(campaign.Item{}, errors.New("line 7 is bad")) }
	if _, err := w.s.Submit(t.Context(), sub); err == nil || !strings.Contains(err.Error(), "line 7 is bad") {
		t.Errorf("%v", err)
	}
	if names, err := w.under.Names(); len(names) > 0 || err != nil {
		t.Errorf("left: %v, %v", names, err)
	}
	// Rows that lack a value fail one by one.
	sub = submission("c", nil, nil)
	sub.Items = func(yield func(campaign.Item, error) bool) {
		yield(campaign.Item{Number: 0, Key: "k", Params: []byte(`{"y":1}`)}, nil)
	}
	if _, err := w.s.Submit(t.Context(), sub); err != nil {
		t.Fatal(err)
	}
	if s := w.ended("c"); s.Failed != 1 || s.Reasons[0].Type != "InvalidRow" {
		t.Errorf("%+v", s.Summary)
	}
}

// A cluster that takes nothing for a while keeps nothing from being done.
func TestBusyCluster(t *testing.T) {
	w := newWorld(t, nil)
	w.fake.refuse = errBusy
	w.submit("c", 3, nil)
	w.await("the problem is told", func() bool { return w.s.Problems()["c"] == errBusy.Error() })
	w.submit("other", 3, nil)
	if waiting, running, err := w.s.Cancel(t.Context(), "other"); waiting+running != 3 || err != nil {
		t.Errorf("cancelled %d, %d, %v", waiting, running, err)
	}
	w.ended("other")
	w.fake.mu.Lock()
	w.fake.refuse = nil
	w.fake.mu.Unlock()
	if s := w.finish("c"); s.Done != 3 || w.fake.begun["other/0"] != 0 {
		t.Errorf("%+v", s.Counts)
	}
}

// A cluster without a memory: what ran is lost, and runs again.
func TestRestart(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Window = 5 })
	w.submit("c", 10, nil)
	rows := w.flying(5)
	w.fake.end(rows[0].Run, func(*End) {})
	w.flying(5)
	if err := w.s.Stop(); err != nil {
		t.Fatal(err)
	}
	w.fake.forget()
	w.start()
	w.finish("c")
	if r := w.row("c", 1); r.Attempts != 2 || r.Attempt.Cause != ledger.Lost || w.fake.begun["c/0"] != 1 {
		t.Errorf("row %+v", r)
	}
	w.restart() // nothing is left to do
	if list := w.s.Statuses(t.Context()); len(list) > 1 {
		t.Errorf("%+v", list)
	}
	changed, err := w.under.Changed()
	if at := changed["c"]; err != nil || len(changed) != 1 || time.Since(at) > time.Minute {
		t.Errorf("changed %v, %v", changed, err)
	}
	if _, err := w.s.Pause(t.Context(), "nosuch"); err == nil {
		t.Error("paused what does not exist")
	}
	all, err := w.under.Statuses(t.Context())
	if err != nil || len(all) != 1 || all[0].Campaign != "c" || fmt.Sprint(all[0].Places) != "[{n1 10}]" {
		t.Errorf("%+v, %v", all, err)
	}
}

// A table for which there is no room leaves nothing behind.
func TestFullDisk(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Ledgers.MaxBytes = 256 << 10 })
	if _, err := w.s.Submit(t.Context(), submission("c", upTo(20_000), nil)); !errors.Is(err, ledger.ErrFull) {
		t.Errorf("%v", err)
	}
	if names, err := w.under.Names(); len(names) > 0 || err != nil {
		t.Errorf("left: %v, %v", names, err)
	}
	w.submit("small", 3, nil)
	w.finish("small")
}
