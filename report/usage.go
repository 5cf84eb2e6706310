package report

import (
	"math"
	"time"
)

// mostSteps bounds the spans into which the time is cut: a screen shows no more.
const mostSteps = 600

// usage adds up what went on in each span of time. A span is a power of two of
// microseconds, and is doubled when there are too many of them: nobody has to
// know in advance how long it all takes.
type usage struct {
	shift uint
	steps map[int64]step
	all   span // of indexes, to included
}

type step struct {
	used          float64 // core-microseconds
	ended, failed int
}

// firstShift makes the first span about a millisecond.
const firstShift = 10

func newUsage() usage { return usage{shift: firstShift, steps: map[int64]step{}} }

// include makes the spans long enough for a time.
func (u *usage) include(s span) {
	from, to := s.from>>u.shift, s.to>>u.shift
	if len(u.steps) > 0 {
		from, to = min(from, u.all.from), max(to, u.all.to)
	}
	for ; to-from >= mostSteps; from, to = from>>1, to>>1 {
		u.double()
	}
	u.all = span{from, to}
}

func (u *usage) double() {
	wide := make(map[int64]step, len(u.steps)/2+1)
	for i, s := range u.steps {
		w := wide[i>>1]
		wide[i>>1] = step{w.used + s.used, w.ended + s.ended, w.failed + s.failed}
	}
	u.steps = wide
	u.shift++
}

// add spreads an attempt over the spans that it covers.
func (u *usage) add(s span, cores int, failed bool) {
	u.include(s)
	u.each(s, func(i, length int64) {
		at := u.steps[i]
		at.used += float64(length) * float64(cores)
		u.steps[i] = at
	})
	at := u.steps[s.to>>u.shift]
	at.ended++
	if failed {
		at.failed++
	}
	u.steps[s.to>>u.shift] = at
}

// each goes through the parts of a span.
func (u *usage) each(s span, do func(i, length int64)) {
	for i := s.from >> u.shift; i <= s.to>>u.shift; i++ {
		do(i, s.within(span{i << u.shift, (i + 1) << u.shift}).length())
	}
}

// data turns sums into averages over the part of each span in which something
// went on at all. asked are what jobs held.
func (u *usage) data(all span, asked []held) Usage {
	d := Usage{Step: seconds(int64(1) << u.shift), Used: []float64{}, Ended: []int{}, Failed: []int{}}
	if len(u.steps) == 0 {
		return d
	}
	n := u.all.to - u.all.from + 1
	d.Begin = moment(u.all.from << u.shift)
	d.Used, d.Ended, d.Failed = make([]float64, n), make([]int, n), make([]int, n)
	for i, s := range u.steps {
		at := i - u.all.from
		d.Used[at], d.Ended[at], d.Failed[at] = u.average(s.used, i, all), s.ended, s.failed
	}
	if len(asked) > 0 {
		d.Asked = u.asked(all, asked)
	}
	return d
}

func (u *usage) asked(all span, asked []held) []float64 {
	sums := make([]float64, u.all.to-u.all.from+1)
	for _, h := range asked {
		if part := h.span.within(all); part.to > part.from {
			u.each(part, func(i, length int64) { sums[i-u.all.from] += float64(length) * float64(h.cores) })
		}
	}
	for i := range sums {
		sums[i] = u.average(sums[i], int64(i)+u.all.from, all)
	}
	return sums
}

// average is of a sum over a span of which only the part within all counts.
func (u *usage) average(sum float64, i int64, all span) float64 {
	covered := span{i << u.shift, (i + 1) << u.shift}.within(all).length()
	if covered == 0 {
		return 0
	}
	return rounded(sum / float64(covered))
}

// held are cores that a job had for some time.
type held struct {
	span
	cores int
}

// heldBy is what the jobs had while the run or campaign went on.
func heldBy(jobs []Job, during span, now time.Time) (list []held) {
	for _, j := range jobs {
		ended := j.Ended
		if ended.IsZero() {
			ended = now
		}
		if s, ok := spanOf(j.Started, ended); ok && j.Cores > 0 {
			if s = s.within(during); s.to > s.from {
				list = append(list, held{s, j.Cores})
			}
		}
	}
	return list
}

func rounded(v float64) float64 { return math.Round(v*1000) / 1000 }
