package campaigner

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/ledger"
)

// Ended is the phase of a campaign of which no row is left.
const Ended ledger.Phase = "ended"

// Status is how a campaign goes.
type Status struct {
	Campaign string       `json:"campaign"`
	Phase    ledger.Phase `json:"phase"`
	// Problem is what keeps it from going on; empty is nothing, or not known.
	Problem      string `json:"problem,omitempty"`
	Workflow     string `json:"workflow"`
	WorkflowHash string `json:"workflow_hash"`
	Granularity  string `json:"granularity"`
	Priority     int    `json:"priority"`
	campaign.Summary
	// Rate is rows that end in a second, lately; TimeLeft in seconds. 0 is not known.
	Rate     float64 `json:"rate,omitempty"`
	TimeLeft float64 `json:"time_left,omitempty"`
	// Places are where rows ended lately.
	Places     []ledger.Place    `json:"places,omitempty"`
	Provenance ledger.Provenance `json:"provenance"`
}

// rateWindow is how far back the rate looks.
const rateWindow = time.Minute

// Names lists the campaigns of a folder.
func (f Folder) Names() (names []string, err error) {
	entries, err := os.ReadDir(f.Dir)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ledgerEnding); ok && campaign.CheckName(name) == nil {
			names = append(names, name)
		}
	}
	return names, nil
}

// read opens a ledger for the length of f.
func (f Folder) read(ctx context.Context, name string, do func(*ledger.Ledger) error) error {
	if err := campaign.CheckName(name); err != nil {
		return err
	}
	if _, err := os.Stat(f.path(name)); os.IsNotExist(err) {
		return &NotFoundError{name}
	}
	l, err := ledger.Open(ctx, f.path(name), ledger.Options{})
	if err != nil {
		return err
	}
	defer l.Close()
	return do(l)
}

// Status reads how a campaign goes.
func (f Folder) Status(ctx context.Context, name string) (s Status, err error) {
	err = f.read(ctx, name, func(l *ledger.Ledger) error {
		s, err = status(ctx, l, time.Now())
		return err
	})
	return s, err
}

// Statuses reads how all campaigns go, the last submitted first. Those that cannot be
// read have a Problem.
func (f Folder) Statuses(ctx context.Context) ([]Status, error) {
	names, err := f.Names()
	list := make([]Status, 0, len(names))
	for _, name := range names {
		s, err := f.Status(ctx, name)
		if err != nil {
			s = Status{Campaign: name, Problem: err.Error()}
		}
		list = append(list, s)
	}
	slices.SortStableFunc(list, func(a, b Status) int { return b.Provenance.Submitted.Compare(a.Provenance.Submitted) })
	return list, err
}

func status(ctx context.Context, l *ledger.Ledger, now time.Time) (s Status, err error) {
	h, err := l.Header(ctx)
	if err != nil {
		return s, err
	}
	if s.Phase, err = l.Phase(ctx); err != nil {
		return s, err
	}
	if s.Summary, err = l.Summary(ctx, now, rateWindow); err != nil {
		return s, err
	}
	if s.Places, err = l.Places(ctx, now.Add(-rateWindow)); err != nil {
		return s, err
	}
	var plan Plan
	if err := json.Unmarshal(h.Definition, &plan); err != nil {
		return s, fmt.Errorf("definition in %s: %w", l.Path(), err)
	}
	s.Campaign, s.Workflow, s.WorkflowHash, s.Provenance = h.Name, h.Workflow, h.WorkflowHash, h.Provenance
	s.Granularity, s.Priority = string(cmp.Or(plan.Granularity, campaign.ByRow)), plan.Priority
	if s.Left() == 0 && s.Phase != ledger.Filling {
		s.Phase = Ended
		return s, nil
	}
	s.Rate = s.Summary.Rate(now)
	if left, ok := s.Summary.TimeLeft(now); ok {
		s.TimeLeft = left.Seconds()
	}
	return s, nil
}

// statusCache keeps a status for a while: to count a million rows takes its time.
type statusCache struct {
	mu sync.Mutex
	Status
	until time.Time
}

// costShare is the part of the time that may be spent on counting rows.
const costShare = 20

// Statuses tells how the campaigns that have not ended go, without keeping them from
// it.
func (s *Service) Statuses(ctx context.Context) (list []Status) {
	s.mu.Lock()
	held := make([]*entry, 0, len(s.entries))
	for _, e := range s.entries {
		e.users++
		held = append(held, e)
	}
	s.mu.Unlock()
	for _, e := range held {
		if status := e.count(ctx); status.Campaign != "" {
			list = append(list, status)
		}
		s.letGo(e)
	}
	s.poke() // the loop may have missed a campaign that was looked at
	slices.SortFunc(list, func(a, b Status) int {
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.Campaign, b.Campaign))
	})
	return list
}

// count returns a status that is not too old. While somebody changes the campaign it
// is the last one.
func (e *entry) count(ctx context.Context) Status {
	c := &e.status
	c.mu.Lock()
	defer c.mu.Unlock()
	if !e.mu.TryLock() {
		return c.Status
	}
	l, problem := e.ledger, e.problem
	e.mu.Unlock()
	begun := time.Now()
	if l == nil || begun.Before(c.until) {
		c.Problem = problem
		return c.Status
	}
	if found, err := status(ctx, l, begun); err == nil {
		c.Status = found
	}
	c.Problem = problem
	c.until = time.Now().Add(max(time.Second, costShare*time.Since(begun)))
	return c.Status
}
