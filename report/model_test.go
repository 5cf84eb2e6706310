package report_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/report"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// model keeps all attempts and computes every figure from scratch.
type model struct{ attempts []task.Attempt }

func (m *model) count(ok func(a *task.Attempt) bool) (n int) {
	for i := range m.attempts {
		if ok(&m.attempts[i]) {
			n++
		}
	}
	return n
}

func length(a *task.Attempt) float64 {
	return time.Duration(a.Ended.Sub(a.Started).Microseconds() * 1000).Seconds()
}

// lengths are the durations of what succeeded at a node, sorted.
func (m *model) lengths(node string) (list []float64) {
	for i := range m.attempts {
		a := &m.attempts[i]
		if a.Node == node && a.Status == "succeeded" {
			list = append(list, length(a))
		}
		for _, s := range a.Steps {
			if a.Node == "" && s.Node == node && !s.Failed {
				list = append(list, s.Duration.Truncate(time.Microsecond).Seconds())
			}
		}
	}
	slices.Sort(list)
	return list
}

// used is the core-seconds between two times.
func (m *model) used(from, to time.Time) (sum float64) {
	for i := range m.attempts {
		a := &m.attempts[i]
		start, end := a.Started, a.Ended
		if start.Before(from) {
			start = from
		}
		if end.After(to) {
			end = to
		}
		sum += max(0, end.Sub(start).Seconds()) * float64(max(1, a.Cores))
	}
	return sum
}

// randomAttempts are on workers that do several things at a time.
func randomAttempts(r *rand.Rand) []task.Attempt {
	var list []task.Attempt
	scale := math.Pow(10, r.Float64()*6-4) // seconds: from 100 µs to minutes
	for w := range 1 + r.IntN(4) {
		for range 1 + r.IntN(3) {
			at := began.Add(time.Duration(r.IntN(5000)) * time.Millisecond)
			for range r.IntN(400) {
				list = append(list, randomAttempt(r, w, at, scale))
				at = list[len(list)-1].Ended.Add(time.Duration(r.IntN(3000)) * time.Microsecond)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b task.Attempt) int { return a.Ended.Compare(b.Ended) })
	return list
}

func randomAttempt(r *rand.Rand, worker int, at time.Time, scale float64) task.Attempt {
	took := time.Duration(scale * math.Exp(r.NormFloat64()) * 1e9).Truncate(time.Microsecond)
	a := task.Attempt{
		Run: "run", Campaign: "c", Row: r.IntN(60), Task: r.Uint64N(1000), Number: 1 + r.IntN(3), Node: fmt.Sprintf("n%d", r.IntN(5)),
		Worker: fmt.Sprintf("w%d", worker), Host: fmt.Sprintf("h%d", worker/2), Cores: r.IntN(4), Started: at, Ended: at.Add(took),
		Status: []string{"succeeded", "succeeded", "succeeded", "failed", "lost", "skipped"}[r.IntN(6)],
	}
	if a.Status == "failed" {
		a.Failure = task.Failure{Cause: task.Exception, Type: []string{"ValueError", "OSError"}[r.IntN(2)], Message: "no"}
	}
	if r.IntN(5) == 0 {
		a.Steps = []task.Step{{Node: a.Node, Duration: took / 2}, {Node: "last", Duration: took / 3, Failed: r.IntN(3) == 0}}
		a.Node = ""
	}
	return a
}

func TestAgainstModel(t *testing.T) {
	for range 20 {
		seed := uint64(time.Now().UnixNano())
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			m := &model{randomAttempts(rand.New(rand.NewPCG(seed, 0)))}
			b := report.NewBuilder()
			for i := range m.attempts {
				b.Add(&m.attempts[i])
			}
			d := b.Data(report.Description{Kind: report.KindCampaign, Name: "c"}, began.Add(24*time.Hour))
			m.totals(t, d)
			m.nodes(t, d)
			m.usage(t, d)
			m.timeline(t, d)
			m.failures(t, d)
			m.slowest(t, d)
		})
	}
}

func (m *model) status(status string) int {
	return m.count(func(a *task.Attempt) bool { return a.Status == status })
}

func near(a, b, tolerance float64) bool {
	return math.Abs(a-b) <= tolerance*max(math.Abs(a), math.Abs(b))+3e-6
}

func (m *model) totals(t *testing.T, d *report.Data) {
	want := report.Tally{Succeeded: m.status("succeeded"), Failed: m.status("failed"), Lost: m.status("lost"), Skipped: m.status("skipped")}
	seen := map[int]bool{}
	retries := m.count(func(a *task.Attempt) bool {
		again := seen[a.Row]
		seen[a.Row] = true
		return a.Number > 1 || again && a.Node == ""
	})
	if d.Totals.Tally != want || d.Totals.Attempts != len(m.attempts) || d.Totals.Retries != retries {
		t.Errorf("totals %+v, want %+v of %d with %d retries", d.Totals, want, len(m.attempts), retries)
	}
	if all := m.used(time.Time{}, began.Add(1e6*time.Hour)) / 3600; !near(d.Cores.Used(), all, 1e-3) {
		t.Errorf("%v core-hours used, want %v", d.Cores.Used(), all)
	}
}

