package app

import (
	"context"
	"fmt"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/campaigner"
	"github.com/ewoks-hpc/ewoks-hpc/ledger"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

const verbOrder = "campaign-order"

// The orders that change what becomes of a campaign.
const (
	PauseCampaign  = "pause"
	ResumeCampaign = "resume"
	CancelCampaign = "cancel"
	RetryCampaign  = "retry"
	RerunCampaign  = "rerun"
	RemoveCampaign = "remove"
)

// CampaignOrder is what a person asks for about a campaign.
type CampaignOrder struct {
	Order    string `json:"order"`
	Campaign string `json:"campaign"`
	// States are those of the rows to retry, Rows a list like 3,7,10-20 of those to
	// rerun. Where is a filter for either.
	States []campaign.State `json:"states,omitempty"`
	Rows   string           `json:"rows,omitempty"`
	Where  string           `json:"where,omitempty"`
}

// CampaignAnswer tells what became of an order.
type CampaignAnswer struct {
	Campaign string `json:"campaign"`
	Changed  bool   `json:"changed"`
	// Rows that wait again, or that were withdrawn; Running ones are being ended.
	Rows    int `json:"rows,omitempty"`
	Running int `json:"running,omitempty"`
	// Phase is that after the order; empty if the campaign is gone.
	Phase ledger.Phase `json:"phase,omitempty"`
}

type orderAnswer struct {
	CampaignAnswer
	Refused *refused `json:"refused,omitempty"`
}

func (c *Cluster) serveCampaignOrder(body []byte) (any, error) {
	var o CampaignOrder
	if err := task.DecodeJSON(body, &o); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	a, err := c.orderCampaign(ctx, o)
	return orderAnswer{a, refuse(err)}, nil
}

func (c *Cluster) orderCampaign(ctx context.Context, o CampaignOrder) (a CampaignAnswer, err error) {
	a.Campaign = o.Campaign
	switch o.Order {
	case PauseCampaign:
		a.Changed, err = c.campaigns.Pause(ctx, o.Campaign)
	case ResumeCampaign:
		a.Changed, err = c.campaigns.Resume(ctx, o.Campaign)
	case CancelCampaign:
		a.Rows, a.Running, err = c.campaigns.Cancel(ctx, o.Campaign)
	case RetryCampaign, RerunCampaign:
		a.Rows, err = c.resetRows(ctx, o)
	case RemoveCampaign:
		return CampaignAnswer{Campaign: o.Campaign, Changed: true}, c.campaigns.Remove(ctx, o.Campaign)
	default:
		err = fmt.Errorf("order %.80q for a campaign", o.Order)
	}
	if err != nil {
		return a, err
	}
	a.Changed = a.Changed || a.Rows+a.Running > 0
	status, err := campaigner.Folder{Dir: c.campaignsPath()}.Status(ctx, o.Campaign)
	a.Phase = status.Phase
	return a, err
}

func (c *Cluster) resetRows(ctx context.Context, o CampaignOrder) (int, error) {
	f, err := parseWhere(o.Where)
	if err != nil {
		return 0, err
	}
	cause := ledger.Retry
	if o.Order == RerunCampaign {
		cause = ledger.Rerun
		numbers, err := ledger.ParseNumbers(o.Rows)
		if err != nil {
			return 0, err
		}
		f = f.And(numbers)
	}
	if len(o.States) > 0 {
		f = f.And(ledger.InStates(o.States...))
	}
	return c.campaigns.Reset(ctx, o.Campaign, f, cause)
}

// OrderCampaign sends an order to the cluster. One that makes no sense is an
// [InvalidError].
func (c *Client) OrderCampaign(ctx context.Context, o CampaignOrder) (CampaignAnswer, error) {
	var a orderAnswer
	if err := c.Call(ctx, verbOrder, o, &a); err != nil {
		return a.CampaignAnswer, err
	}
	return a.CampaignAnswer, a.Refused.err()
}
