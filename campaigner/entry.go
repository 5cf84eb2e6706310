package campaigner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/ledger"
)

// entry is a campaign whose ledger is open.
type entry struct {
	name  string
	users int // guarded by the service

	// mu is held by whoever changes the campaign. The loop only tries it: a long
	// submission must not keep the other campaigns back.
	mu      sync.Mutex
	ledger  *ledger.Ledger
	printed *printedLog
	recipe  *recipe
	phase   ledger.Phase
	running map[string]int // run -> row
	unsent  []Row          // have begun, but the cluster does not know them yet
	drained bool           // no row waits
	problem string         // what keeps it from going on
	after   time.Time      // of the problem: try again
	// withdraw is what becomes of rows that come back after the campaign was stopped.
	withdraw campaign.State

	status statusCache
}

// NotFoundError is a name of which there is no campaign.
type NotFoundError struct{ Name string }

func (e *NotFoundError) Error() string { return fmt.Sprintf("there is no campaign %q", e.Name) }

// Hint tells how to find it.
func (e *NotFoundError) Hint() string { return "ewoks-hpc campaign list shows those there are" }

// use opens a campaign if need be, and calls f with it, one at a time. With a header
// it is made if it does not exist.
func (s *Service) use(name string, header *ledger.Header, f func(e *entry) error) error {
	for {
		e, err := s.hold(name, header)
		if err != nil {
			return err
		}
		e.mu.Lock()
		removed := e.ledger == nil
		if !removed {
			err = f(e)
		}
		e.mu.Unlock()
		s.letGo(e)
		s.poke()
		if !removed {
			return err
		}
	}
}

// letGo ends what hold began. An entry without a ledger is of no use to others.
func (s *Service) letGo(e *entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.users--; s.entries[e.name] == e && e.mu.TryLock() {
		if e.ledger == nil {
			delete(s.entries, e.name)
		}
		e.mu.Unlock()
	}
}

func (s *Service) hold(name string, header *ledger.Header) (*entry, error) {
	if err := campaign.CheckName(name); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ctx.Err(); err != nil {
		return nil, errors.New("the launcher is ending")
	}
	e := s.entries[name]
	if e == nil {
		var err error
		if e, err = s.open(name, header); err != nil {
			return nil, err
		}
		s.entries[name] = e
	}
	e.users++
	return e, nil
}

func (s *Service) open(name string, header *ledger.Header) (e *entry, err error) {
	e = &entry{name: name, running: map[string]int{}, withdraw: campaign.Cancelled}
	_, err = os.Stat(s.path(name))
	switch {
	case err == nil:
		e.ledger, err = ledger.Open(s.ctx, s.path(name), s.o.Ledgers)
	case errors.Is(err, fs.ErrNotExist) && header != nil:
		e.ledger, err = ledger.Create(s.ctx, s.path(name), *header, s.o.Ledgers)
	case errors.Is(err, fs.ErrNotExist):
		return nil, &NotFoundError{name}
	}
	if err != nil {
		return nil, err
	}
	e.printed = &printedLog{path: Folder{s.o.Dir}.log(name)}
	if err := s.takeUp(e); err != nil {
		return nil, errors.Join(err, e.close())
	}
	return e, nil
}

// takeUp reads where the campaign stands. Rows that were running and that the cluster
// does not know are lost.
func (s *Service) takeUp(e *entry) (err error) {
	if e.phase, err = e.ledger.Phase(s.ctx); err != nil || e.phase == ledger.Filling {
		return err
	}
	if err := e.load(s.ctx); err != nil {
		return err
	}
	var runs []string
	for row, err := range e.ledger.Rows(s.ctx, ledger.Query{Filter: ledger.InState(campaign.Running)}) {
		if err != nil {
			return err
		}
		runs, e.running[row.Attempt.Run] = append(runs, row.Attempt.Run), row.Number
	}
	if len(runs) == 0 {
		return nil
	}
	known := s.o.Runs.Known(runs)
	lost, err := e.ledger.Recover(s.ctx, func(run string) bool { return known[run] })
	if err != nil {
		return err
	}
	for _, run := range runs {
		if !known[run] {
			delete(e.running, run)
		}
	}
	s.o.Logger.Info("campaign taken up", "campaign", e.name, "running", len(e.running), "lost", lost)
	if lost > 0 && e.phase == ledger.Stopped {
		_, err = e.ledger.Withdraw(s.ctx, ledger.Filter{}, e.withdraw)
	}
	return err
}

// load reads what the campaign is to do.
func (e *entry) load(ctx context.Context) error {
	header, err := e.ledger.Header(ctx)
	if err != nil {
		return err
	}
	document, err := e.ledger.Document(ctx)
	if err != nil {
		return err
	}
	var plan Plan
	if err := json.Unmarshal(header.Definition, &plan); err != nil {
		return fmt.Errorf("definition in %s: %w", e.ledger.Path(), err)
	}
	if e.recipe, err = newRecipe(plan, document, header.Provenance.User); err != nil {
		return fmt.Errorf("definition in %s: %w", e.ledger.Path(), err)
	}
	return nil
}

func (e *entry) close() error {
	if e.ledger == nil {
		return nil
	}
	err := errors.Join(e.ledger.Close(), e.printed.close())
	e.ledger = nil
	return err
}

// fail notes what keeps the campaign from going on, for a while.
func (s *Service) fail(e *entry, err error) {
	if e.problem != err.Error() && s.ctx.Err() == nil {
		s.o.Logger.Error("campaign does not go on", "campaign", e.name, "error", err)
	}
	e.problem, e.after = err.Error(), time.Now().Add(again)
}

// retire closes the ledgers of campaigns that have nothing to do.
func (s *Service) retire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, e := range s.entries {
		if e.users > 0 || !e.mu.TryLock() {
			continue
		}
		idle := e.ledger == nil || len(e.running) == 0 && (e.drained || e.phase != ledger.Active)
		if idle {
			if err := e.close(); err != nil {
				s.o.Logger.Warn("ledger not closed", "campaign", name, "error", err)
			}
			delete(s.entries, name)
		}
		e.mu.Unlock()
	}
}
