package cluster_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/cluster"
	"github.com/ewoks-hpc/ewoks-hpc/cluster/local"
	"github.com/ewoks-hpc/ewoks-hpc/jobscript"
	"github.com/ewoks-hpc/ewoks-hpc/slurm"
	"github.com/ewoks-hpc/ewoks-hpc/slurm/slurmtest"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/templates"
)

// standIn is a small worker: it says hello with a file, and works until it is told
// to end. Files beside the access file tell it what to do.
const standIn = `#!/bin/sh
while [ $# -gt 0 ]; do
  case $1 in --access) dir=${2%/*};; --launch) key=$2;; --index) index=$2;; esac
  shift
done
index=${SLURM_ARRAY_TASK_ID:-$index}
if [ -e "$dir/fail" ]; then echo 'ImportError: no such module' >&2; exit 3; fi
trap 'exit 0' TERM
echo "worker $index of $key"
echo "$SLURM_ARRAY_JOB_ID" >"$dir/hello/.$key.$index"
mv "$dir/hello/.$key.$index" "$dir/hello/$key.$index"
while ! [ -e "$dir/quit.$key.$index" ]; do sleep 0.1; done
`

// site is one backend with a folder for its workers, and the coordinator that the
// workers talk to with files.
type site struct {
	cluster.Backend
	dir   string
	keys  purse
	slurm *slurmtest.Cluster // nil for child processes

	mu    sync.Mutex
	gone  map[string]string // reasons by worker
	busy  map[string]bool
	left  map[string]bool // asked to drain
	ready int             // tasks that wait for a worker
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{dir: t.TempDir(), gone: map[string]string{}, busy: map[string]bool{}, left: map[string]bool{}}
	if err := os.Mkdir(filepath.Join(s.dir, "hello"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.write(t, "worker", standIn)
	if err := os.Chmod(s.path("worker"), 0o700); err != nil {
		t.Fatal(err)
	}
	return s
}

func localSite(t *testing.T) *site {
	s := newSite(t)
	s.Backend = local.New(local.Options{
		Logs: s.path("logs"), Grace: 5 * time.Second,
		Command: func(l cluster.Launch, index int) *exec.Cmd {
			binary := s.path("worker")
			if l.Spec.Queue == "nowhere" {
				binary = s.path("absent")
			}
			return exec.Command(binary, "worker", "--access", s.path("access"), "--launch", l.Key, "--index", strconv.Itoa(index))
		},
	})
	return s
}

func slurmSite(t *testing.T, private *slurmtest.Cluster) *site {
	s := newSite(t)
	s.slurm = private
	s.Backend = cluster.NewSlurm(cluster.SlurmOptions{
		Driver: slurm.NewCLI(slurm.Options{Env: slices.Concat(os.Environ(), private.Env())}),
		Binary: s.path("worker"), AccessFile: s.path("access"), Dir: s.path("jobs"), Templates: templates.FS(),
	})
	return s
}

func (s *site) path(name string) string { return filepath.Join(s.dir, name) }

func (s *site) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(s.path(name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s *site) quit(t *testing.T, j cluster.Job) {
	s.write(t, fmt.Sprintf("quit.%s.%d", j.Key, j.Index), "")
}

// Work is what the test says there is to do, and those workers that have left their
// hello and are not gone.
func (s *site) Work() (w cluster.Work) {
	entries, _ := os.ReadDir(s.path("hello"))
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Ready = map[string]int{"": s.ready}
	for _, e := range entries {
		key, index, _ := strings.Cut(e.Name(), ".")
		if _, gone := s.gone[e.Name()]; gone || key == "" {
			continue
		}
		job, err := os.ReadFile(filepath.Join(s.dir, "hello", e.Name()))
		if err != nil {
			continue
		}
		v := cluster.WorkerView{Hello: task.Hello{Worker: e.Name(), Key: key, Index: index, Job: strings.TrimSpace(string(job))}}
		if s.busy[e.Name()] {
			v.Holding = 1
		}
		w.Workers = append(w.Workers, v)
	}
	return w
}

func (s *site) Gone(match func(task.Hello) bool, reason string) {
	for _, w := range s.Work().Workers {
		if match(w.Hello) {
			if s.keys.valid != nil && slices.Contains(s.keys.jobs(), w.Hello.Key+"-"+w.Hello.Index) {
				reason = "and its key is still valid: " + reason
			}
			s.mu.Lock()
			s.gone[w.Hello.Worker] = reason
			s.mu.Unlock()
		}
	}
}

// Drain ends workers that are not busy, as workers do.
func (s *site) Drain(match func(task.Hello) bool) {
	for _, w := range s.Work().Workers {
		if !match(w.Hello) {
			continue
		}
		s.mu.Lock()
		s.left[w.Hello.Worker] = true
		s.mu.Unlock()
		if w.Holding == 0 {
			_ = os.WriteFile(s.path("quit."+w.Hello.Worker), nil, 0o600)
		}
	}
}

func (s *site) reason(j cluster.Job) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gone[fmt.Sprintf("%s.%d", j.Key, j.Index)]
}

func (s *site) setBusy(j cluster.Job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy[fmt.Sprintf("%s.%d", j.Key, j.Index)] = true
}

func (s *site) setIdle(j cluster.Job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.busy, fmt.Sprintf("%s.%d", j.Key, j.Index))
}

func (s *site) setReady(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ready = n
}

func (s *site) drained(j cluster.Job) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.left[fmt.Sprintf("%s.%d", j.Key, j.Index)]
}

// spec is a pool whose jobs all fit on the private Slurm.
func spec() jobscript.Pool {
	return jobscript.Pool{Memory: "50MiB", Cores: 1, Walltime: 5 * time.Minute}
}

// wait waits until ok, and says what was missing.
func wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(40 * time.Second); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never %s", what)
		}
	}
}

// both runs a test against both backends.
func both(t *testing.T, tests map[string]func(*testing.T, *site)) {
	t.Parallel()
	t.Run("local", func(t *testing.T) {
		t.Parallel()
		for name, test := range tests {
			t.Run(name, func(t *testing.T) { t.Parallel(); test(t, localSite(t)) })
		}
	})
	t.Run("slurm", func(t *testing.T) {
		t.Parallel()
		private := slurmtest.Start(t, slurmtest.Options{CPUs: 16, Conf: []string{"MessageTimeout=2"}})
		t.Run("group", func(t *testing.T) {
			for name, test := range tests {
				t.Run(name, func(t *testing.T) { t.Parallel(); test(t, slurmSite(t, private)) })
			}
		})
	})
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }
