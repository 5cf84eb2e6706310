package dashboard

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// load is a source of generated data: a cluster whose workers end tasks at a rate.
type load struct {
	workers int
	rate    float64 // tasks a second
	nodes   int     // of each run's workflow
	evil    string  // goes into every text that comes from users

	mu       sync.Mutex
	random   *rand.Rand
	started  time.Time
	ended    uint64
	ring     []task.Attempt
	totals   Totals
	causes   map[string]uint64
	done     []uint64 // by worker
	failures []uint64
	looks    int
	orders   []Order
}

const kept = 20_000

// newLoad has ended some tasks already.
func newLoad(workers int, rate float64, already int) *load {
	l := &load{
		workers: workers, rate: rate, nodes: 12, random: rand.New(rand.NewPCG(1, 2)), causes: map[string]uint64{},
		started: time.Now().Add(-time.Duration(float64(already) / max(rate, 1) * float64(time.Second))),
		done:    make([]uint64, workers), failures: make([]uint64, workers),
	}
	if rate == 0 {
		l.started = time.Now().Add(-time.Hour)
	}
	for range already {
		l.end(l.started.Add(time.Duration(float64(l.ended) / max(rate, float64(already)/3000) * float64(time.Second))))
	}
	return l
}

// advance ends what should have ended by now. The caller holds mu.
func (l *load) advance() {
	if l.rate == 0 || l.workers == 0 {
		return
	}
	for {
		at := l.started.Add(time.Duration(float64(l.ended) / l.rate * float64(time.Second)))
		if at.After(time.Now()) {
			return
		}
		l.end(at)
	}
}

var labels = []string{"load frames", "dark correction", "integrate", "fit peaks", "azimuthal map", "save nexus"}

func (l *load) end(at time.Time) {
	w := int(l.ended) % max(1, l.workers)
	longest := 2 * float64(max(1, l.workers)) / max(l.rate, 1) // two slots
	a := task.Attempt{
		Run: fmt.Sprintf("run-%04d", 15+l.ended/6%5), Campaign: "night-42", Row: int(l.ended / 6), Task: l.ended, Number: 1,
		Node: fmt.Sprint("n", l.ended%6), Label: labels[l.ended%6] + l.evil, Identifier: "beamline.tasks.Task" + fmt.Sprint(l.ended%6),
		Worker: workerName(w), Pool: poolName(w), Host: hostName(w) + l.evil, Job: fmt.Sprint(4000 + w/2), Cores: 4, Ended: at, Status: "succeeded",
		Started: at.Add(-time.Duration(longest * (0.25 + 0.7*l.random.Float64()) * float64(time.Second))), PeakMemory: 1 << 28,
	}
	l.done[w%max(1, len(l.done))]++
	l.totals.Succeeded++
	switch p := l.random.Float64(); {
	case p < 0.02:
		a.Status, a.Failure = "failed", task.Failure{Cause: task.Exception, Type: "ValueError", Message: "ValueError: no peaks in frame " + fmt.Sprint(l.ended) + l.evil, Advice: "see the log of the run"}
		l.totals.Failed++
		l.failures[w]++
	case p < 0.025:
		a.Status, a.Number, a.Failure = "lost", 2, task.Failure{Cause: task.Gone, Message: "the worker vanished: its node is down"}
		l.totals.Lost++
	}
	if a.Failure.Cause != "" {
		l.causes[string(a.Failure.Cause)]++
	}
	l.ended++
	if l.ring = append(l.ring, a); len(l.ring) >= 2*kept {
		l.ring = append(make([]task.Attempt, 0, 2*kept), l.ring[len(l.ring)-kept:]...)
	}
}

func workerName(w int) string { return fmt.Sprintf("01JC9Q7XKZ-%d-0", w) }
func hostName(w int) string   { return fmt.Sprintf("node%03d", w/4) }
func poolName(w int) string   { return []string{"cpu", "gpu"}[w%2] }

func (l *load) Overview() Overview {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.advance()
	l.looks++
	now := time.Now()
	o := Overview{
		Cluster: "beamline", Address: "login1:40123", Version: "v1.0", Started: l.started, Taken: now, Totals: l.totals, Causes: l.causes,
	}
	if l.ended == 0 && l.workers == 0 {
		return o
	}
	o.Ready, o.Leased, o.Delayed = 8000, 2*l.workers, 3
	for w := range l.workers {
		busy := 1 + int(l.done[w]+uint64(w))%2
		o.Workers = append(o.Workers, Worker{
			Worker: workerName(w), Pool: poolName(w), Job: fmt.Sprint(4000 + w/2), Host: hostName(w) + l.evil, Pid: 1000 + w,
			Slots: 2, Holding: 3, Busy: busy, Cores: 8, Memory: 32 << 30, GPUs: w % 2, Succeeded: l.done[w], Failed: l.failures[w],
			Since: l.started, Seen: now, EndsAt: l.started.Add(time.Duration(2+w%5) * time.Hour), Leaving: w%97 == 96,
		})
	}
	l.queue(&o, now)
	l.work(&o)
	return o
}

