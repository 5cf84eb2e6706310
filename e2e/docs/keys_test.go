package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestKeys: the page about the configuration has every option of a cluster and its pools.
func TestKeys(t *testing.T) {
	help, err := exec.Command(program, "up", "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "docs", "configuration.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, options, found := strings.Cut(string(help), "\n   Cluster\n")
	flags := regexp.MustCompile(`(?m)^   +--([a-z-]+)(?:, --([a-z-]+))? `).FindAllStringSubmatch(options, -1)
	if !found || len(flags) < 40 {
		t.Fatalf("only %d options in\n%s", len(flags), help)
	}
	for _, flag := range flags {
		name := flag[1]
		if flag[2] != "" { // the plural is the key of a list
			name = flag[2]
		}
		key := strings.ReplaceAll(name, "-", "_")
		if key != "pool" && !strings.Contains(string(text), "`"+key+"`") {
			t.Errorf("docs/configuration.md does not have %s", key)
		}
	}
}
