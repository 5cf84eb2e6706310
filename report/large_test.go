package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/report"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

func largeNight() night {
	return night{r: rand.New(rand.NewPCG(1, 2)), rows: 20_000, workers: 16, slots: 4, failing: 0.02, median: [3]float64{1.2, 8, 0.4}}
}

// 60,000 tasks are drawn with few bars, none of which is lost, in a file that can be
// sent by mail.
func TestLarge(t *testing.T) {
	m, b := &model{}, report.NewBuilder()
	for a := range largeNight().attempts {
		b.Add(&a)
		m.attempts = append(m.attempts, a)
	}
	d := b.Data(largeNight().about(m.attempts[len(m.attempts)-1].Ended), began.Add(24*time.Hour))
	m.timeline(t, d)
	if n := len(d.Timeline.Bars); n > 16_000 || n < 4000 || d.Timeline.Step == 0 {
		t.Errorf("%d bars with steps of %v s", n, d.Timeline.Step)
	}
	if n := len(d.Timeline.Lanes); n != 64 {
		t.Errorf("%d lanes", n)
	}
	if n := len(d.Usage.Used); n > 700 || n < 200 {
		t.Errorf("%d steps over time", n)
	}
	data, err := json.Marshal(d)
	if err != nil || len(data) > 4<<20 {
		t.Errorf("%d bytes of JSON, %v", len(data), err)
	}
	var page bytes.Buffer
	var missing *report.NoBundleError
	if err := d.WriteHTML(&page); errors.As(err, &missing) {
		t.Skip("the page is not built: make page")
	} else if err != nil || page.Len() > 5<<20 {
		t.Errorf("%d bytes of HTML, %v", page.Len(), err)
	}
	t.Logf("%d attempts: %d bytes of JSON, %d of HTML", d.Totals.Attempts, len(data), page.Len())
}

// The lanes of workers without number are bounded, and so is everything else.
func TestManyWorkers(t *testing.T) {
	b := report.NewBuilder()
	const n = 120_000
	for i := range n {
		at := began.Add(time.Duration(i) * time.Second)
		name := strings.Repeat("w", 3) + time.Duration(i).String()
		b.Add(&task.Attempt{
			Run: "r", Task: uint64(i), Number: 1, Node: name, Worker: name, Host: name, Job: name, Started: at, Ended: at.Add(time.Second),
			Status: "failed", Failure: task.Failure{Cause: task.Exception, Type: name},
		})
	}
	d := b.Data(report.Description{Kind: report.KindRun}, began)
	if len(d.Timeline.Lanes) > 400 || len(d.Nodes) > 500 || len(d.Hosts) > 200 || len(d.Failures) > 50 || d.Totals.Failed != n {
		t.Errorf("%d lanes, %d nodes, %d hosts, %d groups of %d", len(d.Timeline.Lanes), len(d.Nodes), len(d.Hosts), len(d.Failures), d.Totals.Failed)
	}
	if d.MoreFailures != n-50 || d.Timeline.MoreLanes == 0 {
		t.Errorf("%d more failures, %d more lanes", d.MoreFailures, d.Timeline.MoreLanes)
	}
}

func TestEmpty(t *testing.T) {
	d := report.NewBuilder().Data(report.Description{Kind: report.KindRun, Name: "r", Status: "running"}, began)
	data, err := json.Marshal(d)
	if err != nil || bytes.Contains(data, []byte("null")) {
		t.Errorf("%s %v", data, err)
	}
	if s := d.Summary(); !strings.Contains(s, "no attempt") {
		t.Errorf("summary %q", s)
	}
}

