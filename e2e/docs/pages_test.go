package docs

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	// The program is built apart from the tests; this tells go test that a change
	// of it makes an earlier result void.
	_ "github.com/ewoks-hpc/ewoks-hpc/internal/cli"
	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
	"github.com/ewoks-hpc/ewoks-hpc/slurm/slurmtest"
)

var (
	root, program string
	update        = flag.Bool("update", false, "put what was printed into the pages")
)

func TestMain(m *testing.M) {
	// Pages mostly wait, so more of them than there are CPUs run at a time.
	_ = flag.Set("test.parallel", "4") // -parallel beats it
	code, err := build(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func build(m *testing.M) (int, error) {
	var err error
	if root, err = ewokstest.Root(); err != nil {
		return 1, err
	}
	dir, err := os.MkdirTemp("", "ewoks-docs-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "ewoks-hpc")
	cmd := exec.Command("go", "build", "-o", program, "./cmd/ewoks-hpc")
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("go build: %w\n%s", err, out)
	}
	return m.Run(), nil
}

// names lists the pages: those of the site, and the READMEs.
func names(t *testing.T) []string {
	var list []string
	for _, pattern := range []string{"README.md", "docs/*.md", "docs/*/*.md", "examples/README.md", "examples/*/README.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("no page is %s: %v", pattern, err)
		}
		for _, path := range found {
			name, err := filepath.Rel(root, path)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, name)
		}
	}
	return list
}

// TestPages does what the pages say.
func TestPages(t *testing.T) {
	commands := 0
	for _, name := range names(t) {
		p, err := readPage(root, name)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.steps) == 0 {
			continue
		}
		commands += len(p.steps)
		t.Run(strings.ReplaceAll(name, "/", ":"), func(t *testing.T) {
			t.Parallel()
			follow(t, p)
		})
	}
	if commands < 50 {
		t.Errorf("only %d commands, files and sessions were found in the pages", commands)
	}
}

func follow(t *testing.T, p *page) {
	var slurm *slurmtest.Cluster
	if p.slurm != nil {
		slurm = slurmtest.Start(t, *p.slurm)
	}
	s := newSession(t, p, slurm)
	var changed []changed
	for _, step := range p.steps {
		got, err := s.do(step)
		if err == nil {
			continue
		}
		t.Errorf("%s:%d: %s\n%v; it printed, with exit code %d\n%s", p.name, step.line, step.text, err, s.code, strings.Join(got, "\n"))
		if *update && !step.hidden && step.file == "" {
			changed = append(changed, replacement(step, got))
			continue
		}
		break // what follows builds on it
	}
	if len(changed) > 0 {
		rewrite(t, p.name, changed)
	}
}

// looks are commands that change nothing, and can be repeated until they show what
// they should: a cluster takes its time.
var looks = regexp.MustCompile(`^(ewoks-hpc (status|runs|jobs|workers|logs|explain|campaign status|campaign list)\b|squeue\b|curl\b)`)

// do does a step. What a command has printed is returned with what is wrong with it.
func (s *session) do(step step) (got []string, err error) {
	command := step.text
	switch {
	case step.python:
		file := filepath.Join(s.dir, step.file)
		if err := os.WriteFile(file, []byte(step.text), 0o600); err != nil {
			return nil, err
		}
		command = "python -m doctest -o ELLIPSIS -o NORMALIZE_WHITESPACE " + file
	case step.file != "":
		s.write(step.file, step.text)
		return nil, nil
	}
	wait := func() error {
		got = printed(s.run(command))
		return judge(step, got, s.code)
	}
	if looks.MatchString(command) && *update {
		time.Sleep(2 * time.Second)
	} else if looks.MatchString(command) {
		return got, ewokstest.Wait("what the page shows", wait)
	}
	return got, wait()
}

func judge(step step, got []string, code int) error {
	if step.fails != (code != 0) {
		return fmt.Errorf("it ended with exit code %d", code)
	}
	if step.hidden {
		return nil
	}
	return compare(printed(strings.Join(step.outputs, "\n")), got)
}

// changed is what a page should show in place of some of its lines.
type changed struct {
	from, to int // lines, from 0
	lines    []string
}

func replacement(step step, got []string) changed {
	from := step.line + strings.Count(step.text, "\n")
	c := changed{from: from, to: from + len(step.outputs)}
	for _, line := range got {
		c.lines = append(c.lines, step.indent+line)
	}
	return c
}

func rewrite(t *testing.T, name string, changes []changed) {
	path := filepath.Join(root, name)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	old, at := strings.Split(string(text), "\n"), 0
	for _, c := range changes {
		lines = append(append(lines, old[at:c.from]...), c.lines...)
		at = c.to
	}
	lines = append(lines, old[at:]...)
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s was written anew at %s", name, time.Now().Format(time.TimeOnly))
}
