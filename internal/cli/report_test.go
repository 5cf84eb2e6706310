package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/app"
	"github.com/ewoks-hpc/ewoks-hpc/history"
	reports "github.com/ewoks-hpc/ewoks-hpc/report"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// reported runs the command on a cluster that has left the records of a run.
func reported(t *testing.T, arguments ...string) (out string, err error) {
	t.Helper()
	root := t.TempDir()
	log, err := history.Open(history.Options{Dir: filepath.Join(root, "gone", "history")})
	if err != nil {
		t.Fatal(err)
	}
	ended := time.Date(2026, 3, 1, 20, 0, 0, 0, time.UTC)
	log.Add(task.Attempt{Run: "RUN", Task: 1, Number: 1, Node: "n", Worker: "w", Started: ended.Add(-time.Second), Ended: ended, Status: "succeeded"})
	if err := log.Describe("RUN", reports.Description{Kind: reports.KindRun, Name: "RUN", Status: "succeeded"}); err != nil {
		t.Fatal(err)
	}
	log.Close()
	var text bytes.Buffer
	cmd := newReport(Streams{Out: &text, Err: &text})
	err = cmd.Run(t.Context(), append([]string{"report", "--cluster", "gone", "--state-dir", root}, arguments...))
	return text.String(), err
}

func TestReportJSON(t *testing.T) {
	out, err := reported(t, "--format", "json", "RUN")
	var d reports.Data
	if err := errors.Join(err, json.Unmarshal([]byte(out), &d)); err != nil || d.Totals.Succeeded != 1 {
		t.Errorf("%v: %s", err, out)
	}
}

func TestReportFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "r.json")
	out, err := reported(t, "--format", "json", "--file", file, "RUN")
	if err != nil || !strings.HasPrefix(out, file+"\nrun RUN, succeeded: 1 attempt in 1.00 s on 1 worker; 1 succeeded, 0 failed, 0 lost.") {
		t.Errorf("%v: %s", err, out)
	}
	if _, err := reported(t, "--format", "json", "--file", file, "RUN"); err == nil || exitCode(err) != exitUsage {
		t.Errorf("the file was replaced: %v", err)
	}
	if _, err := reported(t, "--format", "json", "--file", file, "--force", "RUN"); err != nil {
		t.Errorf("the file was not replaced: %v", err)
	}
}

func TestReportHTML(t *testing.T) {
	t.Chdir(t.TempDir())
	out, err := reported(t, "RUN")
	var missing *reports.NoBundleError
	if errors.As(err, &missing) {
		if _, err := os.Stat("report-RUN.html"); err == nil {
			t.Error("a file was written all the same")
		}
		t.Skip("the page is not built: make page")
	}
	page, readErr := os.ReadFile("report-RUN.html")
	if err := errors.Join(err, readErr); err != nil || !strings.HasPrefix(out, "report-RUN.html\n") || !bytes.HasPrefix(page, []byte("<!doctype html>")) {
		t.Errorf("%v: %s", err, out)
	}
}

func TestReportRefusals(t *testing.T) {
	for name, arguments := range map[string][]string{
		"no run":       {},
		"two runs":     {"RUN", "RUN"},
		"format":       {"--format", "pdf", "RUN"},
		"unknown run":  {"OTHER"},
		"not a name":   {"../RUN"},
		"no directory": {"--file", "no/such/directory/r.html", "--format", "json", "RUN"},
	} {
		_, err := reported(t, arguments...)
		if err == nil || exitCode(err) != exitUsage {
			t.Errorf("%s: %v", name, err)
		}
		var invalid *app.InvalidError
		var usage usageError
		if !errors.As(err, &invalid) && !errors.As(err, &usage) {
			t.Errorf("%s: %T", name, err)
		}
	}
}
