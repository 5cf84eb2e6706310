package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
)

func newCampaignList(s Streams) *cli.Command {
	return &cli.Command{
		Name:        "list",
		Usage:       "list all campaigns",
		Description: "Those of all clusters of this machine, which may be down, and those without one; with\n--cluster only those of that cluster." + exitHelp,
		Flags: append(reachFlags(), outputFlag(),
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print names only, one in a line"}),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if err := noArguments(cmd); err != nil {
				return err
			}
			return listCampaigns(ctx, cmd, s)
		},
	}
}

func listCampaigns(ctx context.Context, cmd *cli.Command, s Streams) error {
	asJSON, err := wantsJSON(cmd)
	if err != nil {
		return err
	}
	if asJSON && cmd.Bool("quiet") {
		return usageError{errors.New("--output json and --quiet contradict each other"), "give one of them"}
	}
	list, err := allCampaigns(ctx, cmd, s)
	switch {
	case err != nil:
		return err
	case asJSON:
		return printJSON(s.Out, listOf(list))
	case cmd.Bool("quiet"):
		for _, c := range list {
			fmt.Fprintln(s.Out, c.Campaign)
		}
		return nil
	}
	printTable(s.Out, "campaigns", "CAMPAIGN\tCLUSTER\tPHASE\tDONE\tFAILED\tRUNNING\tROWS\tLEFT\tSUBMITTED", list, len(list), campaignLine)
	return nil
}

func campaignLine(c app.CampaignStatus) string {
	left := "-"
	if c.TimeLeft > 0 {
		left = leftText(c)
	}
	submitted := "-"
	if at := c.Provenance.Submitted; !at.IsZero() {
		submitted = ago(time.Now(), at) + " ago"
	}
	return fmt.Sprintf("%s\t%s\t%s\t%d\t%d\t%d\t%d\t%s\t%s", c.Campaign, cmp.Or(c.Cluster, "-"), campaignPhase(c), c.Done, c.Failed, c.Running, c.Total(), left, submitted)
}

// campaignPhase is how a campaign stands in a word.
func campaignPhase(c app.CampaignStatus) string {
	phase := oneLine(cmp.Or(string(c.Phase), c.Problem), 60)
	if c.Down {
		phase += " (down)"
	}
	return phase
}

// allCampaigns are those of the cluster that the flags name or, if they name none, all
// of this machine.
func allCampaigns(ctx context.Context, cmd *cli.Command, s Streams) (list []app.CampaignStatus, err error) {
	clusters, err := campaignClusters(cmd)
	if err != nil {
		return nil, err
	}
	for _, cluster := range clusters {
		all, err := campaignsIn(ctx, cmd, cluster)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil && len(clusters) == 1:
			return nil, err
		case err != nil:
			fmt.Fprintf(s.Err, "ewoks-hpc: cluster %s is left out: %v\n", cluster, err)
		}
		list = append(list, all...)
	}
	slices.SortStableFunc(list, func(a, b app.CampaignStatus) int { return a.Provenance.Submitted.Compare(b.Provenance.Submitted) })
	return list, nil
}

func campaignsIn(ctx context.Context, cmd *cli.Command, cluster string) ([]app.CampaignStatus, error) {
	c, err := campaignsOf(cmd, cluster)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.All(ctx)
}
