package top

import (
	"unicode/utf8"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
)

// press folds a key into the model.
func (m Model) press(k Key) (Model, Wish) {
	switch {
	case k.Name == "ctrl+c":
		return m, Wish{Quit: true}
	case k.Name == "ctrl+z":
		return m, Wish{Suspend: true}
	case m.asking != nil:
		return m.reply(k)
	case m.typing:
		return m.write(k).settled(), Wish{}
	case m.help:
		m.help = false
		return m, Wish{Quit: k.Name == "q"}
	}
	m.said, m.failed = "", false
	switch k.Name {
	case "q":
		return m, Wish{Quit: true}
	case "c":
		return m.askCancel(), Wish{}
	case "p":
		return m, m.togglePause()
	}
	return m.steer(k).settled(), Wish{}
}

// steer is for keys that change what is shown.
func (m Model) steer(k Key) Model {
	switch k.Name {
	case "1", "2", "3", "4", "5":
		if to := view(k.Name[0] - '1'); int(to) < len(m.tabs()) {
			m.view, m.opened = to, ""
		}
	case "tab", "right", "l":
		return m.turn(1)
	case "shift+tab", "left", "h":
		return m.turn(-1)
	case "?":
		m.help = true
	case "/":
		m.typing = m.opened == "" && m.view != overview
	case "enter":
		if r, ok := m.selected(); ok && m.opened == "" {
			m.opened, m.scroll = r.Run, 0
		}
	case "esc", "backspace":
		if m.opened == "" {
			m.filter = ""
		}
		m.opened = ""
	default:
		return m.move(k.Name)
	}
	return m
}

// move puts the cursor elsewhere, or what a run says.
func (m Model) move(key string) Model {
	page := max(1, m.height-6)
	by := map[string]int{"up": -1, "k": -1, "down": 1, "j": 1, "pgup": -page, "pgdown": page,
		"home": -1 << 30, "g": -1 << 30, "end": 1 << 30, "G": 1 << 30}[key]
	if m.opened != "" {
		m.scroll = max(0, min(m.scroll+by, m.longest()))
		return m
	}
	m.cursor[m.view] += by
	return m
}

// maxFilter bounds what is typed, in bytes.
const maxFilter = 60

// write is for keys while the filter is typed.
func (m Model) write(k Key) Model {
	switch {
	case k.Name == "enter":
		m.typing = false
	case k.Name == "esc":
		m.typing, m.filter = false, ""
	case k.Name == "backspace":
		_, size := utf8.DecodeLastRuneInString(m.filter)
		m.filter = m.filter[:len(m.filter)-size]
	case len(m.filter)+len(k.Text) <= maxFilter:
		m.filter += clean(k.Text)
	}
	return m
}

func (m Model) askCancel() Model {
	r, ok := m.selected()
	switch {
	case !ok:
		m.said = "choose a run first: press 2, then the arrows"
	case r.Status != engine.Running:
		m.said = "run " + r.Run + " has ended already"
	default:
		m.asking = &question{"cancel run " + titled(r) + "?", Wish{Verb: "cancel", Run: r.Run}}
	}
	return m
}

func (m Model) reply(k Key) (Model, Wish) {
	wish := m.asking.wish
	switch k.Name {
	case "y", "Y":
		m.asking = nil
		return m, wish
	case "n", "N", "esc", "q":
		m.asking = nil
	}
	return m, Wish{}
}

func (m Model) togglePause() Wish {
	r, ok := m.selected()
	switch {
	case !ok || r.Status != engine.Running:
		return Wish{}
	case r.Paused:
		return Wish{Verb: "resume", Run: r.Run}
	}
	return Wish{Verb: "pause", Run: r.Run}
}
