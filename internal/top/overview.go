package top

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
)

// labelWidth is that of the words in front of bars.
const labelWidth = 9

// overviewLines is the first view: what the cluster does, and what keeps it from
// doing more. What people must know comes before what they may like to know.
func (m Model) overviewLines(height int) []string {
	lines := append(m.taskLines(), m.rateLine(), m.slotLine(), "")
	lines = append(lines, m.noticeLines(max(3, height/3))...)
	lines = append(lines, m.poolLines()...)
	lines = append(lines, m.waitingLines()...)
	if left := height - len(lines); left > 1 {
		lines = append(lines, m.lastRuns(left)...)
	}
	return lines
}

func (m Model) label(text string) string {
	return strings.Repeat(" ", margin) + m.look.head.Render(fmt.Sprintf("%-*s", labelWidth, text))
}

// taskLines count tasks, in as many lines as that takes.
func (m Model) taskLines() []string {
	o := m.picture
	parts := []string{
		m.look.faint.Render(fmt.Sprintf("%s %d waiting", m.look.signs["waiting"], o.Ready)),
		m.look.blue.Render(fmt.Sprintf("%s %d with workers", m.look.signs["running"], o.Leased)),
		m.look.green.Render(fmt.Sprintf("%s %d done", m.look.signs["succeeded"], o.Totals.Succeeded)),
	}
	failed := fmt.Sprintf("%s %d failed", m.look.signs["failed"], o.Totals.Failed)
	if o.Totals.Failed > 0 {
		failed = m.look.red.Render(failed)
	} else {
		failed = m.look.faint.Render(failed)
	}
	parts = append(parts, failed)
	for _, n := range []struct {
		n    uint64
		what string
	}{{uint64(o.Delayed), "delayed"}, {o.Totals.Retried, "retried"}, {o.Totals.Lost, "lost"}} {
		if n.n > 0 {
			parts = append(parts, m.look.amber.Render(fmt.Sprintf("%d %s", n.n, n.what)))
		}
	}
	lines := []string{m.label("tasks") + parts[0]}
	for _, p := range parts[1:] {
		if last := len(lines) - 1; ansi.StringWidth(lines[last])+gutter+ansi.StringWidth(p) <= m.width {
			lines[last] += strings.Repeat(" ", gutter) + p
		} else {
			lines = append(lines, m.label("")+p)
		}
	}
	return lines
}

// barWidth is that of bars in the overview.
func (m Model) barWidth() int { return max(10, min(80, m.width-48)) }

func (m Model) rateLine() string {
	width := m.barWidth()
	return m.label("rate") + m.look.spark(m.rates.rates, width) +
		fmt.Sprintf("  %s tasks/s", rate(m.rates.rate())) + m.look.faint.Render(fmt.Sprintf(", most %s", rate(m.rates.most(width))))
}

func rate(r float64) string {
	if r >= 100 || r == 0 {
		return fmt.Sprintf("%.0f", r)
	}
	return fmt.Sprintf("%.1f", r)
}

// taken is how many slots of a worker are busy.
func taken(w dashboard.Worker) int { return min(w.Busy, w.Slots) }

func (m Model) slotLine() string {
	busy, all := 0, 0
	for _, w := range m.picture.Workers {
		busy, all = busy+taken(w), all+w.Slots
	}
	text := "no worker is there"
	if n := len(m.picture.Workers); n > 0 {
		text = fmt.Sprintf("%d of %s of %s busy", busy, count(all, "slot", "slots"), count(n, "worker", "workers"))
	}
	return m.label("slots") + m.look.bar(m.look.blue, m.barWidth(), float64(busy), float64(all)) + "  " + text
}

// noticeLines are at most so many lines of notices.
func (m Model) noticeLines(most int) (lines []string) {
	for _, n := range m.picture.Notices {
		for i, line := range m.look.wrap(oneLine(n), m.width-5) {
			sign := "  "
			if i == 0 {
				sign = m.look.amber.Bold(true).Render(m.look.signs["note"]) + " "
			}
			lines = append(lines, "  "+sign+m.look.amber.Render(line))
		}
	}
	if len(lines) > most {
		lines = append(lines[:most-1], m.look.faint.Render("    "+m.look.dots+" ewoks-hpc status shows all of it"))
	}
	if len(lines) > 0 {
		lines = append(lines, "")
	}
	return lines
}

func (m Model) poolLines() []string {
	t := table{cursor: -1, none: "no pools", columns: []column{
		{title: "POOL", weight: 1}, {title: "JOBS", right: true}, {title: "SIZE", weight: 2}, {title: "SLOTS EACH", right: true}, {title: "TASKS NEED", right: true}, {title: "STATE"}}}
	for _, p := range m.picture.Pools {
		state := m.look.state("running")
		switch {
		case p.Stopped != nil:
			state = m.look.state("stopped")
			state.text = m.look.signs["failed"] + " stopped"
		case p.Jobs == 0 && p.Demand == 0:
			state = m.look.state("idle")
		case p.Jobs == 0:
			state = m.look.state("waiting")
		}
		t.rows = append(t.rows, []cell{{text: clean(p.Pool)}, {text: fmt.Sprint(p.Jobs)}, {text: clean(p.Size)},
			{text: fmt.Sprint(p.SlotsPerJob)}, {text: count(p.Demand, "slot", "slots")}, state})
	}
	return append(t.draw(m.look, m.width, len(t.rows)+1), "")
}

// waitingLines are the reasons why jobs wait, with how many of them do.
func (m Model) waitingLines() (lines []string) {
	reasons := map[string]int{}
	for _, j := range m.picture.Jobs {
		if j.Phase == "queued" || j.Phase == "held" {
			reasons[oneLine(cmp.Or(j.Reason, "Slurm gives no reason"))]++
		}
	}
	if len(reasons) == 0 {
		return nil
	}
	var all []string
	for r := range reasons {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(reasons[b]-reasons[a], cmp.Compare(a, b)) })
	for i, r := range all[:min(3, len(all))] {
		name := ""
		if i == 0 {
			name = "queued"
		}
		lines = append(lines, m.label(name)+m.look.faint.Render(count(reasons[r], "job", "jobs")+": "+r))
	}
	return append(lines, "")
}

// lastRuns are the runs that matter most, in so many lines.
func (m Model) lastRuns(height int) []string {
	all := slices.Clone(m.picture.Runs)
	slices.SortStableFunc(all, func(a, b dashboard.Run) int { return cmp.Compare(urgency(a), urgency(b)) })
	t := m.runTableOf(all[:max(0, min(len(all), height-1))])
	t.cursor = -1
	return t.draw(m.look, m.width, height)
}

// urgency puts what failed lately right after what is running.
func urgency(r dashboard.Run) int {
	switch r.Status {
	case engine.Running:
		return 0
	case engine.Failed:
		return 1
	}
	return 2
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