// Clocks that are wrong, and times that are not known, spoil nothing else.
func TestStrangeTimes(t *testing.T) {
	b := report.NewBuilder()
	for _, times := range [][2]time.Time{
		{began, began.Add(time.Second)}, {{}, began}, {time.Unix(5, 0), began}, {began.Add(time.Hour), began}, {{}, {}},
		{began, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		b.Add(&task.Attempt{Run: "r", Node: "n", Worker: "w", Started: times[0], Ended: times[1], Status: "succeeded"})
	}
	d := b.Data(report.Description{Submitted: began.Add(-time.Minute)}, began.Add(time.Minute))
	if d.Totals.Succeeded != 6 || d.Totals.Seconds != 1 || d.Nodes[0].Durations.Count != 1 || len(d.Timeline.Bars) != 1 {
		t.Errorf("%+v with %+v", d.Totals, d.Timeline.Bars)
	}
}

func TestCoreHoursAndWaiting(t *testing.T) {
	b := report.NewBuilder()
	b.Add(&task.Attempt{Worker: "w", Cores: 2, Started: began, Ended: began.Add(30 * time.Minute), Status: "succeeded"})
	b.Add(&task.Attempt{Worker: "w", Cores: 2, Started: began.Add(30 * time.Minute), Ended: began.Add(45 * time.Minute), Status: "lost"})
	d := b.Data(report.Description{
		Submitted: began.Add(-10 * time.Minute), Ended: began.Add(50 * time.Minute),
		Jobs: []report.Job{
			{Cores: 4, Queued: began.Add(-2 * time.Hour), Started: began.Add(-time.Hour)},                    // counts from the submission
			{Cores: 8, Queued: began, Started: began.Add(20 * time.Minute), Ended: began.Add(5 * time.Hour)}, // counts to the end
			{Cores: 64, Queued: began},
		},
	}, began.Add(10*time.Hour))
	if c := d.Cores; c.Asked != 4+4 || !c.Known || c.Succeeded != 1 || c.Lost != 0.5 || c.Failed != 0 {
		t.Errorf("core-hours %+v", c)
	}
	w := d.Waiting
	if w.First != 600 || !w.Known || w.Jobs.Count != 2 || w.Jobs.Min != 1200 || w.Jobs.Max != 3600 || w.Queued != 1 {
		t.Errorf("waiting %+v", w)
	}
	if last := d.Usage.Asked[len(d.Usage.Asked)-1]; last != 12 || d.Usage.Asked[0] != 4 {
		t.Errorf("cores asked for %v ... %v", d.Usage.Asked[0], last)
	}
}

func TestRoundTrip(t *testing.T) {
	n := largeNight()
	n.rows = 200
	data, err := json.Marshal(n.made())
	if err != nil {
		t.Fatal(err)
	}
	var d report.Data
	strict := json.NewDecoder(bytes.NewReader(data))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&d); err != nil {
		t.Fatal(err)
	}
	if again, err := json.Marshal(&d); err != nil || !bytes.Equal(again, data) {
		t.Errorf("%v: the second encoding differs", err)
	}
}

// The documentation names every field.
func TestDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/reports.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[reflect.Type]bool{}
	var visit func(t reflect.Type, path string)
	visit = func(typ reflect.Type, path string) {
		for typ.Kind() == reflect.Slice || typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || seen[typ] || typ == reflect.TypeFor[time.Time]() {
			return
		}
		seen[typ] = true
		for i := range typ.NumField() {
			f := typ.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name != "" && !bytes.Contains(text, []byte("`"+name+"`")) {
				t.Errorf("docs/reports.md does not explain %s.%s", path, name)
			}
			visit(f.Type, path+"."+name)
		}
	}
	visit(reflect.TypeFor[report.Data](), "report")
}

func TestSummary(t *testing.T) {
	n := largeNight()
	n.rows = 300
	d := n.made()
	d.Missing = 1200
	d.About.Label = "a\x1b[31m label\nof two lines"
	s := d.Summary()
	for _, want := range []string{"campaign night-42 (a [31m label of two lines), ended: ", " on 16 workers; 900 succeeded, ", "FileNotFoundError in ", "1,200 attempts more are not recorded"} {
		if !strings.Contains(s, want) {
			t.Errorf("%q is not in %q", want, s)
		}
	}
	for seconds, want := range map[float64]string{
		0: "0 s", 2e-6: "2 µs", 0.0123: "12.3 ms", 0.9996: "1.00 s", 59.96: "60.0 s", 99.96: "1 min 40 s", 3725: "1 h 02 min", 3599.7: "1 h 00 min", 200_000: "2 d 07 h",
	} {
		if got := report.Duration(seconds); got != want {
			t.Errorf("%v s is %q, want %q", seconds, got, want)
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	var all []task.Attempt
	for a := range largeNight().attempts {
		all = append(all, a)
	}
	builder := report.NewBuilder()
	for i := 0; b.Loop(); i++ {
		builder.Add(&all[i%len(all)])
	}
}
