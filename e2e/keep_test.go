package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/slurm/slurmtest"
)

const prints = `graph: {id: prints}
nodes:
  - {id: a, task_type: method, task_identifier: builtins.print, default_inputs: [{name: 0, value: hello}]}
`

// Runs that ended long ago are forgotten, and what they printed, and logs of jobs. What
// is not ours stays.
func TestKeepRuns(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.write("prints.yaml", prints)
	up := []string{"up", "--local", "--cluster", "short", "--n-workers", "1", "--keep-runs", "1s", "--detach"}
	if e := s.try("up", "--local", "--keep-runs", "soon"); e.code != 2 || !strings.Contains(e.err, "30d or 12h") {
		s.Errorf("exit code %d: %s", e.code, e.err)
	}
	s.ok(up...)
	logs := func() []string { return glob(s, s.state("short", "jobs", "*-short-*.log")) }
	s.ok("run", "prints.yaml", "--cluster", "short")
	s.until("the run is forgotten", func() bool {
		return !strings.Contains(s.ok("runs", "--cluster", "short"), "prints")
	})
	s.until("what it printed is gone", func() bool { return len(glob(s, s.state("short", "printed", "*.jsonl"))) == 0 })
	live := logs()
	time.Sleep(1500 * time.Millisecond) // the log of a live worker stays, however old
	if now := logs(); len(live) != 1 || len(now) != 1 {
		s.Errorf("logs of the worker: %v, then %v", live, now)
	}
	stranger := s.state("short", "jobs", "notes.log")
	old := time.Now().Add(-time.Hour)
	if err := errors.Join(os.WriteFile(stranger, nil, 0o600), os.Chtimes(stranger, old, old)); err != nil {
		s.Fatal(err)
	}
	s.ok("down", "--cluster", "short")
	s.ok(up...)
	s.until("the log of the earlier worker is gone", func() bool {
		_, err := os.Stat(live[0])
		return errors.Is(err, os.ErrNotExist)
	})
	if _, err := os.Stat(stranger); err != nil {
		s.Error(err)
	}
	s.ok("down", "--cluster", "short")
}

func glob(s *site, pattern string) []string {
	s.Helper()
	list, err := filepath.Glob(pattern)
	if err != nil {
		s.Fatal(err)
	}
	return list
}

// A launcher comes up with a journal that was damaged; where it cannot, it says what is
// damaged and what to do, in two lines.
func TestDamagedJournal(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.write("prints.yaml", prints)
	up := []string{"up", "--local", "--cluster", "hurt", "--n-workers", "1", "--detach"}
	s.ok(up...)
	s.ok("run", "prints.yaml", "--cluster", "hurt")
	s.kill("hurt")
	blocks := glob(s, s.state("hurt", "journal", "jetstream", "*", "streams", "*", "msgs", "1.blk"))
	if len(blocks) != 1 {
		s.Fatal(blocks)
	}
	text, err := os.ReadFile(blocks[0])
	if err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(blocks[0], text[:len(text)/2], 0o600); err != nil {
		s.Fatal(err)
	}
	s.ok(up...)
	s.ok("run", "prints.yaml", "--cluster", "hurt")
	s.kill("hurt")
	streams := filepath.Dir(filepath.Dir(filepath.Dir(blocks[0])))
	if err := errors.Join(os.RemoveAll(streams), os.WriteFile(streams, nil, 0o600)); err != nil {
		s.Fatal(err)
	}
	e := s.try(up...)
	lines := strings.Split(strings.TrimSpace(e.err), "\n")
	if e.code == 0 || len(lines) != 2 || !strings.Contains(lines[0], s.state("hurt", "journal")) || !strings.Contains(lines[1], "--journal-dir") {
		s.Errorf("exit code %d\n%s", e.code, e.err)
	}
	s.ok(append(up, "--journal-dir", filepath.Join(s.dir, "elsewhere"))...)
	s.ok("run", "prints.yaml", "--cluster", "hurt")
	s.ok("down", "--cluster", "hurt")
}

// What a launcher held against nodes and pools, the next one does too, unless the pool
// is another one then.
func TestMemory(t *testing.T) {
	t.Parallel()
	s := newSite(t, slurmtest.Start(t, slurmtest.Options{Nodes: 2, CPUs: 1}))
	const broken = "--job-script-prologue=module load ewoks"
	up := func(prologue string) {
		s.ok("up", "--cluster", "wary", "--cores", "1", "--jobs", "1", prologue, "--detach", poll)
	}
	stopped := func() bool {
		return strings.Contains(s.ok("status", "--cluster", "wary"), "note: pool default is stopped since")
	}
	up(broken)
	s.until("the pool is stopped", stopped)
	s.until("that is kept", func() bool {
		text, _ := os.ReadFile(s.state("wary", "memory.json"))
		return strings.Contains(string(text), "before a worker said hello")
	})
	s.kill("wary")
	up(broken)
	if !stopped() {
		s.Error("the next launcher has forgotten that the pool was stopped")
	}
	if jobs := s.queue("wary"); len(jobs) > 0 {
		s.Errorf("it submitted %v", jobs)
	}
	s.kill("wary")
	up("--job-script-prologue=true")
	s.until("a worker of the better pool", func() bool { return len(s.status("wary").Workers) == 1 })
	s.down("wary")
}
