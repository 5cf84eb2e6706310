package campaigner

import (
	"context"
	"encoding/json"
	"iter"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/ledger"
)

// Submission is a campaign to carry out.
type Submission struct {
	Plan Plan
	// Document is the flat workflow, WorkflowHash its identity, see
	// [campaign.WorkflowHash].
	Document     json.RawMessage
	WorkflowHash string
	Provenance   ledger.Provenance
	// Items stream.
	Items iter.Seq2[campaign.Item, error]
}

// Submitted tells what was made of a submission.
type Submitted struct {
	Campaign string `json:"campaign"`
	Rows     int    `json:"rows"`
	// Again means that the campaign was there already.
	Again bool `json:"again,omitempty"`
	// Done rows were done already; Retried ones had failed, or were withdrawn, and are
	// tried again; Dropped ones are not in the table any more.
	Done    int `json:"done,omitempty"`
	Retried int `json:"retried,omitempty"`
	Dropped int `json:"dropped,omitempty"`
}

// Submit begins a campaign or, if there is one of its name, goes on with it: rows
// that are done stay done unless their parameters or the workflow have changed. If
// the campaign had ended, what failed is tried again. When Submit returns without an
// error, all rows are kept.
func (s *Service) Submit(ctx context.Context, sub Submission) (done Submitted, err error) {
	r, err := newRecipe(sub.Plan, sub.Document, sub.Provenance.User)
	if err != nil {
		return done, err
	}
	if r.id, err = s.o.Runs.Register(ctx, sub.Document, r.whole()); err != nil {
		return done, err
	}
	definition, err := json.Marshal(r.plan)
	if err != nil {
		return done, err
	}
	done.Campaign = r.plan.Name
	header := &ledger.Header{
		Name: r.plan.Name, Workflow: r.plan.Workflow, WorkflowHash: sub.WorkflowHash, Definition: definition, Provenance: sub.Provenance,
	}
	err = s.use(r.plan.Name, header, func(e *entry) error {
		return s.submitTo(ctx, e, r, ledger.Submission{Header: header, Document: sub.Document, Items: sub.Items}, &done)
	})
	return done, err
}

func (s *Service) submitTo(ctx context.Context, e *entry, r *recipe, sub ledger.Submission, done *Submitted) error {
	done.Again = e.phase != ledger.Filling
	before, err := e.ledger.Counts(ctx)
	if err != nil {
		return err
	}
	added, err := e.ledger.Submit(ctx, sub)
	if err != nil {
		if !done.Again { // nothing has come of it
			return s.discard(e, err)
		}
		return err
	}
	e.recipe, e.drained = r, false
	if done.Again && (e.phase == ledger.Stopped || before.Left() == 0) {
		if done.Retried, err = e.ledger.Reset(ctx, ledger.Filter{}, ledger.Retry); err != nil {
			return err
		}
	}
	if err := e.setPhase(ctx, ledger.Active); err != nil {
		return err
	}
	counts, err := e.ledger.Counts(ctx)
	done.Rows, done.Dropped, done.Done = added.Rows, added.Dropped, counts.Done
	s.o.Logger.Info("campaign submitted", "campaign", e.name, "rows", added.Rows, "done", counts.Done)
	return err
}

// discard removes the ledger of a campaign whose table was bad.
func (s *Service) discard(e *entry, cause error) error {
	path := e.ledger.Path()
	if err := e.close(); err != nil {
		s.o.Logger.Warn("ledger not closed", "campaign", e.name, "error", err)
	}
	if err := (Folder{s.o.Dir}).remove(e.name, path); err != nil {
		s.o.Logger.Warn("ledger not removed", "campaign", e.name, "error", err)
	}
	return cause
}
