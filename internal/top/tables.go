package top

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
)

func (m Model) shownWorkers() []dashboard.Worker {
	return pick(m.picture.Workers, func(w dashboard.Worker) bool { return m.holds(w.Worker, w.Pool, w.Job, w.Host) })
}

func (m Model) workerTable() table {
	t := table{cursor: m.cursor[workers], none: "no workers", columns: []column{
		{title: "WORKER", weight: 3}, {title: "POOL", weight: 2}, {title: "JOB", weight: 1}, {title: "HOST", weight: 2}, {title: "SLOTS"}, {title: "BUSY", right: true},
		{title: "DONE", right: true}, {title: "FAILED", right: true}, {title: "SEEN", right: true}, {title: "STATE"}}}
	for _, w := range m.shownWorkers() {
		state, failed := m.look.state("running"), m.look.faint
		switch {
		case w.Leaving:
			state = m.look.state("leaving")
		case taken(w) == 0:
			state = m.look.state("idle")
		}
		if w.Failed > 0 {
			failed = m.look.red
		}
		t.rows = append(t.rows, []cell{
			{text: shortWorker(clean(w.Worker))}, {text: cmp.Or(clean(w.Pool), "-")}, {text: cmp.Or(clean(w.Job), "-")}, {text: clean(w.Host)},
			{text: m.look.bar(m.look.blue, min(max(w.Slots, 1), progressWidth), float64(taken(w)), float64(w.Slots))},
			{text: fmt.Sprintf("%d/%d", taken(w), w.Slots)}, {text: fmt.Sprint(w.Succeeded)}, {fmt.Sprint(w.Failed), failed},
			{text: age(m.at, w.Seen)}, state,
		})
	}
	return t
}

// shortWorker leaves most of the key of its launch out of a worker's name.
func shortWorker(name string) string {
	if launch, rest, ok := strings.Cut(name, "-"); ok && len(launch) > 6 {
		return launch[len(launch)-6:] + "-" + rest
	}
	return name
}

func (m Model) shownJobs() []dashboard.Job {
	return pick(m.picture.Jobs, func(j dashboard.Job) bool {
		return m.holds(jobName(j), j.Pool, j.Phase, j.SlurmState, j.Nodes, j.Reason)
	})
}

func jobName(j dashboard.Job) string {
	if j.ID == "" {
		return fmt.Sprint(j.Index)
	}
	return fmt.Sprintf("%s_%d", j.ID, j.Index)
}

func (m Model) jobTable() table {
	t := table{cursor: m.cursor[jobs], none: "no jobs", columns: []column{
		{title: "JOB", weight: 1}, {title: "POOL", weight: 2}, {title: "STATE"}, {title: "NODE", weight: 2}, {title: "SINCE", right: true}, {title: "REASON", weight: 3}}}
	for _, j := range m.shownJobs() {
		t.rows = append(t.rows, []cell{
			{text: jobName(j)}, {text: clean(j.Pool)}, m.look.state(clean(j.Phase)), {text: cmp.Or(clean(j.Nodes), "-")},
			{text: since(m.at, j.Start)}, {oneLine(j.Reason), m.look.faint},
		})
	}
	return t
}

// since is how long ago something was, or in how much time it is expected.
func since(now, then time.Time) string {
	if then.After(now) {
		return "in " + span(then.Sub(now))
	}
	return age(now, then)
}

func (m Model) shownCampaigns() []dashboard.Campaign {
	return pick(m.picture.Campaigns, func(c dashboard.Campaign) bool { return m.holds(c.Campaign, c.User, c.Phase) })
}

func (m Model) campaignTable() table {
	t := table{cursor: m.cursor[campaigns], none: "no campaigns", columns: []column{
		{title: "CAMPAIGN", weight: 1}, {title: "STATE"}, {title: "PROGRESS"}, {title: "ROWS", right: true}, {title: "RUNNING", right: true}, {title: "FAILED", right: true},
		{title: "ROWS/S", right: true, extra: true}, {title: "LEFT", right: true}, {title: "WHY ROWS FAILED", weight: 2, extra: true}}}
	for _, c := range m.shownCampaigns() {
		ended, failed := c.Done+c.Failed+c.Skipped+c.Cancelled, m.look.faint
		if c.Failed > 0 {
			failed = m.look.red
		}
		left, speed, why := "-", "-", ""
		if c.Left > 0 {
			left = span(time.Duration(c.Left * float64(time.Second)))
		}
		if c.Rate > 0 {
			speed = rate(c.Rate)
		}
		if len(c.Reasons) > 0 {
			why = fmt.Sprintf("%d: %s", c.Reasons[0].Rows, oneLine(c.Reasons[0].Text))
		}
		state := m.look.state(clean(c.Phase))
		switch c.Phase {
		case "active", "filling":
			state.text = m.look.signs["running"] + " " + c.Phase
		case "stopped":
			state.text = m.look.signs["failed"] + " " + c.Phase
		}
		t.rows = append(t.rows, []cell{
			{text: clean(c.Campaign)}, state,
			{text: m.look.bar(m.look.green, progressWidth, float64(c.Done), float64(ended+c.Waiting+c.Running))},
			{text: fmt.Sprintf("%d/%d", ended, ended+c.Waiting+c.Running)}, {text: fmt.Sprint(c.Running)},
			{fmt.Sprint(c.Failed), failed}, {text: speed}, {text: left}, {why, m.look.red.Bold(false)},
		})
	}
	return t
}
