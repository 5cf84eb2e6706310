package dashboard

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// The example for Grafana asks for metrics that there are, with queries that Prometheus understands.
func TestGrafanaExample(t *testing.T) {
	text, err := os.ReadFile("../examples/grafana/ewoks-hpc.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	metrics := serveLoad(t, newLoad(4, 0, 500)).see("/metrics")
	promtool, _ := exec.LookPath("promtool")
	rules, n := "groups:\n- name: x\n  rules:\n", 0
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			n++
			for _, name := range regexp.MustCompile(`(ewoks_hpc|process|go)_[a-z_]+`).FindAllString(target.Expr, -1) {
				if !strings.Contains(metrics, "\n"+name) && !strings.HasPrefix(metrics, name) {
					t.Errorf("no metric %s", name)
				}
			}
			query, _ := json.Marshal(strings.NewReplacer("$__rate_interval", "1m", "$instance", ".*").Replace(target.Expr))
			rules += "  - record: x" + strings.Repeat("x", n) + "\n    expr: " + string(query) + "\n"
		}
	}
	if n < 10 {
		t.Fatalf("%d queries", n)
	}
	if promtool == "" {
		return
	}
	file := t.TempDir() + "/rules.yml"
	if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(promtool, "check", "rules", file).CombinedOutput(); err != nil {
		t.Errorf("promtool: %v\n%s", err, out)
	}
}
