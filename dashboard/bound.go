package dashboard

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// What one answer may hold. A page of this size is a few megabytes at worst.
const (
	maxRows    = 1000   // of a table
	maxNodes   = 10_000 // of a workflow
	maxLinks   = 30_000
	maxNotices = 20
	maxName    = 200  // bytes of a name or a label
	maxText    = 1000 // bytes of a sentence or an error message

	maxTraceback = 4000 // bytes
	maxSteps     = 100  // of an attempt
)

// answer is an overview that is fit to be sent.
type answer struct {
	Overview
	// LeftOut is how many rows did not fit.
	LeftOut leftOut `json:"left_out"`
}

type leftOut struct {
	Workers   int `json:"workers"`
	Jobs      int `json:"jobs"`
	Pools     int `json:"pools"`
	Runs      int `json:"runs"`
	Campaigns int `json:"campaigns"`
	Notices   int `json:"notices"`
}

// bound makes an answer of an overview, which it leaves as it is. Runs that go
// on come first, then the newest: those that somebody looks for.
func bound(o Overview) answer {
	a := answer{Overview: o}
	if a.Taken.IsZero() {
		a.Taken = time.Now()
	}
	clip(maxName, &a.Cluster, &a.Address, &a.Version)

	a.Workers, a.LeftOut.Workers = first(maxRows, o.Workers)
	for i := range a.Workers {
		w := &a.Workers[i]
		clip(maxName, &w.Worker, &w.Pool, &w.Job, &w.Host)
	}

	a.Jobs, a.LeftOut.Jobs = first(maxRows, o.Jobs)
	for i := range a.Jobs {
		j := &a.Jobs[i]
		clip(maxName, &j.Pool, &j.ID, &j.Phase, &j.SlurmState, &j.Nodes)
		clip(maxText, &j.Reason)
	}

	a.Pools, a.LeftOut.Pools = first(maxRows, o.Pools)
	for i := range a.Pools {
		boundPool(&a.Pools[i])
	}

	runs := slices.Clone(o.Runs)
	slices.SortStableFunc(runs, func(x, y Run) int {
		return cmp.Or(cmp.Compare(over(x), over(y)), y.Submitted.Compare(x.Submitted))
	})
	a.Runs, a.LeftOut.Runs = first(maxRows, runs)
	for i := range a.Runs {
		r := &a.Runs[i]
		clip(maxName, &r.Run, &r.Label, &r.User, (*string)(&r.Status), &r.Node)
		clip(maxText, &r.Message)
	}

	a.Campaigns, a.LeftOut.Campaigns = first(maxRows, o.Campaigns)
	for i := range a.Campaigns {
		boundReasons(&a.Campaigns[i])
	}
	a.Causes = boundCauses(o.Causes)

	a.Notices, a.LeftOut.Notices = first(maxNotices, o.Notices)
	for i := range a.Notices {
		clip(maxText, &a.Notices[i])
	}
	return a
}

func boundPool(p *Pool) {
	clip(maxName, &p.Pool, &p.Size)
	if p.Stopped != nil {
		s := *p.Stopped
		clip(maxText, &s.Reason, &s.Hint, &s.Log)
		p.Stopped = &s
	}
	p.Excluded, _ = first(maxRows, p.Excluded)
	for i := range p.Excluded {
		clip(maxName, &p.Excluded[i].Node)
		clip(maxText, &p.Excluded[i].Reason)
	}
}

func boundReasons(c *Campaign) {
	clip(maxName, &c.Campaign, &c.User, &c.Phase)
	c.Reasons, _ = first(maxRows, c.Reasons)
	for i := range c.Reasons {
		clip(maxText, &c.Reasons[i].Text, &c.Reasons[i].Message)
	}
}

// boundCauses copies the counts; there are few causes, all of them task.Cause.
func boundCauses(causes map[string]uint64) map[string]uint64 {
	all := make(map[string]uint64, len(causes))
	for cause, n := range causes {
		if len(all) < maxRows {
			clip(maxName, &cause)
			all[cause] += n
		}
	}
	return all
}

// runAnswer is a run that is fit to be sent.
type runAnswer struct {
	RunDetail
	// LeftOut is how many nodes did not fit.
	LeftOut int `json:"left_out"`
}

func boundRun(d RunDetail) runAnswer {
	a := runAnswer{RunDetail: d}
	clip(maxName, &a.Run.Run, &a.Label, &a.User, (*string)(&a.Status), &a.Node, &a.Campaign)
	clip(maxText, &a.Message, &a.Advice)
	clip(maxTraceback, &a.Traceback)
	a.Nodes, a.LeftOut = first(maxNodes, d.Nodes)
	for i := range a.Nodes {
		n := &a.Nodes[i]
		clip(maxName, &n.ID, &n.Label, &n.Identifier)
		clip(maxText, &n.Message)
	}
	a.Links = []Link{}
	for _, l := range d.Links[:min(maxLinks, len(d.Links))] {
		if min(l.Source, l.Target) >= 0 && max(l.Source, l.Target) < len(a.Nodes) {
			clip(maxName, &l.Label)
			a.Links = append(a.Links, l)
		}
	}
	return a
}

func boundCampaign(d CampaignDetail) CampaignDetail {
	boundReasons(&d.Campaign)
	clip(maxName, &d.Workflow)
	d.Rows, _ = first(maxRows, d.Rows)
	for i := range d.Rows {
		r := &d.Rows[i]
		clip(maxName, &r.State, &r.Run)
		clip(maxText, &r.Parameters, &r.Message)
	}
	return d
}

// boundAttempt keeps what an attempt's row and its details show.
func boundAttempt(a task.Attempt) task.Attempt {
	clip(maxName, &a.Run, &a.Campaign, &a.Node, &a.Label, &a.Identifier, &a.Worker, &a.Pool, &a.Host, &a.Job, &a.Status)
	f := &a.Failure
	clip(maxName, (*string)(&f.Cause), &f.Type, &f.Node)
	clip(maxText, &f.Message, &f.Advice)
	clip(maxTraceback, &f.Traceback)
	a.Steps, _ = first(maxSteps, a.Steps)
	for i := range a.Steps {
		clip(maxName, &a.Steps[i].Node)
	}
	return a
}

func over(r Run) int {
	if r.Status == engine.Running {
		return 0
	}
	return 1
}

// first copies at most n rows and tells how many it left out. The copy is never
// nil, which would be null in JSON.
func first[T any](n int, rows []T) ([]T, int) {
	n = min(n, len(rows))
	return append(make([]T, 0, n), rows[:n]...), len(rows) - n
}

// clip cuts texts to n bytes of valid UTF-8 and marks the cut.
func clip(n int, texts ...*string) {
	for _, t := range texts {
		if len(*t) > n {
			*t = strings.ToValidUTF8((*t)[:n], "") + "…"
		}
		*t = strings.ToValidUTF8(*t, "\uFFFD")
	}
}