func (m *model) nodes(t *testing.T, d *report.Data) {
	for _, n := range d.Nodes {
		want := m.lengths(n.ID)
		if n.Durations.Count != len(want) {
			t.Fatalf("%s: %d durations, want %d", n.ID, n.Durations.Count, len(want))
		}
		if len(want) == 0 {
			continue
		}
		if !near(n.Durations.Min, want[0], 0) || !near(n.Durations.Max, want[len(want)-1], 0) {
			t.Errorf("%s: from %v to %v, want %v to %v", n.ID, n.Durations.Min, n.Durations.Max, want[0], want[len(want)-1])
		}
		for q, got := range map[float64]float64{0.5: n.Durations.P50, 0.9: n.Durations.P90, 0.99: n.Durations.P99} {
			if exact := want[int(math.Ceil(q*float64(len(want))))-1]; !near(got, exact, 0.0101) {
				t.Errorf("%s: quantile %v is %v, want %v", n.ID, q, got, exact)
			}
		}
		inBins := 0
		for i, b := range n.Durations.Histogram {
			inBins += b.Count
			if i > 0 && b.From != n.Durations.Histogram[i-1].To {
				t.Errorf("%s: bins %d and %d are not next to each other", n.ID, i-1, i)
			}
		}
		if inBins != len(want) {
			t.Errorf("%s: %d in bins, want %d", n.ID, inBins, len(want))
		}
	}
}

func (m *model) usage(t *testing.T, d *report.Data) {
	u := &d.Usage
	ended := 0
	for i, used := range u.Used {
		from := u.Begin.Add(time.Duration(float64(i) * u.Step * 1e9))
		to := from.Add(time.Duration(u.Step * 1e9))
		covered := min(to.Sub(d.Totals.Started), d.Totals.Ended.Sub(from), to.Sub(from)).Seconds()
		if want := m.used(from, to) / covered; covered > 0 && math.Abs(used-want) > 0.002+0.01*want {
			t.Errorf("step %d: %v cores, want %v", i, used, want)
		}
		ended += u.Ended[i]
	}
	if ended != len(m.attempts) {
		t.Errorf("%d ended over time, want %d", ended, len(m.attempts))
	}
}

// Every attempt is in a bar of its status on a lane of its worker, and the longest
// of each status is one itself.
func (m *model) timeline(t *testing.T, d *report.Data) {
	counts, longest := map[string]int{}, map[string]float64{}
	var previous report.Bar
	for i, bar := range d.Timeline.Bars {
		counts[bar.Status] += max(1, bar.Count)
		longest[bar.Status] = max(longest[bar.Status], bar.Seconds)
		if i > 0 && previous.Lane == bar.Lane && bar.Count == 0 && previous.Count == 0 && bar.Start < previous.Start+previous.Seconds-1e-6 {
			t.Errorf("two bars of lane %d overlap: %+v, %+v", bar.Lane, previous, bar)
		}
		previous = bar
	}
	for _, status := range []string{"succeeded", "failed", "lost", "skipped"} {
		want := 0.0
		for i := range m.attempts {
			if m.attempts[i].Status == status {
				want = max(want, length(&m.attempts[i]))
			}
		}
		if counts[status] != m.status(status) || !near(longest[status], want, 0) {
			t.Errorf("%s: bars for %d attempts, the longest of %v s; want %d, %v s", status, counts[status], longest[status], m.status(status), want)
		}
	}
}

func (m *model) failures(t *testing.T, d *report.Data) {
	total := d.MoreFailures
	for i, f := range d.Failures {
		total += f.Count
		n := m.count(func(a *task.Attempt) bool {
			return a.Status == f.Status && a.Failure.Type == f.Type && (len(f.Nodes) == 0 && a.Node == "" || len(f.Nodes) == 1 && a.Node == f.Nodes[0].Node)
		})
		if n != f.Count || i > 0 && f.Count > d.Failures[i-1].Count || len(f.Examples) != min(5, f.Count) {
			t.Errorf("group %+v: want %d", f, n)
		}
	}
	if want := m.status("failed") + m.status("lost"); total != want {
		t.Errorf("%d in groups, want %d", total, want)
	}
}

func (m *model) slowest(t *testing.T, d *report.Data) {
	sorted := slices.Clone(m.attempts)
	slices.SortStableFunc(sorted, func(a, b task.Attempt) int { return cmp.Compare(length(&b), length(&a)) })
	if len(d.Slowest) != min(25, len(sorted)) {
		t.Fatalf("%d slowest of %d", len(d.Slowest), len(sorted))
	}
	for i, a := range d.Slowest {
		if !near(a.Seconds, length(&sorted[i]), 0) {
			t.Errorf("slowest %d took %v, want %v", i, a.Seconds, length(&sorted[i]))
		}
	}
	busy := map[int]float64{}
	for i := range m.attempts {
		busy[m.attempts[i].Row] += length(&m.attempts[i])
	}
	for i, row := range d.Rows {
		if !near(row.Busy, busy[row.Row], 0) || i > 0 && row.Busy > d.Rows[i-1].Busy {
			t.Errorf("row %d took %v, want %v", row.Row, row.Busy, busy[row.Row])
		}
		delete(busy, row.Row)
	}
	for row, took := range busy {
		if len(d.Rows) < 25 || took > d.Rows[len(d.Rows)-1].Busy+1e-5 {
			t.Errorf("row %d took %v and is not listed", row, took)
		}
	}
}
