package dashboard

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
)

var pages = template.Must(template.New("").Funcs(template.FuncMap{"count": count}).ParseFS(static, "static/*.html"))

// page renders first and sends then: half a page would look like a whole one.
func (h *Handler) page(w http.ResponseWriter, code int, name string, data any) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		h.fail(w, err)
		return
	}
	send(w, code, "text/html; charset=utf-8", b.Bytes())
}

// view is what page.html shows.
type view struct{ answer }

// Slots is the number of slots of the workers shown.
func (v view) Slots() (n int) {
	for _, w := range v.Workers {
		n += w.Slots
	}
	return n
}

// Total is how many rows there are, shown or not.
func (v view) Total(shown, leftOut int) int { return shown + leftOut }

// Going counts the runs shown that go on.
func (v view) Going() (n int) {
	for _, r := range v.Runs {
		n += 1 - over(r)
	}
	return n
}

// Phase counts the jobs shown in a phase.
func (v view) Phase(phase string) (n int) {
	for _, j := range v.Jobs {
		if j.Phase == phase {
			n++
		}
	}
	return n
}

// Done is the part of the run's nodes that succeeded, at most all: in a loop a
// node succeeds several times.
func (r Run) Done() int { return min(r.Counts.Succeeded, r.Counts.Nodes) }

// FullID is the id as Slurm writes it.
func (j Job) FullID() string {
	if j.Index < 0 {
		return j.ID
	}
	return fmt.Sprintf("%s_%d", j.ID, j.Index)
}

// Tone is the class that colours a state; its text always says it too.
func (v view) Tone(state any) string {
	switch fmt.Sprint(state) {
	case string(engine.Running), "starting", "active", "filling":
		return "active"
	case string(engine.Succeeded), "completed", "ended":
		return "good"
	case string(engine.Failed), "held", "stopped":
		return "bad"
	}
	return "quiet"
}

// moment is a time as people and programs read it.
type moment struct{ Words, Full, Machine string }

// When tells a time relative to when the picture was taken.
func (v view) When(t time.Time) *moment {
	if t.IsZero() {
		return nil
	}
	m := &moment{Full: t.Format("Mon 2 Jan 2006 15:04:05 MST"), Machine: t.Format(time.RFC3339)}
	switch d := v.Taken.Sub(t).Round(time.Second); {
	case d == 0:
		m.Words = "now"
	case d < 0:
		m.Words = "in " + span(-d)
	default:
		m.Words = span(d) + " ago"
	}
	return m
}

// span is a duration in its two largest units, days being the largest.
func span(d time.Duration) string {
	s := int(d / time.Second)
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%d min", s/60)
	case s < 86400:
		return two(s/3600, "h", s/60%60, "min")
	}
	return two(s/86400, "d", s/3600%24, "h")
}

func two(large int, unit string, small int, smaller string) string {
	if small == 0 {
		return fmt.Sprintf("%d %s", large, unit)
	}
	return fmt.Sprintf("%d %s %d %s", large, unit, small, smaller)
}

// count writes a number with its thousands parted by narrow spaces.
func count(n any) string {
	digits := fmt.Sprint(n)
	if _, err := strconv.ParseUint(digits, 10, 64); err != nil {
		return digits
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "\u202f" + digits[i:]
	}
	return digits
}
