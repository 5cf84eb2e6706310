package report

import (
	"math"
	"time"
)

// Times are microseconds since 1970 in here: numbers that can be compared and
// halved.

// earliest and latest bound what is taken for a time: clocks of nodes are wrong
// now and then, and one of 1970 would squeeze all others into one pixel.
var (
	earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	latest   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
)

// micros is 0 for a time that is not known.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	if m := t.UnixMicro(); m > earliest && m < latest {
		return m
	}
	return 0
}

// moment is zero for 0.
func moment(m int64) time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.UnixMicro(m).UTC()
}

// seconds rounds to microseconds, which keeps JSON short.
func seconds[N int64 | float64](m N) float64 { return math.Round(float64(m)) / 1e6 }

// span is from one time to a later one.
type span struct{ from, to int64 }

// spanOf is when something went on; ok is false if that is not known.
func spanOf(started, ended time.Time) (s span, ok bool) {
	s = span{micros(started), micros(ended)}
	return s, s.from != 0 && s.to >= s.from
}

func (s span) length() int64 { return max(0, s.to-s.from) }

// within is the part of a span that another covers.
func (s span) within(other span) span {
	return span{max(s.from, other.from), min(s.to, other.to)}
}
