package top

import (
	"slices"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// cell is text in one style.
type cell struct {
	text  string
	style lipgloss.Style
}

// column is one column of a table.
type column struct {
	title string
	right bool // numbers
	// weight is who gives way first when the table is too wide: the highest. 0 never
	// does.
	weight int
	// extra columns are for wide terminals only.
	extra bool
}

// table is a list of rows with a cursor.
type table struct {
	columns []column
	rows    [][]cell
	cursor  int // -1 is none
	none    string
}

// gutter is between two columns, and margin in front of the first: the cursor is
// there.
const (
	gutter = 2
	margin = 2
)

// minColumn is what is left of a column that gives way.
const minColumn = 10

// without is the table without its extra columns, if that is so.
func (t table) without(extra bool) table {
	if !extra || !slices.ContainsFunc(t.columns, func(c column) bool { return c.extra }) {
		return t
	}
	kept := table{cursor: t.cursor, rows: make([][]cell, len(t.rows))}
	for i, c := range t.columns {
		if c.extra {
			continue
		}
		kept.columns = append(kept.columns, c)
		for n, row := range t.rows {
			kept.rows[n] = append(kept.rows[n], row[i])
		}
	}
	return kept
}

// widths fits the columns into a width.
func (t table) widths(width int) []int {
	list, sum := make([]int, len(t.columns)), margin
	for i, c := range t.columns {
		list[i] = ansi.StringWidth(c.title)
		for _, r := range t.rows {
			list[i] = max(list[i], ansi.StringWidth(r[i].text))
		}
		sum += list[i] + gutter
	}
	sum -= gutter
	for sum > width {
		worst := -1
		for i, c := range t.columns {
			if c.weight > 0 && list[i] > minColumn && (worst < 0 || c.weight > t.columns[worst].weight || c.weight == t.columns[worst].weight && list[i] > list[worst]) {
				worst = i
			}
		}
		if worst < 0 {
			break
		}
		give := min(sum-width, list[worst]-minColumn)
		list[worst], sum = list[worst]-give, sum-give
	}
	return list
}

// draw is the table in so many lines, the first of which is its head. Of more rows
// those around the cursor are shown.
func (t table) draw(l look, width, height int) []string {
	if len(t.rows) == 0 {
		return []string{strings.Repeat(" ", margin) + l.faint.Render(t.none)}
	}
	t = t.without(width < wide)
	widths := t.widths(width)
	head := make([]cell, len(t.columns))
	for i, c := range t.columns {
		head[i] = cell{c.title, l.head}
	}
	lines := []string{t.line(l, head, widths, false)}
	from, to := window(len(t.rows), t.cursor, height-1)
	for i := from; i < to; i++ {
		lines = append(lines, t.line(l, t.rows[i], widths, i == t.cursor))
	}
	return lines
}

// window is which rows are shown: so that the cursor is among them.
func window(rows, cursor, height int) (from, to int) {
	height = max(1, height)
	from = max(0, min(cursor-height/2, rows-height))
	return from, min(rows, from+height)
}

func (t table) line(l look, cells []cell, widths []int, here bool) string {
	var b strings.Builder
	mark := strings.Repeat(" ", margin)
	if here {
		mark = l.blue.Bold(true).Render(l.cursor) + " "
	}
	b.WriteString(mark)
	for i, c := range cells {
		text := l.cut(c.text, widths[i])
		pad := strings.Repeat(" ", max(0, widths[i]-ansi.StringWidth(text)))
		style := c.style
		if here {
			style = style.Bold(true)
		}
		if t.columns[i].right {
			b.WriteString(pad + style.Render(text))
		} else {
			b.WriteString(style.Render(text) + pad)
		}
		if i < len(cells)-1 {
			b.WriteString(strings.Repeat(" ", gutter))
		}
	}
	return strings.TrimRight(b.String(), " ")
}
