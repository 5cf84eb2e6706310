package campaigner

import (
	"cmp"
	"slices"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/ledger"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// fill begins rows up to the window. It returns false if something is to be tried
// again later.
func (s *Service) fill() bool {
	entries := s.tryAll()
	defer func() {
		for _, e := range entries {
			e.mu.Unlock()
		}
	}()
	well := true
	for _, e := range entries {
		if len(e.unsent) > 0 && !s.send(e) {
			well = false
		}
	}
	for window := s.window(); s.ctx.Err() == nil; {
		e, n := choose(entries, window)
		if e == nil {
			break
		}
		if !s.begin(e, n) {
			well = false
		}
	}
	return well && !slices.ContainsFunc(entries, func(e *entry) bool { return e.problem != "" })
}

// tryAll locks the campaigns that nobody changes, and lists them in an order that
// turns, so that none is always the first.
func (s *Service) tryAll() (entries []*entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entries {
		if !e.mu.TryLock() {
			continue
		}
		if e.ledger == nil {
			e.mu.Unlock()
			continue
		}
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b *entry) int { return cmp.Compare(a.name, b.name) })
	if len(entries) > 0 {
		s.turn = (s.turn + 1) % len(entries)
		entries = slices.Concat(entries[s.turn:], entries[:s.turn])
	}
	return entries
}

// refill is the part of the window that has to be free before rows are begun: so many
// are begun together, and the rest is more than the workers can have.
const refill = 20

// choose returns the campaign that may begin rows next, and how many: of those with
// the highest priority the one with the fewest rows in flight. Rows of campaigns with
// a lower priority take no room from it.
func choose(entries []*entry, window int) (next *entry, n int) {
	wanting := 0
	for _, e := range entries {
		if !e.wants() {
			continue
		}
		switch {
		case next == nil || e.recipe.plan.Priority > next.recipe.plan.Priority:
			next, wanting = e, 1
		case e.recipe.plan.Priority == next.recipe.plan.Priority:
			if wanting++; len(e.running) < len(next.running) {
				next = e
			}
		}
	}
	if next == nil {
		return nil, 0
	}
	room := window
	for _, e := range entries {
		if e.recipe != nil && e.recipe.plan.Priority >= next.recipe.plan.Priority {
			room -= len(e.running)
		}
	}
	if room < max(1, window/refill) {
		return nil, 0
	}
	n = min(max(1, room/wanting), mostBegun)
	if most := next.recipe.plan.MaxInFlight; most > 0 {
		n = min(n, most-len(next.running))
	}
	return next, n
}

// wants tells whether the campaign could begin a row now.
func (e *entry) wants() bool {
	if e.phase != ledger.Active || e.recipe == nil || e.drained || len(e.unsent) > 0 || time.Now().Before(e.after) {
		return false
	}
	most := e.recipe.plan.MaxInFlight
	return most == 0 || len(e.running) < most
}

// begin records that rows begin, and then hands them to the cluster: of what the
// cluster has the ledger always knows.
func (s *Service) begin(e *entry, n int) bool {
	if e.recipe.id == "" {
		id, err := s.o.Runs.Register(s.ctx, e.recipe.document, e.recipe.whole())
		if err != nil {
			s.fail(e, err)
			return false
		}
		e.recipe.id = id
	}
	items, err := e.ledger.Next(s.ctx, n)
	if err != nil {
		s.fail(e, err)
		return false
	}
	e.drained = len(items) < n
	now := time.Now()
	starts := make([]ledger.Start, len(items))
	for i := range items {
		starts[i] = ledger.Start{Number: items[i].Number, Run: newRun(), At: now}
	}
	if len(items) == 0 {
		return true
	}
	refused, err := e.ledger.Begin(s.ctx, starts...)
	if err != nil {
		e.drained = false
		s.fail(e, err)
		return false
	}
	gone := map[int]bool{}
	for _, number := range refused {
		gone[number] = true
	}
	for i, start := range starts {
		if gone[start.Number] {
			continue
		}
		e.running[start.Run] = start.Number
		row, err := e.recipe.row(start.Run, items[i])
		if err != nil {
			s.Ended([]End{e.unfit(row, err)})
			continue
		}
		e.unsent = append(e.unsent, row)
	}
	return s.send(e)
}

// unfit is the end of a row that cannot be run at all.
func (e *entry) unfit(row Row, err error) End {
	now := time.Now()
	return End{
		Run: row.Run, Campaign: e.name, Row: row.Number, State: Failed, Started: now, Ended: now,
		Failure: task.Failure{Type: "InvalidRow", Message: err.Error()},
	}
}

// send hands over what has begun.
func (s *Service) send(e *entry) bool {
	if len(e.unsent) == 0 {
		e.problem = ""
		return true
	}
	if time.Now().Before(e.after) {
		return false
	}
	if err := s.o.Runs.Submit(s.ctx, e.unsent); err != nil {
		s.fail(e, err)
		return false
	}
	e.unsent, e.problem = nil, ""
	return true
}
