package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// Summary is the report in one paragraph.
func (d *Data) Summary() string {
	t := &d.Totals
	subject := oneLine(d.About.Name)
	if d.About.Label != "" && d.About.Label != d.About.Name {
		subject += " (" + oneLine(d.About.Label) + ")"
	}
	if d.About.Kind != "" {
		subject = d.About.Kind + " " + subject
	}
	if t.Attempts == 0 {
		return fmt.Sprintf("%s: no attempt at a task has ended%s.", subject, d.state())
	}
	text := fmt.Sprintf("%s%s: %s in %s on %s", subject, d.state(), number(t.Attempts, "attempt"), Duration(t.Seconds), number(t.Workers, "worker"))
	text += fmt.Sprintf("; %s succeeded, %s failed, %s lost", grouped(t.Succeeded), grouped(t.Failed), grouped(t.Lost))
	if t.Retries > 0 {
		text += fmt.Sprintf(", %s were retries", grouped(t.Retries))
	}
	text += fmt.Sprintf(". Core-hours used: %s", amount(d.Cores.Used()))
	if d.Cores.Known && d.Cores.Asked > 0 {
		text += fmt.Sprintf(" of %s asked for (%.0f %%)", amount(d.Cores.Asked), 100*d.Cores.Used()/d.Cores.Asked)
	}
	text += "."
	if len(d.Failures) > 0 {
		text += " Most frequent failure: " + d.Failures[0].title() + "."
	}
	if d.Missing > 0 {
		text += fmt.Sprintf(" %s more are not recorded, because the disk could not keep up.", number(d.Missing, "attempt"))
	}
	return text
}

func (d *Data) state() string {
	if d.About.Status == "" {
		return ""
	}
	return ", " + oneLine(d.About.Status)
}

func (f *Failure) title() string {
	what := f.Type
	if what == "" {
		what = f.Cause
	}
	if what == "" {
		what = f.Status
	}
	text := fmt.Sprintf("%s× %s", grouped(f.Count), oneLine(what))
	if where := f.where(); where != "" {
		text += " in " + oneLine(where)
	}
	return text
}

// oneLine makes text fit for a terminal, where control characters do harm.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
	return head(strings.Join(strings.Fields(text), " "), 80)
}

func number(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return grouped(n) + " " + what
}

// grouped writes 12,345.
func grouped(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// amount has three digits that count.
func amount(v float64) string {
	switch {
	case v >= 999.5:
		return grouped(int(math.Round(v)))
	case v > 0 && v < 0.001:
		return "under 0.001"
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// Duration writes seconds so that three digits count, and no more than two units.
func Duration(s float64) string {
	whole := int(math.Round(s))
	switch {
	case s <= 0:
		return "0 s"
	case s < 0.9995e-3:
		return strconv.FormatFloat(s*1e6, 'f', 0, 64) + " µs"
	case s < 0.9995:
		return three(s*1e3) + " ms"
	case s < 99.95:
		return three(s) + " s"
	case whole < 3600:
		return fmt.Sprintf("%d min %02d s", whole/60, whole%60)
	case whole < 86400:
		return fmt.Sprintf("%d h %02d min", whole/3600, whole%3600/60)
	default:
		return fmt.Sprintf("%d d %02d h", whole/86400, whole%86400/3600)
	}
}

// three digits that count, of a number below 1000.
func three(v float64) string {
	decimals := 2
	if v >= 9.995 {
		decimals = 1
	}
	if v >= 99.95 {
		decimals = 0
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}
