package e2e

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
)

// A campaign without a cluster that is killed leaves nothing behind, and the same command
// goes on with it: what was done is not done again.
func TestCampaignKilledHere(t *testing.T) {
	t.Parallel()
	const rows, held = 8, 4 // those that are held wait for the file go-on
	s := newSite(t, nil)
	s.write("counting.py", counting)
	s.write("one.yaml", "graph: {id: one}\nnodes:\n  - {id: count, task_type: method, task_identifier: counting.count}\n")
	s.write("rows.csv", "n\n0\n1\n2\n3\n4\n5\n6\n7\n")
	args := []string{"campaign", "run", "one.yaml", "--table", "rows.csv", "--name", "here", "--n-workers", "2"}
	cmd := s.command(program, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := func() int {
		return strings.Count(s.ok("campaign", "rows", "here", "--quiet", "--where", "state=done"), "\n")
	}
	s.until("the first rows are done, and others begun", func() bool { return len(s.executed()) == held+2 && done() == held })
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	killed := time.Now()
	s.until("its workers have ended", func() bool { return len(ewokstest.Processes(s.dir)) == 0 })
	if took := time.Since(killed); took > 3*time.Second {
		t.Errorf("workers went on for %s", took)
	}
	s.write("go-on", "")
	e := s.try(args...)
	if e.code != 0 || !strings.Contains(e.err, "campaign here goes on: ") {
		t.Errorf("exit code %d\n%s%s", e.code, e.out, e.err)
	}
	if list := s.executed(); len(list) != rows+2 || done() != rows {
		t.Errorf("executed %v, want those that were under way twice; %d rows are done", list, done())
	}
	if out := s.ok("campaign", "rows", "here", "--where", "attempts=2 and cause=lost", "--quiet"); strings.Count(out, "\n") < 2 {
		t.Errorf("begun again because they were lost: %q", out)
	}
}
