package slurmtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// RequireEnv, set to "require", turns the skipping of tests for lack of Slurm into
// a failure; continuous integration sets it.
const RequireEnv = "EWOKS_HPC_TEST_SLURM"

// Start starts a cluster for one test and closes it when the test ends. Without
// Slurm on this machine the test is skipped, or fails, see [RequireEnv].
func Start(t testing.TB, opts Options) *Cluster {
	t.Helper()
	c, err := New(opts)
	if errors.Is(err, ErrMissing) && os.Getenv(RequireEnv) != "require" {
		t.Skipf("SKIPPED %s, which needs a real Slurm: %v (%s=require makes this a failure)", t.Name(), err, RequireEnv)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the private Slurm logged:\n%s", c.logTail(2000))
		}
		if err := c.Close(); err != nil {
			t.Errorf("close private Slurm: %v", err)
		}
	})
	return c
}

// logTail returns the last n bytes of each log file.
func (c *Cluster) logTail(n int) string {
	var all strings.Builder
	files, _ := filepath.Glob(c.log("*"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if slices.Contains(files, strings.TrimSuffix(file, outSuffix)) && strings.HasSuffix(file, outSuffix) {
			continue // the log has the same and more
		}
		if err != nil || len(text) == 0 {
			continue
		}
		fmt.Fprintf(&all, "--- %s\n%s", filepath.Base(file), text[max(0, len(text)-n):])
	}
	return all.String()
}
