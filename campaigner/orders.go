package campaigner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/ledger"
)

// OrderError is an order that makes no sense for a campaign as it is.
type OrderError struct{ message, hint string }

func (e *OrderError) Error() string { return e.message }

// Hint tells what could be done.
func (e *OrderError) Hint() string { return e.hint }

func (e *entry) setPhase(ctx context.Context, p ledger.Phase) error {
	if err := e.ledger.SetPhase(ctx, p); err != nil {
		return err
	}
	e.phase = p
	return nil
}

// Pause begins no more rows of a campaign; those that run go on. Changed is false if
// it was paused already.
func (s *Service) Pause(ctx context.Context, name string) (changed bool, err error) {
	err = s.use(name, nil, func(e *entry) error {
		switch e.phase {
		case ledger.Paused:
			return nil
		case ledger.Active:
			changed = true
			return e.setPhase(ctx, ledger.Paused)
		}
		return e.cannot("be paused")
	})
	return changed, err
}

// Resume undoes Pause.
func (s *Service) Resume(ctx context.Context, name string) (changed bool, err error) {
	err = s.use(name, nil, func(e *entry) error {
		switch e.phase {
		case ledger.Active:
			return nil
		case ledger.Paused:
			changed, e.drained = true, false
			return e.setPhase(ctx, ledger.Active)
		}
		return e.cannot("be resumed")
	})
	return changed, err
}

func (e *entry) cannot(what string) error {
	if e.phase == ledger.Filling {
		return &OrderError{fmt.Sprintf("campaign %s cannot %s: its table was not taken completely", e.name, what), "submit it again"}
	}
	return &OrderError{fmt.Sprintf("campaign %s cannot %s: it was cancelled, or had too many failures", e.name, what),
		"ewoks-hpc campaign retry brings its rows back"}
}

// Cancel ends a campaign: rows that wait are withdrawn, those that run are ended. It
// returns how many of each there were.
func (s *Service) Cancel(ctx context.Context, name string) (waiting, running int, err error) {
	var runs []string
	var unsent []End
	err = s.use(name, nil, func(e *entry) (err error) {
		if e.phase == ledger.Filling {
			return e.cannot("be cancelled")
		}
		if err := e.setPhase(ctx, ledger.Stopped); err != nil {
			return err
		}
		e.withdraw = campaign.Cancelled
		if waiting, err = e.ledger.Withdraw(ctx, ledger.Filter{}, campaign.Cancelled); err != nil {
			return err
		}
		for _, row := range e.unsent { // the cluster has never heard of them
			end := e.unfit(row, errors.New("the campaign was cancelled"))
			end.State = Cancelled
			unsent = append(unsent, end)
		}
		running, e.unsent = len(e.running), nil
		runs = slices.Collect(maps.Keys(e.running))
		return nil
	})
	if err != nil || len(runs) == 0 {
		return waiting, running, err
	}
	s.Ended(unsent)
	return waiting, running, s.o.Runs.Cancel(ctx, runs, "campaign "+name+" was cancelled")
}

// Reset makes rows wait again, see [ledger.Ledger.Reset], and goes on with a campaign
// that had ended. A paused one stays so. It returns the number of rows.
func (s *Service) Reset(ctx context.Context, name string, f ledger.Filter, cause ledger.Cause) (n int, err error) {
	err = s.use(name, nil, func(e *entry) (err error) {
		if e.phase == ledger.Filling {
			return e.cannot("try rows again")
		}
		if n, err = e.ledger.Reset(ctx, f, cause); err != nil || n == 0 {
			return err
		}
		e.drained = false
		if e.phase == ledger.Stopped {
			return e.setPhase(ctx, ledger.Active)
		}
		return nil
	})
	return n, err
}

// Cancel ends a campaign that no service has, and of which nothing runs. It returns the
// number of rows that had not ended.
func (f Folder) Cancel(ctx context.Context, name string) (n int, err error) {
	err = f.read(ctx, name, func(l *ledger.Ledger) error {
		if err := l.SetPhase(ctx, ledger.Stopped); err != nil {
			return err
		}
		if _, err := l.Recover(ctx, nil); err != nil {
			return err
		}
		n, err = l.Withdraw(ctx, ledger.Filter{}, campaign.Cancelled)
		return err
	})
	return n, err
}

// Remove deletes a campaign that no service has, and that has ended.
func (f Folder) Remove(ctx context.Context, name string) error {
	err := f.read(ctx, name, func(l *ledger.Ledger) error { return removable(ctx, l, name) })
	if err != nil {
		return err
	}
	return f.remove(name, f.path(name))
}

// removable fails if a campaign has not ended.
func removable(ctx context.Context, l *ledger.Ledger, name string) error {
	counts, err := l.Counts(ctx)
	if err != nil {
		return err
	}
	phase, err := l.Phase(ctx)
	if err != nil || counts.Left() == 0 || phase == ledger.Filling {
		return err
	}
	return &OrderError{fmt.Sprintf("campaign %s has not ended: %d rows wait, %d run", name, counts.Waiting, counts.Running), "ewoks-hpc campaign cancel " + name + " ends it"}
}

// Remove deletes a campaign that has ended: its ledger, and what its rows printed.
func (s *Service) Remove(ctx context.Context, name string) error {
	return s.use(name, nil, func(e *entry) error {
		if err := removable(ctx, e.ledger, name); err != nil {
			return err
		}
		path := e.ledger.Path()
		if err := e.close(); err != nil {
			return err
		}
		return Folder{s.o.Dir}.remove(name, path)
	})
}

func (f Folder) remove(name, path string) error {
	if err := ledger.Remove(path); err != nil {
		return err
	}
	if err := os.Remove(f.log(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// Problems tell what keeps campaigns from going on, by their names.
func (s *Service) Problems() map[string]string {
	problems := map[string]string{}
	defer s.poke() // the loop may have missed a campaign that was looked at
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, e := range s.entries {
		if e.mu.TryLock() {
			if e.problem != "" && time.Now().Before(e.after.Add(10*again)) {
				problems[name] = e.problem
			}
			e.mu.Unlock()
		}
	}
	return problems
}
