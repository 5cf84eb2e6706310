package dashboard

import (
	"strconv"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// How far back activity goes.
const (
	activitySpan = 10 * time.Minute
	maxFailures  = 20
)

// pulse is what happened lately.
type pulse struct {
	// Seconds are keyed by Unix time; those in which nothing ended are left out.
	Seconds map[string]second `json:"seconds"`
	// Failures are the newest attempts that did not succeed, by their number.
	Failures map[string]failed `json:"failures"`
}

// second counts attempts that ended in it.
type second struct {
	Succeeded int `json:"succeeded,omitempty"`
	Failed    int `json:"failed,omitempty"`
	Lost      int `json:"lost,omitempty"`
}

// failed is an attempt that did not succeed, in short.
type failed struct {
	Run string `json:"run"`
	// Campaign and Row are those of the run, if it is a row.
	Campaign string    `json:"campaign,omitempty"`
	Row      int       `json:"row,omitempty"`
	Label    string    `json:"label"`
	Host     string    `json:"host,omitempty"`
	Number   int       `json:"number"`
	Status   string    `json:"status"`
	Cause    string    `json:"cause,omitempty"`
	Message  string    `json:"message,omitempty"`
	Advice   string    `json:"advice,omitempty"`
	Ended    time.Time `json:"ended,omitzero"`
}

// activity follows attempts for a pulse.
type activity struct {
	source   Attempts
	seen     uint64
	seconds  map[int64]second
	failures []numbered
	now      func() time.Time
}

type numbered struct {
	number uint64
	failed
}

func newActivity(source Attempts) *activity {
	return &activity{source: source, seconds: map[int64]second{}, now: time.Now}
}

// look takes in what ended since the last look.
func (a *activity) look() pulse {
	list, newest := a.source.Attempts(a.seen, allAttempts)
	for i := range list {
		a.count(&list[i], newest-uint64(len(list)-1-i))
	}
	a.seen = newest
	a.failures = a.failures[max(0, len(a.failures)-maxFailures):]
	oldest := a.now().Add(-activitySpan).Unix()
	p := pulse{Seconds: make(map[string]second, len(a.seconds)), Failures: map[string]failed{}}
	for at, s := range a.seconds {
		if at < oldest {
			delete(a.seconds, at)
			continue
		}
		p.Seconds[strconv.FormatInt(at, 10)] = s
	}
	for _, f := range a.failures {
		p.Failures[strconv.FormatUint(f.number, 10)] = f.failed
	}
	return p
}

func (a *activity) count(t *task.Attempt, number uint64) {
	s := a.seconds[t.Ended.Unix()]
	switch t.Status {
	case "succeeded":
		s.Succeeded++
	case "failed":
		s.Failed++
	case "lost":
		s.Lost++
	default:
		return
	}
	a.seconds[t.Ended.Unix()] = s
	if t.Status != "succeeded" {
		a.failures = append(a.failures, numbered{number, failedOf(t)})
		if len(a.failures) > 2*maxFailures {
			a.failures = append(a.failures[:0], a.failures[len(a.failures)-maxFailures:]...)
		}
	}
}

func failedOf(t *task.Attempt) failed {
	f := failed{
		Run: t.Run, Campaign: t.Campaign, Row: t.Row, Label: nameOf(t), Host: t.Host, Number: t.Number, Status: t.Status,
		Cause: string(t.Failure.Cause), Message: t.Failure.Message, Advice: t.Failure.Advice, Ended: t.Ended,
	}
	clip(maxName, &f.Run, &f.Campaign, &f.Label, &f.Host, &f.Cause)
	clip(maxText, &f.Message, &f.Advice)
	return f
}

// nameOf is how an attempt's task is called.
func nameOf(t *task.Attempt) string {
	switch {
	case t.Label != "":
		return t.Label
	case t.Node != "":
		return t.Node
	case t.Failure.Node != "":
		return t.Failure.Node
	}
	return "whole run"
}
