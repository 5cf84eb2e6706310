package report

import (
	"bytes"
	"context"
	"errors"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The page as a real browser shows it, from a file: everything is drawn, hostile
// texts are texts, and neither scripts nor the policy complain. It needs the bundle
// and Chromium; EWOKS_HPC_TEST_BROWSER=require makes it fail without.
func TestBrowser(t *testing.T) {
	require := os.Getenv("EWOKS_HPC_TEST_BROWSER") == "require"
	browser, err := exec.LookPath("chromium")
	if err != nil && !require {
		t.Skip("no chromium")
	}
	d := hostileData(t)
	path := filepath.Join(t.TempDir(), "report.html")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(d.WriteHTML(file), file.Close())
	var missing *NoBundleError
	if errors.As(err, &missing) && !require {
		t.Skip("the page is not built: make page")
	}
	if err != nil {
		t.Fatal(err)
	}
	dom, console := shown(t, browser, path)
	if !strings.Contains(dom, "<title>"+html.EscapeString(d.title())+"</title>") && !strings.Contains(dom, "<title>&lt;/script&gt;") {
		t.Errorf("the title is not the name: %.300q", dom)
	}
	body, _, _ := strings.Cut(dom[strings.Index(dom, "<main"):], "</main>")
	for part, least := range map[string]int{"<canvas": 4, "<svg": 1, "<table": 3, "<details": 3, "document.title='pwned'": 10, "Failures": 1} {
		if n := strings.Count(body, part); n < least {
			t.Errorf("%q is there %d times, want %d", part, n, least)
		}
	}
	for _, part := range []string{"<img", "<script", "\u202e"} {
		if strings.Contains(body, part) {
			t.Errorf("the page has %q", part)
		}
	}
	for line := range strings.Lines(console) {
		if strings.Contains(line, "CONSOLE") {
			t.Errorf("console: %.400s", line)
		}
	}
}

// shown is the document after its scripts have run, and what the browser logged.
func shown(t *testing.T, browser, path string) (dom, console string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--user-data-dir="+t.TempDir(), "--enable-logging=stderr", "--virtual-time-budget=5000", "--dump-dom", "file://"+path)
	// Its helpers are in its process group, and end with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, errs.String())
	}
	return out.String(), errs.String()
}