func (l *load) queue(o *Overview, now time.Time) {
	o.Pools = []Pool{
		{Pool: "cpu", Jobs: l.workers, MinJobs: 0, MaxJobs: 600, Adapts: true, Size: "0 to 600", Demand: 8000, SlotsPerJob: 2},
		{Pool: "gpu", Jobs: 2, MinJobs: 2, MaxJobs: 2, Size: "2", Demand: 40, SlotsPerJob: 2, Stopped: &Stopped{
			Since: now.Add(-time.Hour).Truncate(time.Second), Reason: "3 jobs in a row ended before their worker said hello", Hint: "read the log, then ewoks-hpc resume --cluster beamline",
			Log: "slurmstepd: error: module: command not found" + l.evil,
		}, Excluded: []Excluded{{Node: "node007", Until: l.started.Add(100 * time.Hour), Reason: "2 jobs died there"}}},
	}
	o.Notices = []string{"pool gpu is stopped: 3 jobs in a row ended before their worker said hello"}
	for j := range min(l.workers, 40) {
		job := Job{Pool: "cpu", ID: fmt.Sprint(4000 + j), Index: -1, Phase: "running", SlurmState: "RUNNING", Nodes: hostName(j), Start: l.started}
		if j%5 == 4 {
			job.Phase, job.SlurmState, job.Nodes = "queued", "PENDING", ""
			job.Reason = "waits for free nodes: others are before it (Priority)" + l.evil
		}
		if j%20 == 7 {
			job.Phase, job.SlurmState, job.Reason = "held", "PENDING", "the node that it asks for is drained (ReqNodeNotAvail)"
		}
		o.Jobs = append(o.Jobs, job)
	}
}

func (l *load) work(o *Overview) {
	total := 6000
	for r := range 20 {
		run := Run{
			Run: fmt.Sprintf("run-%04d", r), Label: "tomo scan " + fmt.Sprint(r) + l.evil, User: "ada", Status: engine.Succeeded, Submitted: l.started.Add(time.Duration(r-21) * time.Minute),
			Counts: engine.Counts{Nodes: total, Started: total, Succeeded: total}, Ended: l.started.Add(time.Duration(r-20) * time.Minute),
		}
		switch {
		case r > 14:
			n := int(l.ended) % total
			run.Status, run.Ended, run.Counts.Started, run.Counts.Succeeded = engine.Running, time.Time{}, n, max(0, n-40)
			run.Paused = r == 17
		case r%6 == 4:
			run.Status, run.Node, run.Message = engine.Failed, "fit peaks", "ValueError: no peaks in frame 17"+l.evil
			run.Counts.Failed, run.Counts.Succeeded = 1, 300
		}
		o.Runs = append(o.Runs, run)
	}
	done := int(l.ended) % 18_000
	o.Campaigns = []Campaign{
		{Campaign: "night-42", User: "ada", Phase: "active", Waiting: 20_000 - done - 160, Running: 120, Done: done, Failed: 40, Rate: l.rate / 6, Left: float64(20_000-done) / max(1, l.rate/6),
			Reasons: []Reason{
				{Rows: 31, Text: "ValueError in fit" + l.evil, Example: 300, Message: preamble + "no peaks in frame 17" + l.evil},
				{Rows: 9, Text: "timeout in integrate", Example: 700, Message: "the task took longer than 600 s"},
			}, Submitted: l.started},
		{Campaign: "night-41", User: "ada", Phase: "ended", Done: 1200, Failed: 3, Submitted: l.started.Add(-24 * time.Hour), Ended: l.started.Add(-20 * time.Hour)},
	}
}

func (l *load) Attempts(after uint64, most int) ([]task.Attempt, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.advance()
	if after > l.ended {
		after = 0
	}
	n := min(l.ended-after, kept, uint64(len(l.ring)), uint64(most))
	return append([]task.Attempt(nil), l.ring[uint64(len(l.ring))-n:]...), l.ended
}

func (l *load) Run(id string) (d RunDetail, err error) {
	for _, r := range l.Overview().Runs {
		if r.Run == id {
			d.Run = r
		}
	}
	if d.Run.Run == "" {
		return d, ErrNotFound
	}
	for i := range l.nodes {
		n := Node{ID: fmt.Sprint("n", i), Label: labels[i%6] + fmt.Sprint(" ", i) + l.evil, Identifier: "beamline.tasks.Task" + fmt.Sprint(i%6), Mean: 0.5 + float64(i), Longest: 3 + float64(i)}
		switch {
		case d.Status != engine.Running || i < l.nodes/2:
			n.Succeeded = 1
		case i < l.nodes*2/3:
			n.Running = 1
		case i == l.nodes*2/3:
			n.Failed, n.Retried, n.Message = 1, 2, "ValueError: no peaks"+l.evil
		case i == l.nodes*2/3+1:
			n.Ready, n.Lost = 1, 1
		default:
			n.Waiting = 1
		}
		d.Nodes = append(d.Nodes, n)
		if i > 0 {
			link := Link{Source: (i - 1) / 2, Target: i}
			if i%5 == 0 {
				link.Conditional, link.Label = true, "peaks = true"+l.evil
			}
			if i%7 == 6 {
				link.OnError = true
			}
			d.Links = append(d.Links, link)
		}
	}
	if l.nodes > 3 {
		d.Links = append(d.Links, Link{Source: l.nodes - 1, Target: 2, Conditional: true, Label: "repeat"})
	}
	return d, nil
}

