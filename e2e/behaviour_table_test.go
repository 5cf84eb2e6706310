package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
)

// shownBy finds the tests in docs/slurm.md: `package TestName/part`.
var shownBy = regexp.MustCompile("`([a-z0-9]+) (Test[A-Za-z]+)(?:/([^`]+))?`")

// TestBehaviourTable: the tests that docs/slurm.md names are there.
func TestBehaviourTable(t *testing.T) {
	root, err := ewokstest.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "docs", "slurm.md"))
	if err != nil {
		t.Fatal(err)
	}
	named := shownBy.FindAllStringSubmatch(string(text), -1)
	if len(named) < 40 {
		t.Errorf("only %d tests are named", len(named))
	}
	for _, m := range named {
		source := testsOf(t, filepath.Join(root, m[1]))
		if !strings.Contains(source, "func "+m[2]+"(t *testing.T)") {
			t.Errorf("package %s has no %s", m[1], m[2])
		}
		if part := strings.ReplaceAll(m[3], "_", " "); !strings.Contains(source, `"`+part) {
			t.Errorf("package %s has no part %q of %s", m[1], part, m[2])
		}
	}
	for n := 1; n <= 25; n++ {
		if !strings.Contains(string(text), "\n| "+itoa(n)+" | ") {
			t.Errorf("behaviour %d is not in the table", n)
		}
	}
}

// testsOf is the text of the tests of a package.
func testsOf(t *testing.T, dir string) string {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(dir, "*_test.go"))
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}
