package top

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// The smallest terminal that something can be shown on.
const (
	minWidth  = 40
	minHeight = 8
)

// View is the screen: as many lines as the terminal has, none wider than it.
func (m Model) View() string {
	if m.width < minWidth || m.height < minHeight {
		return m.look.cut(fmt.Sprintf("needs a terminal of %d x %d", minWidth, minHeight), m.width)
	}
	lines := append([]string{m.title(), m.tabLine(), m.ruler()}, m.state()...)
	body := m.body(m.height - len(lines) - 2)
	lines = append(lines, body[:min(len(body), m.height-len(lines)-2)]...)
	for len(lines) < m.height-2 {
		lines = append(lines, "")
	}
	lines = append(lines, m.ruler(), m.foot())
	for i, line := range lines {
		lines[i] = m.look.cut(line, m.width)
	}
	return m.look.letters(strings.Join(lines, "\n"))
}

func (m Model) ruler() string { return m.look.faint.Render(strings.Repeat(m.look.rule, m.width)) }

// ends puts one text at the left and one at the right.
func (m Model) ends(left, right string) string {
	gap := m.width - ansi.StringWidth(left) - ansi.StringWidth(right)
	if gap < 1 {
		return left
	}
	return left + strings.Repeat(" ", gap) + right
}

func (m Model) title() string {
	left := " " + m.look.title.Render("ewoks-hpc top") + "  cluster " + m.look.title.Render(clean(m.name))
	if m.at.IsZero() {
		return left
	}
	if m.picture.Paused {
		left += "  " + m.look.amber.Render(m.look.signs["paused"]+" paused")
	}
	return m.ends(left, m.look.faint.Render(fmt.Sprintf("up %s  %s ", age(m.at, m.picture.Started), m.at.Format("15:04:05"))))
}

// titles of the tabs, and how many rows each has.
func (m Model) tabTitle(v view) string {
	o := m.picture
	switch v {
	case runs:
		return fmt.Sprintf("Runs %d", len(o.Runs))
	case workers:
		return fmt.Sprintf("Workers %d", len(o.Workers))
	case jobs:
		return fmt.Sprintf("Jobs %d", len(o.Jobs))
	case campaigns:
		return fmt.Sprintf("Campaigns %d", len(o.Campaigns))
	}
	return "Overview"
}

func (m Model) tabLine() string {
	var b strings.Builder
	b.WriteString(" ")
	for i, v := range m.tabs() {
		text := fmt.Sprintf(" %d %s ", i+1, m.tabTitle(v))
		if v == m.view {
			b.WriteString(m.look.here.Render(text))
		} else {
			b.WriteString(m.look.tab.Render(text))
		}
		b.WriteString(" ")
	}
	return strings.TrimRight(b.String(), " ")
}

// state says why the picture is old, if it is.
func (m Model) state() []string {
	switch {
	case m.trouble != nil:
		text := fmt.Sprintf("%s no answer since %s, trying again: %s", m.look.signs["failed"], m.since.Format("15:04:05"), oneLine(m.trouble.Error()))
		lines := m.look.wrap(text, m.width-4)
		for i, line := range lines[:min(2, len(lines))] {
			lines[i] = "  " + m.look.red.Render(line)
		}
		return append(lines[:min(2, len(lines))], "")
	case m.at.IsZero():
		return []string{m.look.faint.Render("  connecting to cluster " + clean(m.name) + " " + m.look.dots)}
	}
	return nil
}

func (m Model) body(height int) []string {
	switch {
	case m.help:
		return m.helpLines()
	case m.at.IsZero():
		return nil
	case m.opened != "":
		return m.runLines(height)
	}
	switch m.view {
	case runs:
		return m.runTable().draw(m.look, m.width, height)
	case workers:
		return m.workerTable().draw(m.look, m.width, height)
	case jobs:
		return m.jobTable().draw(m.look, m.width, height)
	case campaigns:
		return m.campaignTable().draw(m.look, m.width, height)
	}
	return m.overviewLines(height)
}

// foot is the last line: a question, the filter, the last answer, or the keys.
func (m Model) foot() string {
	switch {
	case m.asking != nil:
		question := m.look.cut(m.asking.text, m.width-24)
		return " " + m.look.amber.Bold(true).Render(question) + "  y yes  n no"
	case m.typing:
		return " filter: " + m.filter + m.look.full + m.look.faint.Render("  enter keeps it, esc takes it away")
	case m.said != "" && m.failed:
		return " " + m.look.red.Render(oneLine(m.said))
	case m.said != "":
		return " " + oneLine(m.said)
	}
	keys := []string{"q quit", "tab next", "? help"}
	switch {
	case m.opened != "":
		keys = append(keys, "esc back", "c cancel", "p pause")
	case m.view == runs:
		keys = append(keys, "enter open", "c cancel", "p pause", "/ filter")
	case m.view != overview:
		keys = append(keys, "/ filter")
	}
	line := m.look.faint.Render(" " + strings.Join(keys, "   "))
	if m.filter != "" && m.opened == "" {
		line += m.look.amber.Render("   filter: " + m.filter)
	}
	return line
}

func (m Model) helpLines() []string {
	var lines []string
	for _, k := range [][2]string{
		{"1 2 3 ...  tab", "the views"},
		{"up down  j k", "choose a row; page up, page down, home and end too"},
		{"enter  esc", "open a run, and go back"},
		{"c", "cancel the chosen run, if you say yes"},
		{"p", "pause the chosen run, or let it go on"},
		{"/", "show only rows that have this text; esc takes the filter away"},
		{"q  ctrl+c", "leave; the cluster and its runs go on"},
	} {
		lines = append(lines, fmt.Sprintf("  %s  %s", m.look.title.Render(fmt.Sprintf("%-14s", k[0])), k[1]))
	}
	lines = append(lines, "", "  "+m.look.faint.Render("ewoks-hpc explain RUN says why a run does not go on; any key closes this"))
	return append([]string{""}, lines...)
}

// holds tells whether a row passes the filter.
func (m Model) holds(words ...string) bool {
	return m.filter == "" || strings.Contains(strings.ToLower(strings.Join(words, " ")), strings.ToLower(m.filter))
}

// pick are the rows that pass the filter.
func pick[T any](rows []T, keep func(T) bool) (kept []T) {
	for _, r := range rows {
		if keep(r) {
			kept = append(kept, r)
		}
	}
	return kept
}

func oneLine(text string) string { return strings.Join(strings.Fields(clean(text)), " ") }

// age is a time span as people say it, two units long.
func age(now, then time.Time) string {
	if then.IsZero() {
		return "-"
	}
	return span(now.Sub(then))
}

func span(d time.Duration) string {
	d = max(0, d)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd%02dh", int(d.Hours())/24, int(d.Hours())%24)
}
