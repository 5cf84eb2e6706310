package top

import (
	"slices"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
)

// history is how many tasks ended in a second, lately; the newest comes last.
type history struct {
	at    time.Time
	ended uint64
	known bool
	rates []float64
}

// maxRates is enough for the widest sparkline.
const maxRates = 240

// add folds in the totals of a moment. The list is not shared with the history
// before. Totals that fall are those of a new launcher.
func (h history) add(at time.Time, t dashboard.Totals) history {
	ended := t.Succeeded + t.Failed
	span := at.Sub(h.at).Seconds()
	if h.known && span <= 0 {
		return h
	}
	if h.known {
		rate := 0.0
		if ended >= h.ended {
			rate = float64(ended-h.ended) / span
		}
		h.rates = append(slices.Clone(h.rates[max(0, len(h.rates)+1-maxRates):]), rate)
	}
	h.at, h.ended, h.known = at, ended, true
	return h
}

// steady is how many rates a number is the mean of: single seconds jump.
const steady = 5

// rate is the mean of the last few.
func (h history) rate() float64 {
	last := h.rates[max(0, len(h.rates)-steady):]
	if len(last) == 0 {
		return 0
	}
	sum := 0.0
	for _, r := range last {
		sum += r
	}
	return sum / float64(len(last))
}

// most is the highest.
func (h history) most(width int) float64 {
	top := 0.0
	for _, r := range h.rates[max(0, len(h.rates)-width):] {
		top = max(top, r)
	}
	return top
}
