// Package layers holds the rule of who may import whom. It has no code: the
// test reads the import graph of the module and compares it with the table.
package layers_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/ewoks-hpc/ewoks-hpc"

// allowed lists, for each package, which others of this module it may import.
// A package that is not here must not exist: add it with its reason to
// docs/architecture.md.
var allowed = map[string][]string{
	// the core: pure
	"resource":      {},
	"task":          {"resource"},
	"workflow":      {"resource"},
	"engine":        {"task", "workflow"},
	"scale":         {},
	"templates":     {},
	"workflow/draw": {"workflow"},
	"jobscript":     {"resource", "templates"},
	"config":        {},
	"campaign":      {"task", "workflow"},
	// adapters: each is the only home of something outside
	"slurm":                         {},
	"slurm/slurmtest":               {},
	"slurm/slurmtest/private-slurm": {"slurm/slurmtest"},
	"broker":                        {"task"},
	"pyhost":                        {"task"},
	"ledger":                        {"campaign", "task"},
	// services
	"runner":        {"engine", "task", "workflow"},
	"coordinator":   {"broker", "engine", "resource", "task", "workflow"},
	"worker":        {"broker", "resource", "task"},
	"history":       {"task"},
	"report":        {"task", "workflow", "workflow/draw"},
	"cluster":       {"jobscript", "scale", "slurm", "task"},
	"campaigner":    {"campaign", "ledger", "task", "workflow"},
	"cluster/local": {"cluster", "jobscript", "task"},
	"dashboard":     {"engine", "task"},
	// above them
	"app": {
		"broker", "campaign", "campaigner", "cluster", "cluster/local", "coordinator", "dashboard", "engine", "history", "jobscript", "ledger",
		"pyhost", "report", "resource", "runner", "slurm", "task", "templates", "worker", "workflow",
	},
	"internal/bridge": {"app", "dashboard", "engine", "pyhost", "task", "workflow"},
	"internal/cli":    {"app", "campaign", "config", "dashboard", "engine", "internal/bridge", "internal/top", "jobscript", "report", "resource", "task", "workflow", "workflow/draw"},
	"internal/top":    {"dashboard", "engine"},
	"cmd/ewoks-hpc":   {"internal/cli"},
	// tests
	"internal/layers":    {},
	"internal/ewokstest": {"slurm/slurmtest"},
	"e2e":                {},
	"e2e/docs":           {},
	"bench/dispatch":     {"broker", "coordinator", "engine", "task", "worker"},
}

// homes lists the only packages that may import what is outside of the module.
var homes = map[string][]string{
	"go.yaml.in/yaml":               {"workflow"},
	"github.com/BurntSushi/toml":    {"campaign", "config"},
	"github.com/bmatcuk/doublestar": {"campaign"},
	"database/sql":                  {"ledger"},
	"modernc.org/sqlite":            {"ledger"},
	"github.com/parquet-go":         {"ledger"},
	"github.com/nats-io":            {"broker"},
	"github.com/urfave/cli":         {"internal/cli"},
	"github.com/prometheus":         {"dashboard"},
	"charm.land":                    {"internal/top"},
	"github.com/charmbracelet":      {"internal/top"},
	"text/template":                 {"jobscript"},
	"net/http":                      {"dashboard"},
}

type listed struct {
	ImportPath string
	Doc        string
	Imports    []string
}

func packages(t *testing.T) (list []listed) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Doc,Imports", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

func TestImports(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		mine, known := allowed[name]
		if !known {
			t.Errorf("package %s is not in the table of rooms", name)
		}
		for _, path := range p.Imports {
			if ours, ok := strings.CutPrefix(path, module+"/"); ok && !slices.Contains(mine, ours) {
				t.Errorf("%s imports %s, which the table does not allow", name, ours)
			}
			for prefix, home := range homes {
				if (path == prefix || strings.HasPrefix(path, prefix+"/")) && !slices.Contains(home, name) {
					t.Errorf("%s imports %s, whose only home is %v", name, path, home)
				}
			}
		}
	}
}

// Every room says at its door what lives there.
func TestPackageDocs(t *testing.T) {
	for _, p := range packages(t) {
		if len(p.Doc) < 40 && !strings.Contains(p.ImportPath, "/internal/layers") && !strings.HasSuffix(p.ImportPath, "/e2e") {
			t.Errorf("%s has no package comment that says what lives there", p.ImportPath)
		}
	}
}

// Only main ends the process.
func TestExit(t *testing.T) {
	out, err := exec.Command("grep", "-rnE", `os\.Exit\(|log\.Fatal|func init\(\)`, "../..", "--include=*.go", "--exclude=*_test.go").CombinedOutput()
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		if line != "" && !strings.Contains(line, "/cmd/ewoks-hpc/main.go") && !strings.Contains(line, "/private-slurm/") && !strings.Contains(line, "/bench/dispatch/main.go") {
			t.Errorf("not allowed here: %s", line)
		}
	}
	if len(out) == 0 {
		t.Errorf("nothing found, not even in main: %v", err)
	}
}
