// Package e2e tests ewoks-hpc from outside: the built program, a real Slurm,
// real Python.
package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	// The program is built apart from the tests; this tells go test that a change
	// of it makes an earlier result void.
	_ "github.com/ewoks-hpc/ewoks-hpc/internal/cli"
	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
	"github.com/ewoks-hpc/ewoks-hpc/slurm/slurmtest"
)

var program string

func TestMain(m *testing.M) {
	code, err := build(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func build(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "ewoks-e2e-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "ewoks-hpc")
	cmd := exec.Command("go", "build", "-o", program, "../cmd/ewoks-hpc")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("go build: %w\n%s", err, out)
	}
	return m.Run(), nil
}

// site is where one user works: a folder with a home, state and a working
// directory, and perhaps a Slurm.
type site struct {
	*testing.T
	dir   string
	env   []string
	slurm *slurmtest.Cluster
}

func newSite(t *testing.T, slurm *slurmtest.Cluster, extra ...string) *site {
	s := &site{T: t, dir: t.TempDir(), slurm: slurm}
	for _, name := range []string{"home", "tmp", "work"} {
		if err := os.Mkdir(filepath.Join(s.dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s.env = append([]string{
		"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "PYTHONDONTWRITEBYTECODE=1",
		"HOME=" + filepath.Join(s.dir, "home"), "TMPDIR=" + filepath.Join(s.dir, "tmp"),
		"XDG_STATE_HOME=" + filepath.Join(s.dir, "state"),
	}, extra...)
	if slurm != nil {
		s.env = append(s.env, slurm.Env()...)
	}
	t.Cleanup(s.clear)
	return s
}

// clear fails the test when anything that it has started is left.
func (s *site) clear() {
	if left := ewokstest.Left(s.dir); len(left) > 0 {
		s.Errorf("processes are left: %v", left)
	}
	if s.Failed() {
		logs, _ := filepath.Glob(s.state("*", "launcher.log"))
		for _, log := range logs {
			text, _ := os.ReadFile(log)
			s.Logf("%s:\n%s", log, text)
		}
	}
}

func (s *site) state(parts ...string) string {
	return filepath.Join(append([]string{s.dir, "state", "ewoks-hpc"}, parts...)...)
}

func (s *site) write(name, text string) {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, "work", name), []byte(text), 0o644); err != nil {
		s.Fatal(err)
	}
}

// ended is how a command ended.
type ended struct {
	out, err string
	code     int
	took     time.Duration
}

func (s *site) command(name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(s.Context(), name, args...)
	cmd.Env, cmd.Dir = s.env, filepath.Join(s.dir, "work")
	return cmd
}

// try runs ewoks-hpc to its end.
func (s *site) try(args ...string) ended {
	s.Helper()
	var out, errs bytes.Buffer
	cmd := s.command(program, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	begun := time.Now()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.Fatal(err)
	}
	return ended{out.String(), errs.String(), cmd.ProcessState.ExitCode(), time.Since(begun)}
}

// ok runs ewoks-hpc, which must succeed, and returns what it wrote to stdout.
func (s *site) ok(args ...string) string {
	s.Helper()
	e := s.try(args...)
	if e.code != 0 {
		s.Fatalf("ewoks-hpc %s: exit code %d\n%s%s", strings.Join(args, " "), e.code, e.out, e.err)
	}
	return e.out
}

// overview is the part of status -o json that tests look at.
type overview struct {
	Address string
	Workers []struct {
		Worker, Job, Host string
		Pid, Holding      int
		Slots             int
	}
	Jobs []struct {
		ID, Phase, Nodes, Reason string
		Index                    int
	}
	Totals struct{ Succeeded, Failed, Lost int }
}

func (s *site) status(cluster string) (o overview) {
	s.Helper()
	if err := json.Unmarshal([]byte(s.ok("status", "--cluster", cluster, "-o", "json")), &o); err != nil {
		s.Fatal(err)
	}
	return o
}

// until waits for a condition.
func (s *site) until(what string, ready func() bool) {
	s.Helper()
	if err := ewokstest.Wait(what, func() error {
		if !ready() {
			return errors.New("not so")
		}
		return nil
	}); err != nil {
		s.Fatal(err)
	}
}

// queue lists the jobs in Slurm's queue whose name belongs to a cluster, one line
// "array-job-id state" for each.
func (s *site) queue(cluster string) (jobs []string) {
	s.Helper()
	out, err := s.slurm.Command("squeue", "-h", "-r", "-o", "%F %T %j").Output()
	if err != nil {
		s.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "ewoks-hpc-"+cluster+"-") {
			jobs = append(jobs, strings.TrimSpace(line))
		}
	}
	return jobs
}

// down ends a cluster, of which nothing may be left then.
func (s *site) down(cluster string) {
	s.Helper()
	s.ok("down", "--cluster", cluster)
	if jobs := s.queue(cluster); len(jobs) > 0 {
		s.Errorf("after down Slurm still has %v", jobs)
	}
	if left := ewokstest.Left(s.dir); len(left) > 0 {
		s.Errorf("after down there are still %v", left)
	}
}
