package report

import (
	"cmp"
	"slices"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

const (
	mostSlowest = 25
	// knownRows bounds the rows in memory. Beyond it those with the least work are
	// forgotten, half of them at once.
	knownRows = 200_000
)

// slowest keeps the attempts that took longest.
type slowest struct{ list []Attempt }

func (s *slowest) add(a *task.Attempt, length int64) {
	n := len(s.list)
	if n >= mostSlowest && seconds(length) <= s.list[n-1].Seconds {
		return
	}
	e := example(a)
	at, _ := slices.BinarySearchFunc(s.list, e, func(x, y Attempt) int {
		return cmp.Or(cmp.Compare(y.Seconds, x.Seconds), -1) // after its equals
	})
	s.list = slices.Insert(s.list, at, e)
	s.list = s.list[:min(len(s.list), mostSlowest)]
}

func example(a *task.Attempt) Attempt {
	e := Attempt{Run: a.Run, Row: rowOf(a), Task: a.Task, Number: a.Number, Node: nodeOf(a), Worker: a.Worker, Host: a.Host, Status: a.Status}
	if s, ok := spanOf(a.Started, a.Ended); ok {
		e.Started, e.Seconds = moment(s.from), seconds(s.length())
	}
	return e
}

// rows adds up the attempts of each row of a campaign.
type rows map[int]*row

type row struct {
	span
	busy     int64
	attempts int
	tally    Tally
}

// add tells whether the row had attempts before.
func (r rows) add(a *task.Attempt, s span, known bool) (again bool) {
	if a.Campaign == "" {
		return false
	}
	at := r[a.Row]
	if at == nil {
		if len(r) >= knownRows {
			r.forget()
		}
		at = &row{span: s}
		r[a.Row] = at
	}
	at.attempts++
	*at.tally.of(a.Status)++
	again = at.attempts > 1
	if !known {
		return again
	}
	at.busy += s.length()
	if at.from == 0 {
		at.span = s
	}
	at.from, at.to = min(at.from, s.from), max(at.to, s.to)
	return again
}

// order is that of the work of the rows, the most first.
func (r rows) order() []int {
	numbers := make([]int, 0, len(r))
	for n := range r {
		numbers = append(numbers, n)
	}
	slices.SortFunc(numbers, func(a, b int) int { return cmp.Or(cmp.Compare(r[b].busy, r[a].busy), cmp.Compare(a, b)) })
	return numbers
}

func (r rows) forget() {
	for _, n := range r.order()[len(r)/2:] {
		delete(r, n)
	}
}

func (r rows) data() []Row {
	list := []Row{}
	order := r.order()
	for _, n := range order[:min(len(order), mostSlowest)] {
		at := r[n]
		list = append(list, Row{Row: n, Busy: seconds(at.busy), Seconds: seconds(at.length()), Started: moment(at.from), Attempts: at.attempts, Tally: at.tally})
	}
	return list
}
