package dashboard

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// newMetrics serves a source and the launcher's process in Prometheus' text format.
// The names follow https://prometheus.io/docs/practices/naming/ .
func newMetrics(source Source) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		gauges{source},
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

// gauges collects from one overview for each scrape.
type gauges struct{ source Source }

// metric is one family: a description and whether it only grows.
type metric struct {
	*prometheus.Desc
	kind prometheus.ValueType
}

func gauge(name, help string, labels ...string) metric {
	return metric{prometheus.NewDesc("ewoks_hpc_"+name, help, labels, nil), prometheus.GaugeValue}
}

func counter(name, help string, labels ...string) metric {
	return metric{prometheus.NewDesc("ewoks_hpc_"+name, help, labels, nil), prometheus.CounterValue}
}

var (
	metricInfo       = gauge("info", "The cluster and the version of its launcher; always 1.", "cluster", "version")
	metricStarted    = gauge("start_time_seconds", "When the launcher started, in seconds since 1970.")
	metricPaused     = gauge("paused", "1 while nothing is given to workers.")
	metricQueue      = gauge("tasks", "Tasks by state: ready ones wait for a worker, leased ones are with a worker, delayed ones are tried again later.", "state")
	metricEnded      = counter("tasks_ended_total", "Tasks that ended, by state.", "state")
	metricRepeated   = counter("attempts_repeated_total", "Attempts that were followed by another, by what became of them: retried (they failed) or lost.", "outcome")
	metricCauses     = counter("attempts_unsuccessful_total", "Attempts that did not succeed, by cause.", "cause")
	metricWorkers    = gauge("workers", "Workers by pool and state; leaving ones take no new tasks.", "pool", "state")
	metricSlots      = gauge("slots", "Slots of the workers of a pool.", "pool")
	metricBusy       = gauge("slots_busy", "Slots that tasks occupy, by pool.", "pool")
	metricJobs       = gauge("jobs", "Slurm jobs by pool and phase.", "pool", "phase")
	metricPoolJobs   = gauge("pool_jobs", "Jobs of a pool that are queued or running and not about to end.", "pool")
	metricPoolMost   = gauge("pool_jobs_limit", "The number of jobs that a pool may have.", "pool")
	metricPoolDemand = gauge("pool_demand_slots", "Slots that tasks of a pool need.", "pool")
	metricPoolStop   = gauge("pool_stopped", "1 while a pool submits no jobs because they do not start.", "pool")
	metricRuns       = gauge("runs", "The newest runs by status.", "status")
	metricRows       = gauge("campaign_rows", "Rows of a campaign by state.", "campaign", "state")
	metricNotices    = gauge("notices", "Sentences on the page that tell why something does not go on.")
)

// Describe makes the registry check the families when the launcher starts.
func (g gauges) Describe(to chan<- *prometheus.Desc) {
	for _, m := range []metric{
		metricInfo, metricStarted, metricPaused, metricQueue, metricEnded, metricRepeated, metricCauses, metricWorkers,
		metricSlots, metricBusy, metricJobs, metricPoolJobs, metricPoolMost, metricPoolDemand, metricPoolStop, metricRuns,
		metricRows, metricNotices,
	} {
		to <- m.Desc
	}
}

// Collect adds up first: two rows with one name would make two samples of one series.
func (g gauges) Collect(to chan<- prometheus.Metric) {
	s := sums{}
	s.overview(bound(g.source.Overview()))
	for key, value := range s {
		to <- prometheus.MustNewConstMetric(key.Desc, key.kind, value, key.labels()...)
	}
}

// sample is a series: labels that a metric does not have are empty.
type sample struct {
	metric
	n    int
	a, b string
}

func (s sample) labels() []string { return []string{s.a, s.b}[:s.n] }

type sums map[sample]float64

func (s sums) add(m metric, value float64, labels ...string) {
	k := sample{metric: m, n: len(labels)}
	for i, l := range labels {
		*[]*string{&k.a, &k.b}[i] = l
	}
	s[k] += value
}

func (s sums) overview(o answer) {
	s.add(metricInfo, 1, o.Cluster, o.Version)
	if !o.Started.IsZero() {
		s.add(metricStarted, float64(o.Started.UnixMilli())/1000)
	}
	s.add(metricPaused, truth(o.Paused))
	s.add(metricNotices, float64(len(o.Notices)+o.LeftOut.Notices))
	s.add(metricQueue, float64(o.Ready), "ready")
	s.add(metricQueue, float64(o.Leased), "leased")
	s.add(metricQueue, float64(o.Delayed), "delayed")
	s.add(metricEnded, float64(o.Totals.Succeeded), "succeeded")
	s.add(metricEnded, float64(o.Totals.Failed), "failed")
	s.add(metricRepeated, float64(o.Totals.Retried), "retried")
	s.add(metricRepeated, float64(o.Totals.Lost), "lost")
	for cause, n := range o.Causes {
		s.add(metricCauses, float64(n), cause)
	}
	s.capacity(o)
	for _, r := range o.Runs {
		s.add(metricRuns, 1, string(r.Status))
	}
	for _, c := range o.Campaigns {
		for state, n := range map[string]int{
			"waiting": c.Waiting, "running": c.Running, "done": c.Done, "failed": c.Failed, "skipped": c.Skipped, "cancelled": c.Cancelled,
		} {
			s.add(metricRows, float64(n), c.Campaign, state)
		}
	}
}

func (s sums) capacity(o answer) {
	for _, w := range o.Workers {
		s.add(metricWorkers, truth(!w.Leaving), w.Pool, "taking")
		s.add(metricWorkers, truth(w.Leaving), w.Pool, "leaving")
		s.add(metricSlots, float64(w.Slots), w.Pool)
		s.add(metricBusy, float64(w.Busy), w.Pool)
	}
	for _, j := range o.Jobs {
		s.add(metricJobs, 1, j.Pool, j.Phase)
	}
	for _, p := range o.Pools {
		s.add(metricPoolJobs, float64(p.Jobs), p.Pool)
		s.add(metricPoolMost, float64(p.MaxJobs), p.Pool)
		s.add(metricPoolDemand, float64(p.Demand), p.Pool)
		s.add(metricPoolStop, truth(p.Stopped != nil), p.Pool)
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
