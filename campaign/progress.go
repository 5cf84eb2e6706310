package campaign

import (
	"fmt"
	"time"
)

// State is where a row is.
type State string

// The states of a row.
const (
	Waiting   State = "waiting"
	Running   State = "running"
	Done      State = "done"
	Failed    State = "failed"
	Skipped   State = "skipped"   // not run, because too many others had failed
	Cancelled State = "cancelled" // not run, or ended, because somebody asked for it
)

// States are all of them, in the order in which people want to see them.
func States() []State { return []State{Waiting, Running, Done, Failed, Skipped, Cancelled} }

// Counts are numbers of rows.
type Counts struct {
	Waiting   int `json:"waiting"`
	Running   int `json:"running"`
	Done      int `json:"done"`
	Failed    int `json:"failed"`
	Skipped   int `json:"skipped"`
	Cancelled int `json:"cancelled"`
}

// Of returns the counter of a state, nil for an unknown one.
func (c *Counts) Of(s State) *int {
	switch s {
	case Waiting:
		return &c.Waiting
	case Running:
		return &c.Running
	case Done:
		return &c.Done
	case Failed:
		return &c.Failed
	case Skipped:
		return &c.Skipped
	case Cancelled:
		return &c.Cancelled
	}
	return nil
}

// Total is the number of rows.
func (c *Counts) Total() int {
	return c.Waiting + c.Running + c.Done + c.Failed + c.Skipped + c.Cancelled
}

// Left is the number of rows that have not ended.
func (c *Counts) Left() int { return c.Waiting + c.Running }

// Reason is why rows failed.
type Reason struct {
	Count int `json:"count"`
	// Type is the name of the Python exception class, or the cause.
	Type string `json:"type"`
	// Task is the node of the workflow, if it is known.
	Task string `json:"task,omitempty"`
	// Example is a row that failed so.
	Example int `json:"example"`
}

// String is "34x FileNotFoundError in integrate".
func (r Reason) String() string { return fmt.Sprintf("%dx %s", r.Count, r.Words()) }

// Words is "FileNotFoundError in integrate".
func (r Reason) Words() string {
	if r.Task != "" {
		return r.Type + " in " + r.Task
	}
	return r.Type
}

// Summary is how a campaign goes.
type Summary struct {
	Counts
	// Reasons are the most frequent ones, the first the most frequent.
	Reasons []Reason `json:"reasons,omitempty"`
	// OtherReasons counts failed rows with reasons that are not listed.
	OtherReasons int `json:"other_reasons,omitempty"`
	// Recent rows have ended (done or failed) within the last Window.
	Recent int           `json:"recent"`
	Window time.Duration `json:"window"`
	// FirstEnd and LastEnd are when the first and last row ended; zero if none has.
	FirstEnd time.Time `json:"first_end,omitzero"`
	LastEnd  time.Time `json:"last_end,omitzero"`
}

// Rate is the number of rows that end in a second, lately; 0 if it is not known.
// A campaign that began within the window is judged by the time since then.
func (s *Summary) Rate(now time.Time) float64 {
	span := min(s.Window, now.Sub(s.FirstEnd))
	if s.Recent < 2 || span <= 0 {
		return 0
	}
	return float64(s.Recent) / span.Seconds()
}

// TimeLeft is how long the rest takes at the present rate; ok is false if that
// cannot be said.
func (s *Summary) TimeLeft(now time.Time) (left time.Duration, ok bool) {
	if s.Left() == 0 {
		return 0, true
	}
	rate := s.Rate(now)
	if seconds := float64(s.Left()) / rate; rate > 0 && seconds < 1e9 {
		return time.Duration(seconds * float64(time.Second)), true
	}
	return 0, false
}
