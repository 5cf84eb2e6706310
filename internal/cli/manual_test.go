package cli_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
)

// The page is one that groff has nothing to say about, and has every command.
func TestManualPage(t *testing.T) {
	page := printed(t, "man")
	help := printed(t, "--help")
	commands := regexp.MustCompile(`(?m)^   ([a-z-]+) {2,}[a-z]`).FindAllStringSubmatch(help, -1)
	if len(commands) < 15 {
		t.Fatalf("the help text has %d commands:\n%s", len(commands), help)
	}
	for _, c := range commands {
		name := strings.ReplaceAll(c[1], "-", `\-`)
		if !regexp.MustCompile(`(?m)^\.SS "ewoks\\-hpc `+regexp.QuoteMeta(name)+`[ "]`).MatchString(page) && c[1] != "config" {
			t.Errorf("the page has no command %s", c[1])
		}
	}
	if _, err := exec.LookPath("groff"); err != nil {
		t.Skip("SKIPPED: groff is not installed")
	}
	cmd := exec.Command("groff", "-man", "-ww", "-Tascii")
	cmd.Stdin = strings.NewReader(page)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil || complaints.Len() > 0 {
		t.Errorf("%v\n%s", err, complaints.String())
	}
	if !strings.Contains(out.String(), "infrastructure: Python") {
		t.Errorf("the page reads\n%s", out.String())
	}
}

// docs/reference.md is what the program says of itself.
func TestReference(t *testing.T) {
	root, err := ewokstest.Root()
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(root, "docs", "reference.md"))
	if err != nil {
		t.Fatal(err)
	}
	if string(file) != printed(t, "reference") {
		t.Error("docs/reference.md is not what the program prints: go generate ./internal/cli")
	}
}

func printed(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command(program(t), args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
