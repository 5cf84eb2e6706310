package app

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/coordinator"
	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/report"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// runDetails tells of runs, node by node. What became of their tasks is read from the
// history when somebody begins to look, and followed from then on: a run that nobody
// looks at costs nothing.
type runDetails struct {
	cluster *Cluster

	mu   sync.Mutex
	open map[string]*runDetail
}

// maxRunDetails bounds the runs that are looked at at the same time.
const maxRunDetails = 16

// Run implements [dashboard.Runs].
func (d *runDetails) Run(id string) (dashboard.RunDetail, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := d.open[id]
	if r == nil {
		var err error
		if r, err = d.cluster.openRun(id); err != nil {
			return dashboard.RunDetail{}, err
		}
		if len(d.open) >= maxRunDetails {
			clear(d.open)
		}
		d.open[id] = r
	}
	if err := r.update(d.cluster); err != nil {
		delete(d.open, id)
		return dashboard.RunDetail{}, err
	}
	return r.detail(d.cluster), nil
}

// runDetail is what is known of a run that somebody looks at.
type runDetail struct {
	about report.Description
	nodes []dashboard.Node // without what they do now
	links []dashboard.Link
	index map[string]int

	read  bool
	next  uint64 // attempt of the history to go on with
	tasks map[uint64]lastAttempt
	spent []float64 // seconds of the tasks of each node
	ended []int     // tasks of each node

	failure task.Failure // of the last attempt that failed
	now     map[string]coordinator.Activity
	nowNext time.Time // when to ask for now again
}

// lastAttempt is the newest attempt at a task that is known.
type lastAttempt struct {
	number int
	failed bool
}

func (c *Cluster) openRun(id string) (*runDetail, error) {
	r := &runDetail{index: map[string]int{}, tasks: map[uint64]lastAttempt{}}
	c.history.Sync()
	err := c.history.About(id, &r.about)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("run %s: %w", id, dashboard.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	wf := new(workflow.Workflow)
	if err := wf.UnmarshalJSON(r.about.Workflow); err != nil {
		return nil, fmt.Errorf("workflow of run %s: %w", id, err)
	}
	for i := range wf.Nodes {
		n := &wf.Nodes[i]
		r.index[n.ID.String()] = i
		r.nodes = append(r.nodes, dashboard.Node{ID: n.ID.String(), Label: n.Label, Identifier: n.Identifier})
	}
	for i := range wf.Links {
		r.links = append(r.links, pageLink(&wf.Links[i]))
	}
	r.spent, r.ended = make([]float64, len(r.nodes)), make([]int, len(r.nodes))
	return r, nil
}

func pageLink(l *workflow.Link) dashboard.Link {
	shown := dashboard.Link{Source: l.Source, Target: l.Target, OnError: l.OnError, Conditional: len(l.Conditions) > 0}
	switch {
	case l.OnError:
		shown.Label = "on error"
	case len(l.Conditions) > 0:
		c := l.Conditions[0]
		shown.Label = fmt.Sprintf("%s = %s", c.Output, c.Value)
	case l.MapAll:
		shown.Label = "all outputs"
	case len(l.DataMapping) > 0:
		shown.Label = string(l.DataMapping[0].Output)
	}
	if more := len(l.DataMapping) + len(l.Conditions) - 1; more > 0 && !l.OnError && !l.MapAll {
		shown.Label += fmt.Sprintf(" and %d more", more)
	}
	return shown
}

// update folds in what has happened since the last look. If that is more than stays
// in memory, all is read again.
func (r *runDetail) update(c *Cluster) error {
	const all = 1 << 30
	if r.read {
		recent, next := c.history.Recent(r.next, all)
		if next >= r.next && uint64(len(recent)) == next-r.next {
			for i := range recent {
				r.add(&recent[i])
			}
			r.next = next
			return nil
		}
	}
	_, r.next = c.history.Recent(0, 0) // what comes from now on may be in the file, too: add knows
	c.history.Sync()
	for a, err := range c.history.Read(r.about.Name) {
		if errors.Is(err, fs.ErrNotExist) {
			break // nothing has ended yet
		}
		if err == nil {
			r.add(&a)
		}
	}
	r.read = true
	return nil
}

func (r *runDetail) add(a *task.Attempt) {
	if a.Run != r.about.Name {
		return
	}
	i, ok := r.index[a.Node]
	last, again := r.tasks[a.Task]
	if !ok || again && a.Number <= last.number {
		return
	}
	n := &r.nodes[i]
	if again && last.failed {
		n.Failed--
		n.Retried++
	}
	r.tasks[a.Task] = lastAttempt{a.Number, a.Status == task.Failed.String()}
	switch a.Status {
	case task.Succeeded.String():
		n.Succeeded++
	case task.Failed.String():
		n.Failed++
		n.Message, r.failure = a.Failure.Message, a.Failure
	case task.Lost.String():
		n.Lost++
		n.Message = a.Failure.Message
		return
	default:
		return
	}
	seconds := a.Ended.Sub(a.Started).Seconds()
	r.spent[i] += seconds
	r.ended[i]++
	n.Mean, n.Longest = r.spent[i]/float64(r.ended[i]), max(n.Longest, seconds)
}

// detail is the run as it is now.
func (r *runDetail) detail(c *Cluster) dashboard.RunDetail {
	status, err := c.coordinator.Run(r.about.Name)
	if err != nil { // it was forgotten: what was written down last
		status = writtenDown(&r.about)
	}
	d := dashboard.RunDetail{Run: dashboard.Run(status), Links: r.links}
	d.Nodes = append(d.Nodes, r.nodes...)
	if status.Message != "" && status.Message == r.failure.Message {
		d.Advice, d.Traceback = r.failure.Advice, r.failure.Traceback
	}
	now := r.activity(c)
	for i := range d.Nodes {
		n := &d.Nodes[i]
		n.Ready, n.Running = now[n.ID].Ready, now[n.ID].Running
		if n.Ready+n.Running+n.Succeeded+n.Failed > 0 {
			continue
		}
		if status.Status == engine.Running {
			n.Waiting = 1
		} else {
			n.Skipped = 1
		}
	}
	return d
}

// activityShare is the part of the time that asking for the activity of a run may
// take: nobody else can ask the coordinator meanwhile, workers neither.
const activityShare = 0.01

// activity is what the nodes do now, or lately if that takes long to tell.
func (r *runDetail) activity(c *Cluster) map[string]coordinator.Activity {
	if began := time.Now(); began.After(r.nowNext) {
		r.now = c.coordinator.Activity(r.about.Name)
		ended := time.Now()
		r.nowNext = ended.Add(time.Duration(float64(ended.Sub(began)) / activityShare))
	}
	return r.now
}

// writtenDown is the status of a run that the coordinator has forgotten.
func writtenDown(d *report.Description) coordinator.RunStatus {
	return coordinator.RunStatus{
		Run: d.Name, Label: d.Label, User: d.User, Status: engine.Status(d.Status), Submitted: d.Submitted, Ended: d.Ended,
		Node: d.Node, Message: d.Message,
		Counts: engine.Counts{Nodes: d.Counts["nodes"], Succeeded: d.Counts["succeeded"], Failed: d.Counts["failed"], Lost: d.Counts["lost"], Retried: d.Counts["retried"]},
	}
}
