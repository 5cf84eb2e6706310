package top

import (
	"strings"
	"unicode"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// look is how things are drawn. Colours are those that people with any kind of
// colour vision tell apart (Okabe and Ito), and never the only sign.
type look struct {
	title, head, tab, here, faint, blue, green, red, amber lipgloss.Style

	ascii           bool
	signs           map[string]string
	steps           []string // of a sparkline
	full, part, gap string   // of a bar
	dots, rule      string
	cursor          string
}

func newLook(ascii bool) look {
	colour := func(c string) lipgloss.Style { return lipgloss.NewStyle().Foreground(lipgloss.Color(c)) }
	l := look{
		title: lipgloss.NewStyle().Bold(true), head: colour("245").Bold(true), tab: colour("245"),
		here: lipgloss.NewStyle().Bold(true).Reverse(true), faint: colour("245"),
		blue: colour("33"), green: colour("35"), red: colour("202").Bold(true), amber: colour("172"),
		signs: map[string]string{"running": "▶", "succeeded": "✓", "failed": "✗", "cancelled": "⊘", "paused": "‖", "waiting": "·", "note": "!"},
		steps: strings.Split("▁▂▃▄▅▆▇█", ""), full: "█", part: "▌", gap: "░", dots: "…", rule: "─", cursor: "❯",
	}
	if l.ascii = ascii; ascii {
		l.signs = map[string]string{"running": ">", "succeeded": "+", "failed": "x", "cancelled": "-", "paused": "=", "waiting": ".", "note": "!"}
		l.steps, l.full, l.part, l.gap, l.dots, l.rule, l.cursor = strings.Split("_.-=+*#", ""), "#", "#", ".", "..", "-", ">"
	}
	return l
}

// of is the style of a state.
func (l look) of(state string) lipgloss.Style {
	switch state {
	case "running", "active", "starting", "filling":
		return l.blue
	case "succeeded", "done", "completed":
		return l.green
	case "failed", "stopped", "lost":
		return l.red
	case "paused", "note", "leaving", "ending", "held", "unknown":
		return l.amber
	}
	return l.faint
}

// state is the word for a state with its sign.
func (l look) state(state string) cell {
	sign := l.signs[state]
	if sign == "" {
		sign = l.signs["waiting"]
	}
	return cell{sign + " " + state, l.of(state)}
}

// bar is a bar of so many cells, filled in part.
func (l look) bar(style lipgloss.Style, width int, part, all float64) string {
	if all <= 0 || width <= 0 {
		return l.faint.Render(strings.Repeat(l.gap, max(0, width)))
	}
	halves := int(min(1, max(0, part/all))*float64(2*width) + 0.5)
	filled := strings.Repeat(l.full, halves/2)
	if halves%2 == 1 {
		filled += l.part
	}
	return style.Render(filled) + l.faint.Render(strings.Repeat(l.gap, width-(halves+1)/2))
}

// spark draws the last values, one in a cell.
func (l look) spark(values []float64, width int) string {
	values = values[max(0, len(values)-width):]
	most := 0.0
	for _, v := range values {
		most = max(most, v)
	}
	var b strings.Builder
	for _, v := range values {
		step := 0
		if most > 0 {
			step = int(v / most * float64(len(l.steps)-1))
		}
		b.WriteString(l.steps[step])
	}
	return l.faint.Render(strings.Repeat(l.steps[0], max(0, width-len(values)))) + l.blue.Render(b.String())
}

// cut shortens text to a width.
func (l look) cut(text string, width int) string {
	if ansi.StringWidth(text) <= width {
		return text
	}
	return ansi.Truncate(text, max(0, width), l.dots)
}

// hyphen is one where no line is broken.
const hyphen = "\u2011"

// wrap breaks text into lines of a width.
func (l look) wrap(text string, width int) []string {
	text = strings.ReplaceAll(text, "-", hyphen) // else flags are broken in two
	return strings.Split(strings.ReplaceAll(ansi.Wrap(text, max(10, width), "/,"), hyphen, "-"), "\n")
}

// letters leaves out what the terminal cannot show.
func (l look) letters(text string) string {
	if !l.ascii {
		return text
	}
	return strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII {
			return '?'
		}
		return r
	}, text)
}

// clean takes out what could act on the terminal: names and messages come from
// elsewhere.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, text)
}
