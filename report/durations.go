package report

import (
	"maps"
	"math"
	"slices"
)

// durations counts durations in bins whose borders are 2 % apart, as HdrHistogram
// does: quantiles are right to 1 % however many there are.
type durations struct {
	count    int
	sum      int64
	min, max int64
	bins     map[int]int
}

const (
	binRatio = 1.02
	mostBins = 30 // of a histogram that is shown
)

var logRatio = math.Log(binRatio)

// binOf is the bin of a duration in microseconds; shorter ones count as one.
func binOf(d int64) int { return int(math.Log(float64(max(d, 1))) / logRatio) }

// border is where a bin begins.
func border(bin int) float64 { return math.Exp(float64(bin) * logRatio) }

func (d *durations) add(length int64) {
	if d.count == 0 {
		d.min, d.max, d.bins = length, length, map[int]int{}
	}
	d.count++
	d.sum += length
	d.min, d.max = min(d.min, length), max(d.max, length)
	d.bins[binOf(length)]++
}

func (d *durations) data() Durations {
	if d.count == 0 {
		return Durations{Histogram: []Bin{}}
	}
	order := slices.Sorted(maps.Keys(d.bins))
	return Durations{
		Count: d.count, Sum: seconds(d.sum), Min: seconds(d.min), Max: seconds(d.max),
		P50: d.quantile(order, 0.5), P90: d.quantile(order, 0.9), P99: d.quantile(order, 0.99),
		Histogram: d.histogram(order),
	}
}

// quantile is the smallest duration that so many are not longer than.
func (d *durations) quantile(order []int, q float64) float64 {
	rank := int(math.Ceil(q * float64(d.count)))
	for _, bin := range order {
		if rank -= d.bins[bin]; rank <= 0 {
			middle := math.Sqrt(border(bin) * border(bin+1))
			return seconds(min(max(middle, float64(d.min)), float64(d.max)))
		}
	}
	return seconds(d.max)
}

// histogram joins bins until few enough are left to be shown.
func (d *durations) histogram(order []int) []Bin {
	first, last := order[0], order[len(order)-1]
	joined := max(4, (last-first)/mostBins+1)
	bins := make([]Bin, (last-first)/joined+1)
	for i := range bins {
		from := first + i*joined
		bins[i].From, bins[i].To = seconds(border(from)), seconds(border(from+joined))
	}
	for bin, n := range d.bins {
		bins[(bin-first)/joined].Count += n
	}
	return bins
}
