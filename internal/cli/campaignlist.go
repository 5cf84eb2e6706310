package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
)

func newCampaignList(s Streams) *cli.Command {
	return &cli.Command{
		Name:        "list",
		Usage:       "list the campaigns of a cluster, and those without one",
		Description: "With --cluster only those of that cluster, which may be down." + exitHelp,
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
	list, err := allCampaigns(ctx, cmd)
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
	return fmt.Sprintf("%s\t%s\t%s\t%d\t%d\t%d\t%d\t%s\t%s", c.Campaign, cmp.Or(c.Cluster, "-"), oneLine(cmp.Or(string(c.Phase), c.Problem), 60), c.Done, c.Failed, c.Running, c.Total(), left, submitted)
}

// allCampaigns are those of the cluster that the flags name and, if they name none,
// also those that have clusters of their own.
func allCampaigns(ctx context.Context, cmd *cli.Command) (list []app.CampaignStatus, err error) {
	clusters := []string{cmp.Or(cmd.String("cluster"), "default")}
	if !cmd.IsSet("cluster") {
		own, err := app.OwnClusters(cmd.String("state-dir"))
		if err != nil {
			return nil, err
		}
		for _, dir := range own {
			clusters = append(clusters, filepath.Base(dir))
		}
	}
	for _, cluster := range clusters {
		c, err := campaignsOf(cmd, cluster)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all, err := c.All(ctx)
		c.Close()
		if err != nil {
			return nil, err
		}
		list = append(list, all...)
	}
	slices.SortStableFunc(list, func(a, b app.CampaignStatus) int { return a.Provenance.Submitted.Compare(b.Provenance.Submitted) })
	return list, nil
}
