package campaigner

import (
	"errors"
	"fmt"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/ledger"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// mostEnds bounds the ends of one transaction.
const mostEnds = 2000

// record writes all ends that have come in to their ledgers, one transaction for each
// campaign. It returns false if some have to wait.
func (s *Service) record() bool {
	s.endsMu.Lock()
	ends := s.ends
	s.ends = nil
	s.endsMu.Unlock()
	byCampaign := map[string][]End{}
	for _, end := range ends {
		byCampaign[end.Campaign] = append(byCampaign[end.Campaign], end)
	}
	well := true
	for name, ends := range byCampaign {
		if left := s.recordOf(name, ends); len(left) > 0 {
			well = false
			s.endsMu.Lock()
			s.ends = append(left, s.ends...)
			s.endsMu.Unlock()
		}
	}
	return well
}

// recordOf returns the ends that have to wait.
func (s *Service) recordOf(name string, ends []End) (left []End) {
	e, err := s.hold(name, nil)
	if notFound := new(NotFoundError); errors.As(err, &notFound) { // it was removed
		s.o.Runs.Taken(runsOf(ends))
		return nil
	}
	if err != nil {
		s.o.Logger.Error("ends of rows not recorded", "campaign", name, "error", err)
		return ends
	}
	defer s.letGo(e)
	if !e.mu.TryLock() {
		return ends // whoever has it wakes the loop
	}
	defer e.mu.Unlock()
	for len(ends) > 0 && e.ledger != nil {
		batch := ends[:min(len(ends), mostEnds)]
		if err := s.finish(e, batch); err != nil {
			s.fail(e, err)
			return ends
		}
		ends = ends[len(batch):]
	}
	return ends
}

func runsOf(ends []End) []string {
	runs := make([]string, len(ends))
	for i := range ends {
		runs[i] = ends[i].Run
	}
	return runs
}

// finish records ends, and decides which rows are tried again.
func (s *Service) finish(e *entry, ends []End) error {
	if e.recipe == nil { // nothing of it has ever run
		s.o.Runs.Taken(runsOf(ends))
		return nil
	}
	var unlucky []int
	for i := range ends {
		if ends[i].lost() || ends[i].State == Failed {
			unlucky = append(unlucky, ends[i].Row)
		}
	}
	tries, err := e.ledger.Tries(s.ctx, unlucky...)
	if err != nil {
		return err
	}
	logs, err := e.printed.write(ends)
	if err != nil { // what tasks printed is not worth losing how they ended
		s.o.Logger.Warn("output of rows not kept", "campaign", e.name, "error", err)
	}
	results, back, failed := make([]ledger.Result, len(ends)), false, false
	for i := range ends {
		results[i] = s.result(e, &ends[i], tries[ends[i].Row])
		results[i].Log = logs[i]
		back = back || results[i].State == campaign.Waiting
		failed = failed || results[i].State == campaign.Failed
	}
	if _, err := e.ledger.Finish(s.ctx, results...); err != nil {
		return err
	}
	runs := runsOf(ends)
	for _, run := range runs {
		delete(e.running, run)
	}
	s.o.Runs.Taken(runs)
	if back {
		e.drained = false
	}
	return s.settle(e, back, failed)
}

// result is what the ledger is told of an end.
func (s *Service) result(e *entry, end *End, tried ledger.Tries) ledger.Result {
	r := ledger.Result{
		Number: end.Row, Run: end.Run, Worker: end.Worker, Job: end.Job, Node: end.Host,
		Started: end.Started, Ended: end.Ended, PeakMemory: end.PeakMemory, Steps: end.Steps,
	}
	if r.Ended.IsZero() {
		r.Ended = time.Now()
	}
	if end.State == Succeeded {
		r.State, r.Outputs = campaign.Done, end.Outputs
		return r
	}
	r.State, r.Failure, r.Task = campaign.Failed, end.Failure, end.Failure.Node
	switch {
	case end.State == Cancelled && e.phase != ledger.Stopped: // the cluster went down, for example
		r.State, r.Cause = campaign.Waiting, ledger.Interrupted
	case end.State == Cancelled:
		r.State = campaign.Cancelled
	case end.lost() && tried.Lost < s.o.MaxLost:
		r.State, r.Cause = campaign.Waiting, ledger.Lost
	case end.lost():
		r.Failure.Message = fmt.Sprintf("lost %d times: %s", tried.Lost+1, end.Failure.Message)
		if r.Failure.Cause == "" {
			r.Failure.Cause = task.Gone
		}
	case tried.Failed < e.recipe.plan.Retries:
		r.State, r.Cause = campaign.Waiting, ledger.Retry
	}
	return r
}

// settle ends a campaign with too many failures, and keeps one that was ended so.
func (s *Service) settle(e *entry, back, failed bool) error {
	if most := e.recipe.plan.MaxFailures; failed && most > 0 && e.phase != ledger.Stopped {
		summary, err := e.ledger.Counts(s.ctx)
		if err != nil {
			return err
		}
		if summary.Failed >= most {
			s.o.Logger.Warn("campaign stopped: too many failures", "campaign", e.name, "failed", summary.Failed)
			if err := e.setPhase(s.ctx, ledger.Stopped); err != nil {
				return err
			}
			e.withdraw, back = campaign.Skipped, true
		}
	}
	if back && e.phase == ledger.Stopped {
		if _, err := e.ledger.Withdraw(s.ctx, ledger.Filter{}, e.withdraw); err != nil {
			return err
		}
	}
	return nil
}
