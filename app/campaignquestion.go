package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/ewoks-hpc/ewoks-hpc/campaigner"
	"github.com/ewoks-hpc/ewoks-hpc/ledger"
)

// The subjects of questions about campaigns.
const (
	askStatus   = "status"
	askAll      = "all"
	askRows     = "rows"
	askExport   = "export"
	askAttempts = "attempts"
)

// campaignQuestion is answered with a stream of bytes, by the launcher or, if the
// ledgers can be read here, by the client itself.
type campaignQuestion struct {
	About    string        `json:"about"`
	Campaign string        `json:"campaign,omitempty"`
	Where    string        `json:"where,omitempty"`
	Limit    int           `json:"limit,omitempty"`
	Format   ledger.Format `json:"format,omitempty"`
	Row      int           `json:"row,omitempty"`
}

// answer writes the answer: JSON, a line of JSON for each row, or an export.
func (q campaignQuestion) answer(ctx context.Context, f campaigner.Folder, w io.Writer) error {
	filter, err := parseWhere(q.Where)
	if err != nil {
		return err
	}
	e := json.NewEncoder(w)
	switch q.About {
	case askStatus:
		s, err := f.Status(ctx, q.Campaign)
		if err != nil {
			return err
		}
		return e.Encode(s)
	case askAll:
		list, err := f.Statuses(ctx)
		if err != nil {
			return err
		}
		return e.Encode(list)
	case askRows:
		return f.Rows(ctx, q.Campaign, ledger.Query{Filter: filter, Limit: q.Limit}, func(r ledger.Row) error { return e.Encode(campaignRowOf(&r)) })
	case askExport:
		return f.Export(ctx, q.Campaign, w, ledger.ExportOptions{Format: q.Format, Filter: filter})
	case askAttempts:
		list, err := f.Attempts(ctx, q.Campaign, q.Row)
		if err != nil {
			return err
		}
		return e.Encode(list)
	}
	return fmt.Errorf("question about %.80q of a campaign", q.About)
}

func parseWhere(text string) (ledger.Filter, error) {
	if text == "" {
		return ledger.Filter{}, nil
	}
	return ledger.ParseFilter(text)
}

// CampaignRow is a row of a campaign, for people.
type CampaignRow struct {
	Row      int             `json:"row"`
	State    string          `json:"state"`
	Attempts int             `json:"attempts"`
	Cause    ledger.Cause    `json:"cause,omitempty"`
	Node     string          `json:"node,omitempty"`
	Job      string          `json:"job,omitempty"`
	Seconds  float64         `json:"seconds,omitempty"`
	Memory   int64           `json:"memory,omitempty"` // bytes
	Error    string          `json:"error,omitempty"`
	Message  string          `json:"message,omitempty"`
	Task     string          `json:"task,omitempty"`
	Params   json.RawMessage `json:"params"`
	Outputs  json.RawMessage `json:"outputs,omitempty"`
}

func campaignRowOf(r *ledger.Row) CampaignRow {
	a := &r.Attempt
	return CampaignRow{
		Row: r.Number, State: string(r.State), Attempts: r.Attempts, Cause: a.Cause, Node: a.Node, Job: a.Job,
		Seconds: a.Duration().Seconds(), Memory: a.PeakMemory, Error: a.ErrorType, Message: a.Message, Task: a.Task,
		Params: r.Params, Outputs: r.Outputs,
	}
}
