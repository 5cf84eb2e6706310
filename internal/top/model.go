package top

import (
	"slices"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
)

// Picture is what the cluster looked like when the message was made.
type Picture struct {
	Overview dashboard.Overview
	At       time.Time
}

// Trouble says that the cluster did not answer.
type Trouble struct {
	Err error
	At  time.Time
}

// Answered tells what became of an order.
type Answered struct {
	Text string
	Err  error
}

// Resized is the size of the terminal in cells.
type Resized struct{ Width, Height int }

// Key is a key that was pressed, by the name that Bubble Tea has for it: "q",
// "enter", "ctrl+c". Text is what it writes; empty for keys that write nothing.
type Key struct{ Name, Text string }

// Wish is what the model wants to be done.
type Wish struct {
	Quit, Suspend bool
	// Verb is an order about a run: cancel, pause or resume; empty is none.
	Verb, Run string
}

// view is one of the tabs.
type view int

const (
	overview view = iota
	runs
	workers
	jobs
	campaigns
	views // how many there are
)

// Model is what is shown. The zero value is not ready, see NewModel.
type Model struct {
	name          string
	look          look
	width, height int

	picture dashboard.Overview
	at      time.Time // when it came; zero is never
	trouble error     // why no newer one comes
	since   time.Time // since when
	rates   history

	view   view
	cursor [views]int
	opened string // the run that is shown alone
	scroll int    // of that
	help   bool

	filter string
	typing bool
	asking *question
	said   string // the last answer to an order
	failed bool   // it was an error
}

// question waits for yes or no.
type question struct {
	text string
	wish Wish
}

// NewModel is the model before the cluster has answered. In ASCII nothing else is
// drawn, for terminals that know nothing else.
func NewModel(cluster string, ascii bool) Model {
	return Model{name: cluster, look: newLook(ascii), width: 80, height: 24}
}

// Update folds a message into the model.
func (m Model) Update(message any) (Model, Wish) {
	switch message := message.(type) {
	case Resized:
		m.width, m.height = message.Width, message.Height
	case Picture:
		m.rates = m.rates.add(message.At, message.Overview.Totals)
		m.picture, m.at, m.trouble = message.Overview, message.At, nil
		m.picture.Runs = sortedRuns(m.picture.Runs)
	case Trouble:
		if m.trouble == nil {
			m.since = message.At
		}
		m.trouble = message.Err
	case Answered:
		m.said, m.failed = message.Text, message.Err != nil
		if message.Err != nil {
			m.said = message.Err.Error()
		}
	case Key:
		return m.press(message)
	}
	return m.settled(), Wish{}
}

// settled keeps the cursor on a row that is there.
func (m Model) settled() Model {
	if m.view == campaigns && len(m.picture.Campaigns) == 0 {
		m.view = overview
	}
	m.cursor[m.view] = max(0, min(m.cursor[m.view], m.rows()-1))
	return m
}

// rows is how many rows of the present view there are.
func (m Model) rows() int {
	switch m.view {
	case runs:
		return len(m.shownRuns())
	case workers:
		return len(m.shownWorkers())
	case jobs:
		return len(m.shownJobs())
	case campaigns:
		return len(m.shownCampaigns())
	}
	return 0
}

// tabs are the views that there is something to show of.
func (m Model) tabs() []view {
	list := []view{overview, runs, workers, jobs}
	if len(m.picture.Campaigns) > 0 {
		list = append(list, campaigns)
	}
	return list
}

// turn goes to the next tab, or with -1 to the one before.
func (m Model) turn(by int) Model {
	tabs := m.tabs()
	at := slices.Index(tabs, m.view)
	m.view, m.opened = tabs[(at+by+len(tabs))%len(tabs)], ""
	return m.settled()
}

// selected is the run that orders are for.
func (m Model) selected() (dashboard.Run, bool) {
	if m.opened != "" {
		return m.runNamed(m.opened)
	}
	shown := m.shownRuns()
	if m.view != runs || len(shown) == 0 {
		return dashboard.Run{}, false
	}
	return shown[m.cursor[runs]], true
}

func (m Model) runNamed(id string) (dashboard.Run, bool) {
	i := slices.IndexFunc(m.picture.Runs, func(r dashboard.Run) bool { return r.Run == id })
	if i < 0 {
		return dashboard.Run{}, false
	}
	return m.picture.Runs[i], true
}
