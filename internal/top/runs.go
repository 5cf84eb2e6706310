package top

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
)

// sortedRuns puts running runs first, and of the others the newest.
func sortedRuns(list []dashboard.Run) []dashboard.Run {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b dashboard.Run) int {
		going := func(r dashboard.Run) int {
			if r.Status == engine.Running {
				return 0
			}
			return 1
		}
		return cmp.Or(going(a)-going(b), b.Submitted.Compare(a.Submitted), cmp.Compare(b.Run, a.Run))
	})
	return list
}

// stateOf is the state of a run in one word.
func stateOf(r dashboard.Run) string {
	if r.Paused && r.Status == engine.Running {
		return "paused"
	}
	return string(r.Status)
}

func titled(r dashboard.Run) string {
	if r.Label == "" {
		return r.Run
	}
	return r.Run + " (" + oneLine(r.Label) + ")"
}

func (m Model) shownRuns() []dashboard.Run {
	return pick(m.picture.Runs, func(r dashboard.Run) bool {
		return m.holds(r.Run, r.Label, r.User, stateOf(r), r.Node, r.Message)
	})
}

func (m Model) runTable() table {
	t := m.runTableOf(m.shownRuns())
	t.cursor = m.cursor[runs]
	return t
}

// progressWidth is that of the bar of a run in a table.
const progressWidth = 10

func (m Model) runTableOf(list []dashboard.Run) table {
	t := table{none: "no runs", columns: []column{
		{title: "RUN"}, {title: "WORKFLOW", weight: 2}, {title: "STATE"}, {title: "PROGRESS"}, {title: "DONE", right: true}, {title: "TIME", right: true}, {title: "MESSAGE", weight: 2}}}
	if m.filter != "" {
		t.none = "no run has " + m.filter
	}
	for _, r := range list {
		state := m.look.state(stateOf(r))
		message := oneLine(r.Message)
		if r.Node != "" && !strings.Contains(message, r.Node) {
			message = clean(r.Node) + ": " + message
		}
		t.rows = append(t.rows, []cell{
			{text: m.runID(r.Run)}, {text: cmp.Or(oneLine(r.Label), "-")}, state,
			{text: m.look.bar(state.style, progressWidth, float64(r.Counts.Succeeded), float64(r.Counts.Nodes))},
			{text: fmt.Sprintf("%d/%d", r.Counts.Succeeded, r.Counts.Nodes)},
			{text: m.took(r)}, {message, m.look.of("failed").Bold(false)},
		})
	}
	return t
}

// shortID is the part of a run's id that is its time, in milliseconds: as good a name
// as the whole, see the help of ewoks-hpc cancel.
const shortID = 10

// wide is from which width on there is room for what can be left out.
const wide = 120

func (m Model) runID(id string) string {
	if id = clean(id); m.width >= wide {
		return id
	}
	return ansi.Truncate(id, shortID, "")
}

// took is how long a run takes, or took.
func (m Model) took(r dashboard.Run) string {
	end := r.Ended
	if r.Status == engine.Running || end.IsZero() {
		end = m.at
	}
	return age(end, r.Submitted)
}

// runLines are all that is known of one run.
func (m Model) runLines(height int) []string {
	r, ok := m.runNamed(m.opened)
	if !ok {
		return []string{"", "  " + m.look.faint.Render("run "+m.opened+" is not among the last runs any more; esc goes back")}
	}
	lines := m.runFacts(r)
	from := min(m.scroll, max(0, len(lines)-height))
	return lines[from:]
}

// longest is how far what is said of a run can be scrolled.
func (m Model) longest() int {
	r, ok := m.runNamed(m.opened)
	if !ok {
		return 0
	}
	return max(0, len(m.runFacts(r))-(m.height-6))
}

func (m Model) runFacts(r dashboard.Run) []string {
	fact := func(name, text string) string {
		return "  " + m.look.head.Render(fmt.Sprintf("%-11s", name)) + text
	}
	state, c := m.look.state(stateOf(r)), r.Counts
	lines := []string{
		"",
		"  " + m.look.title.Render(cmp.Or(oneLine(r.Label), "run")) + "  " + m.look.faint.Render(clean(r.Run)),
		"",
		fact("state", state.style.Render(state.text)),
		fact("user", cmp.Or(clean(r.User), "-")),
		fact("submitted", moment(r.Submitted)),
		fact("ended", moment(r.Ended)),
		fact("time", m.took(r)),
		"",
		fact("tasks", m.look.bar(state.style, m.barWidth(), float64(c.Succeeded), float64(c.Nodes))+fmt.Sprintf("  %d of %s done", c.Succeeded, count(c.Nodes, "node", "nodes"))),
		fact("", m.counted(c, r.Status == engine.Running)),
	}
	if r.Node != "" || r.Message != "" {
		lines = append(lines, "", fact("node", m.look.red.Render(cmp.Or(clean(r.Node), "-"))))
		name := "message"
		for _, text := range strings.Split(r.Message, "\n") {
			for _, line := range m.look.wrap(clean(text), m.width-15) {
				lines, name = append(lines, fact(name, line)), ""
			}
		}
	}
	more := "ewoks-hpc logs " + r.Run + " prints what its tasks printed"
	if r.Status == engine.Running {
		more = "ewoks-hpc explain " + r.Run + " says what it waits for"
	}
	return append(lines, "", "  "+m.look.faint.Render(more))
}

func (m Model) counted(c engine.Counts, going bool) string {
	var parts []string
	if going {
		parts = append(parts, m.look.blue.Render(fmt.Sprintf("%s %d begun and not ended", m.look.signs["running"], max(0, c.Started-c.Succeeded-c.Failed))))
	}
	parts = append(parts, m.look.green.Render(fmt.Sprintf("%s %d done", m.look.signs["succeeded"], c.Succeeded)))
	if c.Failed > 0 {
		parts = append(parts, m.look.red.Render(fmt.Sprintf("%s %d failed", m.look.signs["failed"], c.Failed)))
	}
	if c.Retried > 0 {
		parts = append(parts, m.look.amber.Render(fmt.Sprintf("%d retried", c.Retried)))
	}
	if c.Lost > 0 {
		parts = append(parts, m.look.amber.Render(fmt.Sprintf("%d lost", c.Lost)))
	}
	return strings.Join(parts, "  ")
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04:05")
}
