package docs

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
	"github.com/ewoks-hpc/ewoks-hpc/slurm/slurmtest"
)

// commandTime bounds one command; make build may have to compile everything.
const commandTime = 3 * time.Minute

// session is a shell of one user, with a home and a working folder of its own.
type session struct {
	*testing.T
	dir, work string // everything of it, and where it begins
	env       []string
	venv      string
	in        *os.File
	codes     *bufio.Reader
	code      int
	commands  int
}

func newSession(t *testing.T, p *page, slurm *slurmtest.Cluster) *session {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := &session{T: t, dir: dir, work: filepath.Join(dir, "home", "demo")}
	for _, name := range []string{s.work, filepath.Join(dir, "tmp")} {
		if err := os.MkdirAll(name, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s.venv = ewokstest.Venv(t)
	s.env = []string{
		"HOME=" + filepath.Join(dir, "home"), "TMPDIR=" + filepath.Join(dir, "tmp"), "LANG=C.UTF-8", "USER=ada", "COLUMNS=100",
		"PATH=" + filepath.Dir(program) + ":" + filepath.Join(s.venv, "bin") + ":" + os.Getenv("PATH"),
		"VIRTUAL_ENV=" + s.venv, "EWOKSHPC_BINARY=" + program, "PYTHONDONTWRITEBYTECODE=1",
		"PIP_DRY_RUN=1", "PIP_NO_INDEX=1", // the environment is everybody's
		"EXAMPLES=" + filepath.Join(root, "examples"), // for commands that are not shown
	}
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} { // for make build
		s.env = append(s.env, name+"="+goEnv(t, name))
	}
	if slurm == nil { // not that of the machine
		s.env = append(s.env, "SLURM_CONF="+filepath.Join(dir, "none"))
	} else {
		s.env = append(s.env, slurm.Env()...)
	}
	if p.copy != "" {
		s.copyFolder(p.copy)
	}
	s.start()
	return s
}

func goEnv(t *testing.T, name string) string {
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// copyFolder copies what git knows of a folder, or would.
func (s *session) copyFolder(folder string) {
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", ".")
	list.Dir = filepath.Join(root, folder)
	out, err := list.Output()
	if err != nil {
		s.Fatalf("git ls-files in %s: %v", folder, err)
	}
	for _, name := range strings.Split(strings.TrimRight(string(out), "\x00"), "\x00") {
		info, err := os.Lstat(filepath.Join(list.Dir, name))
		if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
			continue // removed and not yet committed, or a link
		}
		if err != nil {
			s.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(list.Dir, name))
		if err != nil {
			s.Fatal(err)
		}
		s.write(name, string(text))
		if err := os.Chmod(filepath.Join(s.work, name), info.Mode()); err != nil {
			s.Fatal(err)
		}
	}
}

func (s *session) write(name, text string) {
	s.Helper()
	path := filepath.Join(s.work, name)
	if strings.HasPrefix(name, "~/") {
		path = filepath.Join(s.dir, "home", name[2:])
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.Fatal(err)
	}
}

// start starts the shell. It reads from a pipe what to do next, and tells the exit
// code of each command over another.
func (s *session) start() {
	in, toShell, err := os.Pipe()
	if err != nil {
		s.Fatal(err)
	}
	fromShell, codes, err := os.Pipe()
	if err != nil {
		s.Fatal(err)
	}
	shell := exec.Command("bash", "--noprofile", "--norc")
	shell.Dir, shell.Env = s.work, s.env
	shell.Stdin, shell.ExtraFiles = in, []*os.File{codes}
	if err := shell.Start(); err != nil {
		s.Fatal(err)
	}
	in.Close()
	codes.Close()
	s.in, s.codes = toShell, bufio.NewReader(fromShell)
	s.Cleanup(func() {
		s.endClusters()
		toShell.Close()
		fromShell.Close()
		_ = shell.Wait()
		if left := ewokstest.Left(s.dir); len(left) > 0 {
			s.Errorf("processes are left: %v", left)
		}
	})
}

// run types a command, and returns what it has printed.
func (s *session) run(command string) string {
	s.Helper()
	s.commands++
	name := filepath.Join(s.dir, strconv.Itoa(s.commands))
	if err := os.WriteFile(name, []byte(command+"\n"), 0o600); err != nil {
		s.Fatal(err)
	}
	fmt.Fprintf(s.in, "(exit %d); . %s </dev/null >%s.out 2>&1 3>&-; echo $? >&3\n", s.code, name, name)
	late := time.AfterFunc(commandTime, func() {
		s.Errorf("%q did not end within %s", command, commandTime)
		ewokstest.Left(s.dir)
	})
	answer, err := s.codes.ReadString('\n')
	late.Stop()
	out, _ := os.ReadFile(name + ".out")
	if err == nil {
		s.code, err = strconv.Atoi(strings.TrimSpace(answer))
	}
	if err != nil {
		s.Fatalf("after %q the shell has ended: %v\n%s", command, err, out)
	}
	return s.plain(string(out))
}

// plain writes what belongs to this test as a page would.
func (s *session) plain(text string) string {
	text = strings.NewReplacer(
		filepath.Join(s.dir, "home"), "~", filepath.Join(s.dir, "tmp"), "/tmp",
		filepath.Dir(program), "~/bin", s.venv, "~/env",
	).Replace(text)
	return host().ReplaceAllString(text, "${1}login1$2")
}

// host finds the name of this machine, where it is one.
var host = sync.OnceValue(func() *regexp.Regexp {
	name, _ := os.Hostname()
	return regexp.MustCompile(`(^|[\s/"=(])` + regexp.QuoteMeta(name) + `([\s:,;")]|$)`)
})

// endClusters ends the clusters that a page has left.
func (s *session) endClusters() {
	found, _ := filepath.Glob(filepath.Join(s.dir, "home/.local/state/ewoks-hpc/*/launcher.pid"))
	for _, pid := range found {
		s.run("ewoks-hpc down --cluster " + filepath.Base(filepath.Dir(pid)))
	}
}
