package app

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"path/filepath"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/campaigner"
	"github.com/ewoks-hpc/ewoks-hpc/ledger"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// CampaignOptions say what a campaign is to do. Of the run the interpreter, the
// environment, the limits and what goes to ewokscore count.
type CampaignOptions struct {
	campaign.Definition
	Run   Run
	Ewoks EwoksOptions
}

// PrepareCampaign reads the workflow and the beginning of the table, and checks that
// they fit. Errors are mostly of type [InvalidError].
func PrepareCampaign(ctx context.Context, o CampaignOptions) (sub campaigner.Submission, err error) {
	if err := o.Validate(); err != nil {
		return sub, invalidCampaign(err)
	}
	wf, err := LoadWorkflow(o.Workflow, nil, nil, o.Run.RequiredInputs(ctx))
	if err != nil {
		return sub, err
	}
	table, err := campaign.Open(o.Table)
	if err != nil {
		return sub, invalidCampaign(err)
	}
	if err := table.Check(ctx); err != nil {
		return sub, invalidCampaign(err)
	}
	columns := table.Columns()
	mapping, err := campaign.NewMapping(campaign.MappingOptions{Columns: columns, Derived: o.Derived, Inputs: o.Inputs, Workflow: wf})
	if err != nil {
		return sub, invalidCampaign(err)
	}
	sub = campaigner.Submission{WorkflowHash: campaign.WorkflowHash(wf), Items: mapping.Items(ctx, table)}
	if sub.Document, err = wf.Document(); err != nil {
		return sub, err
	}
	if u, err := user.Current(); err == nil {
		sub.Provenance.User = u.Username
	}
	sub.Plan, err = o.plan(columns)
	return sub, err
}

// plan names files such that they can be found from anywhere.
func (o *CampaignOptions) plan(columns []string) (p campaigner.Plan, err error) {
	p = campaigner.Plan{Definition: o.Definition, Columns: columns, Limit: o.Run.Limit, KeepGoing: o.Run.KeepGoing}
	p.Environment = task.Environment{Set: o.Run.Set}
	for to, path := range map[*string]string{&p.Workflow: o.Workflow, &p.Environment.Dir: o.Run.Dir, &p.Table.Dir: o.Table.Dir} {
		if *to, err = filepath.Abs(path); err != nil {
			return p, err
		}
	}
	p.Table.Lists = nil // the rows are what they say
	p.Context, err = o.Ewoks.context()
	return p, err
}

// WatchCampaign tells how a campaign goes until it has ended, is paused or stopped
// with nothing running, or the context ends.
func (c *Campaigns) WatchCampaign(ctx context.Context, name string, show func(CampaignStatus)) (CampaignStatus, error) {
	const first, most = 50 * time.Millisecond, time.Second
	for wait := first; ; wait = min(2*wait, most) {
		begun := time.Now()
		s, err := c.Status(ctx, name)
		if ctx.Err() != nil {
			return s, context.Cause(ctx)
		}
		if err != nil {
			return s, err
		}
		if show(s); s.Phase == campaigner.Ended || s.Phase == ledger.Filling || s.Running == 0 && s.Phase == ledger.Paused {
			return s, nil
		}
		select { // to count many rows takes its time: most of it is left to others
		case <-ctx.Done():
			return s, context.Cause(ctx)
		case <-time.After(max(wait, 10*time.Since(begun))):
		}
	}
}

// CampaignInCluster carries a campaign out in a cluster of its own, for as long as
// the context lasts. What is done is kept: the same again goes on with it. Submitted
// is told once all rows are known.
func CampaignInCluster(ctx context.Context, sub campaigner.Submission, o ClusterOptions, submitted func(campaigner.Submitted), show func(CampaignStatus)) (s CampaignStatus, err error) {
	if info, err := ReadInfo(o.StateDir); err == nil {
		if running, _ := info.Running(); running {
			return s, launcherError{fmt.Sprintf("campaign %s is being run already, by process %d", sub.Plan.Name, info.PID), "ewoks-hpc campaign watch " + sub.Plan.Name + " shows how it goes"}
		}
	}
	o.Durability.Runs = true
	c, err := StartCluster(ctx, o)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	client, err := Connect(ctx, o.StateDir)
	if err != nil {
		return s, err
	}
	defer client.Close()
	done, err := client.SubmitCampaign(ctx, sub)
	if err != nil {
		return s, fmt.Errorf("campaign not submitted: %w", err)
	}
	submitted(done)
	campaigns, err := OpenCampaigns(o.StateDir)
	if err != nil {
		return s, err
	}
	return campaigns.WatchCampaign(ctx, sub.Plan.Name, show)
}
