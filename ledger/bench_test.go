package ledger_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/ledger"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// resident is the peak of the memory of this process in MiB.
func resident(b *testing.B) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Skip(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		b.Fatal(err)
	}
	return kib / 1024
}

func BenchmarkAdd(b *testing.B) {
	for _, n := range []int{10_000, 1_000_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			for b.Loop() {
				debug.FreeOSMemory()
				_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // begins a new peak
				create(b, items(n)).Close()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/row")
			b.ReportMetric(resident(b), "peak-MiB")
		})
	}
}

// BenchmarkSubmit is all of it: a table of a million lines is read, mapped and
// recorded.
func BenchmarkSubmit(b *testing.B) {
	const n = 1_000_000
	path := filepath.Join(b.TempDir(), "table.csv")
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	out := bufio.NewWriter(file)
	fmt.Fprintln(out, "path,threshold")
	for i := range n {
		fmt.Fprintf(out, "raw/scan_%06d.h5,%d\n", i, i)
	}
	if err := errors.Join(out.Flush(), file.Close()); err != nil {
		b.Fatal(err)
	}
	w, err := workflow.Parse([]byte(`{"nodes":[{"id":"a","task_type":"method","task_identifier":"m.f"}]}`), workflow.LoadOptions{})
	if err != nil {
		b.Fatal(err)
	}
	table, err := campaign.Open(campaign.Spec{File: path})
	if err != nil {
		b.Fatal(err)
	}
	template, err := campaign.ParseTemplate("{stem}_out.h5")
	if err != nil {
		b.Fatal(err)
	}
	m, err := campaign.NewMapping(campaign.MappingOptions{Columns: table.Columns(), Derived: []campaign.Derived{{Column: "output", Template: template}}, Workflow: w})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		create(b, m.Items(b.Context(), table)).Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/row")
	b.ReportMetric(resident(b), "peak-MiB")
}

// BenchmarkAddAgain is a table that is submitted again, all rows shifted by one.
func BenchmarkAddAgain(b *testing.B) {
	const n = 100_000
	l := create(b, items(n))
	for b.Loop() {
		if added, err := l.AddRows(b.Context(), items(n)); err != nil || added.Kept != n {
			b.Fatal(added, err)
		}
	}
}

// half makes a ledger of n rows: half are done, a tenth failed, a few run.
func half(b *testing.B, n int) *ledger.Ledger {
	l := create(b, items(n))
	for from := 0; from < n/2; from += 1000 {
		var starts []ledger.Start
		var results []ledger.Result
		for number := from; number < from+1000; number++ {
			state := campaign.Done
			if number%10 == 0 {
				state = campaign.Failed
			}
			starts = append(starts, ledger.Start{Number: number, Run: run(number, 1), At: epoch})
			results = append(results, result(number, 1, state))
		}
		if _, err := l.Begin(b.Context(), starts...); err != nil {
			b.Fatal(err)
		}
		finishAll(b, l, results...)
	}
	for number := n / 2; number < n/2+500; number++ {
		begin(b, l, 1, number)
	}
	return l
}

func BenchmarkSummary(b *testing.B) {
	l := half(b, 100_000)
	for b.Loop() {
		if s, err := l.Summary(b.Context(), epoch, time.Minute); err != nil || s.Done != 45_000 || s.Reasons[0].Count != 5000 {
			b.Fatal(s, err)
		}
	}
}

// BenchmarkResume opens a ledger that was left half done, and asks for work.
func BenchmarkResume(b *testing.B) {
	l := half(b, 100_000)
	path := l.Path()
	l.Close()
	for b.Loop() {
		l, err := ledger.Open(b.Context(), path, ledger.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := l.Recover(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
		if next, err := l.Next(b.Context(), 1000); err != nil || len(next) != 1000 || next[0].Number != 50_000 {
			b.Fatal(len(next), err)
		}
		l.Close()
	}
}

// BenchmarkRow is the life of a row, 256 at a time.
func BenchmarkRow(b *testing.B) {
	for _, strict := range []bool{false, true} {
		b.Run("strict="+strconv.FormatBool(strict), func(b *testing.B) {
			l, err := ledger.Create(b.Context(), filepath.Join(b.TempDir(), "c.db"), ledger.Header{}, ledger.Options{Strict: strict})
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			if _, err := l.AddRows(b.Context(), items(200_000)); err != nil {
				b.Fatal(err)
			}
			rows := 0
			for b.Loop() {
				next, err := l.Next(b.Context(), 256)
				if err != nil || len(next) == 0 {
					b.Skip("more rows are needed")
				}
				var numbers []int
				var results []ledger.Result
				for _, item := range next {
					numbers = append(numbers, item.Number)
					results = append(results, result(item.Number, 1, campaign.Done))
				}
				begin(b, l, 1, numbers...)
				finishAll(b, l, results...)
				rows += len(next)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rows), "ns/row")
		})
	}
}

func BenchmarkExport(b *testing.B) {
	l := half(b, 100_000)
	for _, format := range []ledger.Format{ledger.CSV, ledger.JSONLines, ledger.Parquet} {
		b.Run(string(format), func(b *testing.B) {
			for b.Loop() {
				if err := l.Export(b.Context(), io.Discard, ledger.ExportOptions{Format: format}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
