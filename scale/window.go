package scale

import "time"

// Window knows the highest of the values that it was given of late. The zero
// Window has been given none.
type Window struct {
	// samples fall in value and rise in time: one that is followed by a higher one
	// can never be the peak again.
	samples []sample
}

type sample struct {
	at    time.Time
	value int
}

// Add notes a value, and forgets those that are older than span. Times must not
// go backwards.
func (w *Window) Add(now time.Time, value int, span time.Duration) {
	for n := len(w.samples); n > 0 && w.samples[n-1].value <= value; n-- {
		w.samples = w.samples[:n-1]
	}
	w.samples = append(w.samples, sample{now, value})
	for now.Sub(w.samples[0].at) > span {
		w.samples = w.samples[1:]
	}
}

// Peak is the highest value that is not forgotten, or 0.
func (w *Window) Peak() int {
	if len(w.samples) == 0 {
		return 0
	}
	return w.samples[0].value
}