func (l *load) Campaign(name string) (d CampaignDetail, err error) {
	for _, c := range l.Overview().Campaigns {
		if c.Campaign == name {
			d.Campaign = c
		}
	}
	if d.Campaign.Campaign == "" {
		return d, ErrNotFound
	}
	d.Total, d.Workflow = 20_000, "tomo.json"
	for i := range 160 {
		r := Row{Row: 100 * i, State: "running", Run: fmt.Sprintf("run-%04d", i%20), Parameters: fmt.Sprintf("scan=%d, energy=%g", i, 33.1+float64(i)/10) + l.evil}
		if i%4 == 3 {
			r.State, r.Message = "failed", preamble+"no peaks in frame 17"+l.evil
		}
		d.Rows = append(d.Rows, r)
	}
	return d, nil
}

// preamble is how ewoks begins the message of a task that failed.
const preamble = "Execution failed for ewoks task 'fit' (id: 'fit', task: 'beamline.tasks.Fit'): "

// Row has two attempts: one was lost, the other failed, or runs.
func (l *load) Row(_ context.Context, campaign string, row int) (d RowDetail, err error) {
	c, err := l.Campaign(campaign)
	if err != nil || row < 0 || row >= c.Total {
		return d, ErrNotFound
	}
	d = RowDetail{
		Campaign: campaign, Row: row, State: "failed",
		Parameters: []Value{{"scan" + l.evil, fmt.Sprint(row)}, {"energy", "33.1"}, {"path", "/data/visitor/" + strings.Repeat("long/", 20) + "scan.h5" + l.evil}},
		Attempts: []RowAttempt{
			{Number: 1, State: "lost", Host: hostName(3) + l.evil, Job: "4003", Started: l.started, Ended: l.started.Add(time.Minute), Failure: task.Failure{Cause: task.Gone, Message: "the worker vanished: its node is down" + l.evil}},
			{Number: 2, State: "failed", Run: "01JC9Q7XKZ", Worker: workerName(7), Host: hostName(7), Job: "4007", Started: l.started.Add(2 * time.Minute), Ended: l.started.Add(5 * time.Minute), PeakMemory: 3 << 30},
		},
	}
	a := &d.Attempts[1]
	a.Failure = task.Failure{Cause: task.Exception, Type: "ValueError" + l.evil, Node: "fit" + l.evil, Message: preamble + "no peaks in frame 17" + l.evil, Advice: "see what it printed" + l.evil,
		Traceback: "Traceback (most recent call last):\n  File \"fit.py\", line 12, in run\n    raise ValueError()\nValueError: no peaks" + l.evil}
	for i, node := range labels {
		a.Steps = append(a.Steps, RowStep{Node: node + l.evil, After: float64(30 * i), Seconds: 28, Failed: i == len(labels)-1})
		a.Printed = append(a.Printed, Printed{Node: node + l.evil, Stdout: "frame 1\nframe 2\n" + l.evil, Stderr: strings.Repeat("DeprecationWarning\n", i)})
	}
	return d, nil
}

// Log is a text that grows by ten lines a second.
func (l *load) Log(_ context.Context, r LogRequest) (LogPart, error) {
	if r.Name == "unknown" {
		return LogPart{}, ErrNotFound
	}
	const line = 64
	lines := int64(time.Since(l.started) / (100 * time.Millisecond))
	p := LogPart{Size: lines * line}
	if p.Start = r.Offset; r.Offset == Tail {
		p.Start = max(0, lines-int64(r.Most)/line) * line
	}
	p.Next = min(p.Size, p.Start+int64(r.Most)/line*line)
	var b strings.Builder
	for i := p.Start / line; i < p.Next/line; i++ {
		text := fmt.Sprintf("[integrate] frame %08d%s", i, l.evil)
		b.WriteString(text + strings.Repeat(".", max(0, line-1-len(text))) + "\n")
	}
	p.Text = b.String()
	return p, nil
}

func (l *load) Order(_ context.Context, o Order) (Ordered, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if o.Name == "run-0000" {
		return Ordered{}, hinted{"run run-0000 is over", "take one that goes on"}
	}
	l.orders = append(l.orders, o)
	return Ordered{Changed: true}, nil
}

type hinted struct{ text, hint string }

func (h hinted) Error() string { return h.text }
func (h hinted) Hint() string  { return h.hint }

// options are those of a dashboard that shows everything.
func (l *load) options() Options {
	return Options{Source: l, Attempts: l, Runs: l, Campaigns: l, Rows: l, Logs: l, Orders: l, Token: token}
}
