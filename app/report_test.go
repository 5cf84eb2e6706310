package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/app"
	"github.com/ewoks-hpc/ewoks-hpc/history"
	"github.com/ewoks-hpc/ewoks-hpc/report"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// recorded makes what a launcher leaves that has ended.
func recorded(t *testing.T) (dir string, began time.Time) {
	t.Helper()
	dir, began = t.TempDir(), time.Date(2026, 3, 1, 20, 0, 0, 0, time.UTC)
	log, err := history.Open(history.Options{Dir: filepath.Join(dir, "history")})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	for i := range 10 {
		a := task.Attempt{
			Run: "RUN", Task: uint64(i), Number: 1, Node: "work", Worker: "w", Pool: "cpu", Host: "h", Job: "7_0", Cores: 2,
			Started: began.Add(time.Duration(i) * time.Minute), Ended: began.Add(time.Duration(i+1) * time.Minute), Status: "succeeded",
		}
		if i == 3 {
			a.Status, a.Failure = "failed", task.Failure{Cause: task.Exception, Type: "ValueError", Message: "bad"}
		}
		log.Add(a)
	}
	for key, value := range map[string]any{
		"RUN": report.Description{
			Kind: report.KindRun, Name: "RUN", Label: "a run", Submitted: began.Add(-time.Minute), Status: "running",
			Workflow: json.RawMessage(`{"graph":{"id":"g"},"nodes":[{"id":"work","task_type":"method","task_identifier":"m.f"}],"links":[]}`),
		},
		"night": report.Description{Kind: report.KindCampaign, Name: "night"},
		"-jobs-": map[string]report.Job{
			"7_0": {ID: "7_0", Pool: "cpu", Cores: 4, Queued: began.Add(-time.Minute), Started: began, Ended: began.Add(time.Hour)},
			"7_1": {ID: "7_1", Pool: "gpu", Cores: 4, Queued: began.Add(-time.Minute), Started: began, Ended: began.Add(time.Hour)},
			"6_0": {ID: "6_0", Pool: "cpu", Cores: 4, Queued: began.Add(-time.Hour), Started: began.Add(-time.Hour), Ended: began.Add(-time.Minute - 1)},
			"8_0": {ID: "8_0", Pool: "cpu", Cores: 4, Queued: began.Add(time.Hour)},
		},
	} {
		if err := log.Describe(key, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Describe("RUN", report.Description{Status: "succeeded", Ended: began.Add(30 * time.Minute)}); err != nil {
		t.Fatal(err)
	}
	printed := filepath.Join(dir, "printed")
	if err := os.Mkdir(printed, 0o700); err != nil {
		t.Fatal(err)
	}
	lines := `{"node":"work","task":2,"stdout":"fine\n"}` + "\n" + `{"node":"work","task":3,"stdout":"before\n","stderr":"oops\n"}` + "\n"
	if err := os.WriteFile(filepath.Join(printed, "RUN.jsonl"), []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, began
}

// A report is made of what a launcher has left, when it is gone.
func TestReportWithoutLauncher(t *testing.T) {
	dir, _ := recorded(t)
	d, err := app.Report(t.Context(), app.ReportOptions{Dir: dir, Kind: report.KindRun, Name: "RUN", Program: "1.2"})
	if err != nil {
		t.Fatal(err)
	}
	if d.Totals.Succeeded != 9 || d.Totals.Failed != 1 || d.About.Status != "succeeded" || d.About.Label != "a run" || d.Program != "1.2" {
		t.Errorf("%+v of %+v", d.Totals, d.About)
	}
	if len(d.About.Jobs) != 1 || d.About.Jobs[0].ID != "7_0" || d.Cores.Asked != 2 || d.Waiting.Jobs.Max != 60 {
		t.Errorf("jobs %+v, core-hours %+v, waiting %+v", d.About.Jobs, d.Cores, d.Waiting)
	}
	if len(d.Failures) != 1 || d.Failures[0].Output != "before\noops\n" {
		t.Errorf("failures %+v", d.Failures)
	}
	if p := d.Draw(); !strings.Contains(p.SVG, "9 done") {
		t.Errorf("picture %+v", p)
	}
}

func TestReportRefusals(t *testing.T) {
	dir, _ := recorded(t)
	for name, o := range map[string]app.ReportOptions{
		"nothing is recorded of a run other": {Kind: report.KindRun, Name: "other"},
		"is not the name of a run":           {Kind: report.KindRun, Name: "../RUN"},
		"night is a campaign, not a run":     {Kind: report.KindRun, Name: "night"},
		"RUN is a run, not a campaign":       {Kind: report.KindCampaign, Name: "RUN"},
	} {
		o.Dir = dir
		_, err := app.Report(t.Context(), o)
		var invalid *app.InvalidError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), name) || invalid.Hint() == "" {
			t.Errorf("%+v: %v", o, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := app.Report(ctx, app.ReportOptions{Dir: dir, Kind: report.KindRun, Name: "RUN"}); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}
