package report

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// mostHosts bounds the hosts of a report, knownHosts those in memory.
const mostHosts, knownHosts = 200, 20_000

// Builder makes a report. It is for one goroutine.
type Builder struct {
	missing, unreadable int
	totals              Totals
	all                 span
	work                map[string]float64 // core-microseconds of each status
	workers, jobs       map[string]bool
	pools               map[string]bool
	hosts               map[string]*Host
	nodes               nodes
	timeline            timeline
	usage               usage
	failures            failures
	slowest             slowest
	rows                rows
}

// NewBuilder begins a report.
func NewBuilder() *Builder {
	return &Builder{
		work: map[string]float64{}, workers: map[string]bool{}, jobs: map[string]bool{}, pools: map[string]bool{}, hosts: map[string]*Host{},
		timeline: newTimeline(), usage: newUsage(), rows: rows{},
	}
}

// nodeOf is the node that an attempt was at; of a whole run, that which failed.
func nodeOf(a *task.Attempt) string { return cmp.Or(a.Node, a.Failure.Node) }

func rowOf(a *task.Attempt) *int {
	if a.Campaign == "" {
		return nil
	}
	return &a.Row
}

// coresOf an attempt are at least one.
func coresOf(a *task.Attempt) int { return max(1, a.Cores) }

// hours turns core-microseconds into core-hours.
func hours(work float64) float64 { return math.Round(work/3600) / 1e6 }

// Add takes an attempt. They are expected about in the order of their ends.
func (b *Builder) Add(a *task.Attempt) {
	own := *a // parts of it are kept
	a = &own
	s, known := spanOf(a.Started, a.Ended)
	b.totals.Attempts++
	*b.totals.of(a.Status)++
	again := b.rows.add(a, s, known)
	if a.Number > 1 || again && a.Node == "" { // a row as a whole is a new run each time
		b.totals.Retries++
	}
	b.totals.PeakMemory = max(b.totals.PeakMemory, a.PeakMemory)
	b.nodes.add(a, s, known)
	b.place(a, s, known)
	failed := a.Status != "succeeded" && a.Status != "skipped"
	if failed {
		b.failures.add(a)
	}
	if !known {
		return
	}
	if b.all.from == 0 {
		b.all = s
	}
	b.all = span{min(b.all.from, s.from), max(b.all.to, s.to)}
	b.totals.Busy += float64(s.length())
	b.work[a.Status] += float64(s.length()) * float64(coresOf(a))
	b.usage.add(s, coresOf(a), failed)
	b.timeline.add(a, s)
	b.slowest.add(a, s.length())
}

// place counts where an attempt was.
func (b *Builder) place(a *task.Attempt, s span, known bool) {
	if a.Worker != "" {
		b.workers[a.Worker] = true
	}
	if a.Job != "" {
		b.jobs[a.Job] = true
	}
	if a.Pool != "" {
		b.pools[a.Pool] = true
	}
	if a.Host == "" {
		return
	}
	h := b.hosts[a.Host]
	if h == nil {
		if len(b.hosts) >= knownHosts {
			return
		}
		h = &Host{Host: a.Host}
		b.hosts[a.Host] = h
	}
	*h.of(a.Status)++
	if known {
		h.Busy += float64(s.length())
	}
}

// Missing says that so many attempts are not recorded.
func (b *Builder) Missing(n int) { b.missing += n }

// Unreadable says that a record is damaged.
func (b *Builder) Unreadable() { b.unreadable++ }

// Pools are those of the attempts.
func (b *Builder) Pools() []string { return slices.Sorted(maps.Keys(b.pools)) }

// Data is the report, as of now.
func (b *Builder) Data(about Description, now time.Time) *Data {
	d := &Data{
		Version: Version, Made: now.UTC(), About: about, Totals: b.totals, Missing: b.missing, Unreadable: b.unreadable,
		Slowest: append([]Attempt{}, b.slowest.list...), Rows: b.rows.data(),
	}
	t := &d.Totals
	t.Workers, t.Hosts, t.Jobs = len(b.workers), len(b.hosts), max(len(b.jobs), len(about.Jobs))
	t.Started, t.Ended, t.Seconds = moment(b.all.from), moment(b.all.to), seconds(b.all.length())
	t.Busy = seconds(b.totals.Busy)
	held := heldBy(about.Jobs, b.during(about, now), now)
	d.Cores = b.cores(held)
	order, names := about.nodes()
	d.Nodes, d.MoreNodes = b.nodes.data(order, names)
	d.Timeline, d.Usage = b.timeline.data(b.all.from), b.usage.data(b.all, held)
	d.Waiting = waiting(about, b.all.from)
	d.Failures, d.MoreFailures = b.failures.data()
	d.Hosts = b.hostData()
	d.MoreHosts = len(b.hosts) - len(d.Hosts)
	return d
}

// during is from the submission to the end, as far as these are known.
func (b *Builder) during(about Description, now time.Time) span {
	s := span{cmp.Or(micros(about.Submitted), b.all.from), cmp.Or(micros(about.Ended), b.all.to)}
	if about.Ended.IsZero() && !about.Submitted.IsZero() {
		s.to = now.UnixMicro()
	}
	return s
}

func (b *Builder) cores(held []held) Cores {
	c := Cores{Known: len(held) > 0, Succeeded: hours(b.work["succeeded"]), Lost: hours(b.work["lost"])}
	rest := 0.0
	for status, work := range b.work {
		if status != "succeeded" && status != "lost" {
			rest += work
		}
	}
	c.Failed = hours(rest)
	asked := 0.0
	for _, h := range held {
		asked += float64(h.length()) * float64(h.cores)
	}
	c.Asked = hours(asked)
	return c
}

func (b *Builder) hostData() []Host {
	list := make([]Host, 0, len(b.hosts))
	for _, h := range b.hosts {
		shown := *h
		shown.Busy = seconds(h.Busy)
		list = append(list, shown)
	}
	slices.SortFunc(list, func(a, b Host) int {
		return cmp.Or(cmp.Compare(b.Failed+b.Lost, a.Failed+a.Lost), cmp.Compare(b.Busy, a.Busy), cmp.Compare(a.Host, b.Host))
	})
	return list[:min(len(list), mostHosts)]
}

// waiting is how long Slurm took.
func waiting(about Description, first int64) Waiting {
	var w Waiting
	var queued durations
	if submitted := micros(about.Submitted); submitted != 0 && first != 0 {
		w.First, w.Known = seconds(max(0, first-submitted)), true
	}
	for _, j := range about.Jobs {
		if s, ok := spanOf(j.Queued, j.Started); ok {
			queued.add(s.length())
		} else if !j.Queued.IsZero() && j.Started.IsZero() && j.Ended.IsZero() {
			w.Queued++
		}
	}
	w.Jobs = queued.data()
	return w
}
