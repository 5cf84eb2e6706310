package report

import (
	"cmp"
	"slices"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

const (
	// mostBars and mostLanes are what a screen can show.
	mostBars  = 8000
	mostLanes = 400
	// mostSlots bounds the lanes of a worker, knownLanes all lanes in memory.
	mostSlots  = 256
	knownLanes = 50_000
)

// timeline chooses what to draw of any number of attempts. A cell is a short time
// on one lane: of what began in it and ended with the same status only the longest
// is kept, and how many there were. When there are too many cells they are made
// twice as long. So every failure stays visible and nothing longer is ever hidden.
type timeline struct {
	shift   uint
	cells   map[cell]bar
	lanes   []lane
	workers map[string][]int // the lanes of each, by slot
}

type cell struct {
	lane   int
	status string
	index  int64
}

type bar struct {
	span
	node   string
	row    *int
	task   uint64
	number int
	// all is when those that it stands for went on.
	count int
	busy  int64
	all   span
}

type lane struct {
	Lane
	busyUntil int64
	attempts  int
	index     int // among those that are shown, -1 if it is not
}

func newTimeline() timeline {
	return timeline{cells: map[cell]bar{}, workers: map[string][]int{}}
}

func (t *timeline) add(a *task.Attempt, s span) {
	at := t.laneOf(a, s)
	t.lanes[at].attempts++
	t.put(cell{at, a.Status, s.from >> t.shift}, bar{s, nodeOf(a), rowOf(a), a.Task, a.Number, 1, s.length(), s})
	for len(t.cells) > 2*mostBars && t.shift < 50 {
		t.double()
	}
}

// put keeps the longest of a cell.
func (t *timeline) put(c cell, b bar) {
	there, ok := t.cells[c]
	if ok && there.length() >= b.length() {
		there, b = b, there
	}
	if ok {
		b.count += there.count
		b.busy += there.busy
		b.all = span{min(b.all.from, there.all.from), max(b.all.to, there.all.to)}
	}
	t.cells[c] = b
}

func (t *timeline) double() {
	cells := t.cells
	t.cells = make(map[cell]bar, len(cells))
	t.shift++
	for c, b := range cells {
		c.index >>= 1
		t.put(c, b)
	}
}

// laneOf finds where on its worker an attempt was: there, one thing is done at a
// time. Attempts come in the order of their ends, so the slot that became free
// last before the start is the best guess.
func (t *timeline) laneOf(a *task.Attempt, s span) int {
	slots := t.workers[a.Worker]
	best := -1
	for _, i := range slots {
		if t.lanes[i].busyUntil <= s.from && (best < 0 || t.lanes[i].busyUntil > t.lanes[best].busyUntil) {
			best = i
		}
	}
	switch {
	case best >= 0:
	case len(slots) < mostSlots && (len(t.lanes) < knownLanes || len(t.lanes) == 0):
		best = len(t.lanes)
		t.lanes = append(t.lanes, lane{Lane: Lane{Worker: a.Worker, Slot: len(slots), Host: a.Host, Pool: a.Pool, Job: a.Job}})
		t.workers[a.Worker] = append(slots, best)
	case len(slots) > 0:
		best = slices.MinFunc(slots, func(a, b int) int { return cmp.Compare(t.lanes[a].busyUntil, t.lanes[b].busyUntil) })
	default: // more workers than anybody can look at
		best = len(t.lanes) - 1
	}
	t.lanes[best].busyUntil = max(t.lanes[best].busyUntil, s.to)
	return best
}

func (t *timeline) data(begin int64) Timeline {
	d := Timeline{Begin: moment(begin), Lanes: []Lane{}, Bars: []Bar{}}
	for _, i := range t.shown() {
		t.lanes[i].index = len(d.Lanes)
		d.Lanes = append(d.Lanes, t.lanes[i].Lane)
	}
	d.MoreLanes = len(t.lanes) - len(d.Lanes)
	for c, b := range t.cells {
		at := t.lanes[c.lane].index
		if at < 0 {
			continue
		}
		shown := Bar{Lane: at, Start: seconds(b.from - begin), Seconds: seconds(b.length()), Status: c.status, Node: b.node, Row: b.row, Task: b.task}
		if b.number > 1 {
			shown.Number = b.number
		}
		if b.count > 1 {
			d.Step = seconds(int64(1) << t.shift)
			shown.Count, shown.Busy = b.count, seconds(b.busy)
			shown.First, shown.Last = seconds(b.all.from-begin), seconds(b.all.to-begin)
		}
		d.Bars = append(d.Bars, shown)
	}
	slices.SortFunc(d.Bars, func(a, b Bar) int {
		return cmp.Or(cmp.Compare(a.Lane, b.Lane), cmp.Compare(a.Start, b.Start), cmp.Compare(a.Seconds, b.Seconds), cmp.Compare(a.Status, b.Status))
	})
	return d
}

// shown are the lanes with the most attempts, in the order in which people look
// for them, and marks the others.
func (t *timeline) shown() []int {
	order := make([]int, len(t.lanes))
	for i := range t.lanes {
		order[i], t.lanes[i].index = i, -1
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(t.lanes[b].attempts, t.lanes[a].attempts) })
	order = order[:min(len(order), mostLanes)]
	slices.SortFunc(order, func(a, b int) int {
		x, y := &t.lanes[a], &t.lanes[b]
		return cmp.Or(cmp.Compare(x.Pool, y.Pool), cmp.Compare(x.Host, y.Host), cmp.Compare(x.Worker, y.Worker), cmp.Compare(x.Slot, y.Slot))
	})
	return order
}
