package campaigner

import (
	"context"
	"encoding/json"
	"runtime"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// BenchmarkRows is what the service costs per row, from the ledger to the cluster and
// back, with a cluster that takes no time.
func BenchmarkRows(b *testing.B) {
	for name, n := range map[string]int{"10000": 10_000, "100000": 100_000} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				rowsOnce(b, n)
			}
		})
	}
}

func rowsOnce(b *testing.B, n int) {
	fake := newFake()
	s := New(Options{Dir: b.TempDir(), Runs: instant{fake}})
	fake.service = s
	if err := s.Start(); err != nil {
		b.Fatal(err)
	}
	defer s.Stop()
	begun := time.Now()
	if _, err := s.Submit(b.Context(), submission("c", upTo(n), nil)); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(time.Since(begun).Seconds(), "s/submit")
	folder := Folder{s.o.Dir}
	var heap uint64
	begun = time.Now()
	for {
		asked := time.Now()
		status, err := folder.Status(b.Context(), "c")
		if err != nil {
			b.Fatal(err)
		}
		if status.Phase == Ended {
			b.ReportMetric(float64(time.Since(begun).Microseconds())/float64(n), "us/row")
			b.ReportMetric(time.Since(asked).Seconds(), "s/status")
			break
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		heap = max(heap, m.HeapAlloc)
		time.Sleep(20 * time.Millisecond)
	}
	b.ReportMetric(float64(heap)/(1<<20), "MiB")
}

// BenchmarkResume goes on with a campaign of which half is done.
func BenchmarkResume(b *testing.B) {
	fake := newFake()
	o := Options{Dir: b.TempDir(), Runs: instant{fake}}
	s := New(o)
	fake.service = s
	if err := s.Start(); err != nil {
		b.Fatal(err)
	}
	if _, err := s.Submit(b.Context(), submission("c", upTo(50_000), nil)); err != nil {
		b.Fatal(err)
	}
	for {
		status, err := Folder{o.Dir}.Status(b.Context(), "c")
		if err != nil {
			b.Fatal(err)
		}
		if status.Counts == (campaign.Counts{Done: 50_000}) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.Stop()
	fake.service = New(o)
	for b.Loop() {
		begun := time.Now()
		s = New(Options{Dir: o.Dir, Runs: silent{fake}})
		if err := s.Start(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(begun).Seconds(), "s/restart")
		if _, err := s.Submit(b.Context(), submission("c", upTo(100_000), nil)); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(begun).Seconds(), "s/submit")
		s.Stop()
	}
}

// instant ends rows as soon as they come.
type instant struct{ *fakeCluster }

func (f instant) Submit(_ context.Context, rows []Row) error {
	ends := make([]End, len(rows))
	now := time.Now()
	for i, row := range rows {
		ends[i] = End{
			Run: row.Run, Campaign: row.Campaign, Row: row.Number, State: Succeeded, Host: "n1", Worker: "w", Started: now, Ended: now,
			Outputs: json.RawMessage(`{"result":1}`), Steps: []task.Step{{Node: "a", Duration: time.Millisecond}, {Node: "b", Duration: time.Millisecond}},
		}
	}
	f.service.Ended(ends)
	return nil
}

func (f instant) Taken([]string) {}

// silent never ends rows.
type silent struct{ *fakeCluster }

func (f silent) Submit(context.Context, []Row) error { return nil }
