package app

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/campaigner"
	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
	"github.com/ewoks-hpc/ewoks-hpc/ledger"
)

// endedCampaigns remembers how campaigns went that have ended: nothing of them changes
// as long as their ledger does not.
type endedCampaigns struct {
	mu    sync.Mutex
	known map[string]endedCampaign
}

type endedCampaign struct {
	changed time.Time
	dashboard.Campaign
}

// shownCampaigns is how many ended campaigns are shown, the newest.
const shownCampaigns = 20

// pageCampaigns are the campaigns that have not ended, and the last that have.
func (c *Cluster) pageCampaigns(ctx context.Context) (list []dashboard.Campaign) {
	if c.campaigns == nil {
		return nil
	}
	going := map[string]bool{}
	for _, s := range c.campaigns.Statuses(ctx) {
		going[s.Campaign] = true
		list = append(list, pageCampaign(s))
	}
	folder := campaigner.Folder{Dir: c.campaignsPath()}
	changed, err := folder.Changed()
	if err != nil {
		return list
	}
	names := slices.SortedFunc(maps.Keys(changed), func(a, b string) int { return changed[b].Compare(changed[a]) })
	names = slices.DeleteFunc(names, func(name string) bool { return going[name] })
	for _, name := range names[:min(len(names), shownCampaigns)] {
		if s, err := c.ended.status(ctx, folder, name, changed[name]); err == nil {
			list = append(list, s)
		}
	}
	return list
}

func (e *endedCampaigns) status(ctx context.Context, f campaigner.Folder, name string, changed time.Time) (dashboard.Campaign, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if known := e.known[name]; known.changed.Equal(changed) {
		return known.Campaign, nil
	}
	s, err := f.Status(ctx, name)
	if err != nil {
		return dashboard.Campaign{}, err
	}
	if e.known == nil || len(e.known) > 10*shownCampaigns {
		e.known = map[string]endedCampaign{}
	}
	e.known[name] = endedCampaign{changed, pageCampaign(s)}
	return e.known[name].Campaign, nil
}

func pageCampaign(s campaigner.Status) dashboard.Campaign {
	shown := dashboard.Campaign{
		Campaign: s.Campaign, User: s.Provenance.User, Phase: string(s.Phase), Waiting: s.Waiting, Running: s.Running, Done: s.Done,
		Failed: s.Failed, Skipped: s.Skipped, Cancelled: s.Cancelled, Rate: s.Rate, Left: s.TimeLeft, Priority: s.Priority,
		Submitted: s.Provenance.Submitted,
	}
	if s.Phase == campaigner.Ended {
		shown.Ended = s.LastEnd
	}
	for _, r := range s.Reasons {
		shown.Reasons = append(shown.Reasons, dashboard.Reason{Rows: r.Count, Text: r.Words(), Example: r.Example})
	}
	return shown
}

// campaignDetails implements [dashboard.Campaigns].
type campaignDetails struct{ cluster *Cluster }

// Rows of a campaign that are shown: of those that run, and of those that failed.
const shownCampaignRows = 100

func (d campaignDetails) Campaign(name string) (detail dashboard.CampaignDetail, err error) {
	ctx := context.Background()
	folder := campaigner.Folder{Dir: d.cluster.campaignsPath()}
	s, err := folder.Status(ctx, name)
	if err != nil {
		return detail, notFound(err)
	}
	detail = dashboard.CampaignDetail{Campaign: pageCampaign(s), Workflow: s.Workflow, Total: s.Total(), Rows: []dashboard.Row{}}
	for _, state := range []campaign.State{campaign.Running, campaign.Failed} {
		q := ledger.Query{Filter: ledger.InState(state), Limit: shownCampaignRows}
		err := folder.Rows(ctx, name, q, func(r ledger.Row) error {
			detail.Rows = append(detail.Rows, pageRow(r))
			return nil
		})
		if err != nil {
			return detail, err
		}
	}
	return detail, addMessages(ctx, folder, &detail.Campaign)
}

// addMessages gives each reason the error of its example.
func addMessages(ctx context.Context, f campaigner.Folder, c *dashboard.Campaign) error {
	if len(c.Reasons) == 0 {
		return nil
	}
	byRow, numbers := map[int]*dashboard.Reason{}, []string{}
	for i := range c.Reasons {
		r := &c.Reasons[i]
		byRow[r.Example], numbers = r, append(numbers, strconv.Itoa(r.Example))
	}
	filter, err := ledger.ParseNumbers(strings.Join(numbers, ","))
	if err != nil {
		return err
	}
	return f.Rows(ctx, c.Campaign, ledger.Query{Filter: filter}, func(r ledger.Row) error {
		if reason := byRow[r.Number]; reason != nil { // it may have been tried again meanwhile
			reason.Message = r.Attempt.Message
		}
		return nil
	})
}

// notFound is what the page understands of a campaign or row that does not exist.
func notFound(err error) error {
	if errors.As(err, new(*campaigner.NotFoundError)) || errors.As(err, new(*campaigner.RowError)) {
		return unknown{err}
	}
	return err
}

// unknown is a [dashboard.ErrNotFound] with the words, and the hint, of another error.
type unknown struct{ error }

func (u unknown) Unwrap() []error { return []error{u.error, dashboard.ErrNotFound} }

func pageRow(r ledger.Row) dashboard.Row {
	return dashboard.Row{
		Row: r.Number, State: string(r.State), Run: r.Attempt.Run, Parameters: parametersText(r.Params), Message: r.Attempt.Message,
	}
}

// parametersText is a JSON object as name=value.
func parametersText(params json.RawMessage) string {
	var values map[string]json.RawMessage
	if json.Unmarshal(params, &values) != nil {
		return ""
	}
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		texts = append(texts, name+"="+campaign.CellText(values[name]))
	}
	return strings.Join(texts, " ")
}
