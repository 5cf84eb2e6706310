package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
	"github.com/ewoks-hpc/ewoks-hpc/slurm/slurmtest"
)

// The real example gives the same files and outputs with every scheduler.
func TestReduction(t *testing.T) {
	t.Parallel()
	venv := ewokstest.Venv(t)
	root, err := ewokstest.Root()
	if err != nil {
		t.Fatal(err)
	}
	example := filepath.Join(root, "examples", "reduction")
	frames := filepath.Join(t.TempDir(), "data")
	cmd := exec.Command(filepath.Join(venv, "bin", "python3"), "make_frames.py", frames)
	cmd.Dir = example
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make_frames.py: %v\n%s", err, out)
	}
	copied := func(t *testing.T, slurm *slurmtest.Cluster) *site {
		s := newSite(t, slurm, "VIRTUAL_ENV="+venv)
		work := filepath.Join(s.dir, "work")
		for _, name := range []string{"workflow.json", "tasks.py", "profiles.py", "plot.py"} {
			text, err := os.ReadFile(filepath.Join(example, name))
			if err != nil {
				t.Fatal(err)
			}
			s.write(name, string(text))
		}
		if err := os.Symlink(frames, filepath.Join(work, "data")); err != nil {
			t.Fatal(err)
		}
		return s
	}
	for name, args := range map[string][]string{
		"sequential":      nil,
		"multithreading":  {"--num-workers", "2"},
		"multiprocessing": {"--num-workers", "2"},
		"cluster":         {"--n-workers", "2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reduce(copied(t, nil), example, append(args, "--scheduler", name)...)
		})
	}
	t.Run("spawn", func(t *testing.T) {
		t.Parallel()
		reduce(copied(t, nil), example, "--scheduler", "multiprocessing", "--context", "spawn", "--num-workers", "2")
	})
	t.Run("slurm", func(t *testing.T) {
		t.Parallel()
		slurm := slurmtest.Start(t, slurmtest.Options{Nodes: 2})
		reduce(copied(t, slurm), example, "--scheduler", "slurm", "--jobs", "2", "--cores", "1")
		s := copied(t, slurm)
		s.ok("up", "--cluster", "beamline", "--jobs", "2", "--detach")
		reduce(s, example, "--cluster", "beamline")
		s.down("beamline")
	})
}

// reduce runs the workflow and compares what comes out with what is expected.
func reduce(s *site, example string, args ...string) {
	s.Helper()
	out := s.ok(append([]string{"run", "workflow.json"}, args...)...)
	read := func(dir, name string) []byte {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			s.Fatal(err)
		}
		return text
	}
	var got, want map[string]any
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		s.Fatalf("%v in %s", err, out)
	}
	if err := json.Unmarshal(read(example, "expected.json"), &want); err != nil {
		s.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		s.Errorf("outputs %v, want %v", got, want)
	}
	work := filepath.Join(s.dir, "work")
	if csv := read(work, "output/peaks.csv"); !bytes.Equal(csv, read(example, "expected.csv")) {
		s.Errorf("peaks.csv is\n%s", csv)
	}
	if png := read(work, "output/peaks.png"); !bytes.HasPrefix(png, []byte("\x89PNG")) {
		s.Errorf("peaks.png is no image")
	}
}
