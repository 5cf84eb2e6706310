package dashboard

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

func TestMetrics(t *testing.T) {
	l := newLoad(8, 0, 500)
	s := serveLoad(t, l)
	text := s.see("/metrics")
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	value := func(name string, labels ...string) float64 {
		for _, m := range families[name].GetMetric() {
			all := ""
			for _, l := range m.Label {
				all += l.GetName() + "=" + l.GetValue() + " "
			}
			matches := true
			for _, l := range labels {
				matches = matches && strings.Contains(all, l+" ")
			}
			if matches {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
		t.Errorf("no %s %v", name, labels)
		return -1
	}
	for want, got := range map[float64]float64{
		8000: value("ewoks_hpc_tasks", "state=ready"), 500: value("ewoks_hpc_tasks_ended_total", "state=succeeded"),
		4: value("ewoks_hpc_workers", "pool=cpu", "state=taking"), 8: value("ewoks_hpc_slots", "pool=gpu"), 600: value("ewoks_hpc_pool_jobs_limit", "pool=cpu"),
		1: value("ewoks_hpc_pool_stopped", "pool=gpu"), 5: value("ewoks_hpc_runs", "status=running"), 40: value("ewoks_hpc_campaign_rows", "campaign=night-42", "state=failed"),
		float64(l.causes["exception"]): value("ewoks_hpc_attempts_unsuccessful_total", "cause=exception"),
	} {
		if want != got {
			t.Errorf("%g, want %g", got, want)
		}
	}
	if value("process_cpu_seconds_total") < 0 || value("go_goroutines") < 1 {
		t.Error("nothing of the process")
	}
	if promtool, err := exec.LookPath("promtool"); err == nil {
		check := exec.Command(promtool, "check", "metrics")
		check.Stdin = strings.NewReader(text)
		if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("promtool: %v\n%s", err, out)
		}
	}
}

// Names are data: they must not break the format, nor make two samples of one series.
func TestMetricsOfOddNames(t *testing.T) {
	o, _ := filled("a\"} 1\nb{c=\"\\ \xff")
	o.Workers = append(o.Workers, o.Workers[0])
	o.Campaigns = append(o.Campaigns, o.Campaigns[0])
	o.Causes = map[string]uint64{"a\xff": 1, "a\xfe": 2}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(serve(t, o).see("/metrics")))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(families["ewoks_hpc_campaign_rows"].GetMetric()); n != 6 {
		t.Errorf("%d series of one campaign", n)
	}
}
