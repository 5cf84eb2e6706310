package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/urfave/cli/v3"
)

func newCampaignSubmit(s Streams) *cli.Command {
	return &cli.Command{
		Name:        "submit",
		Usage:       "hand a campaign to a cluster that is up, and return",
		ArgsUsage:   "FILE.toml | WORKFLOW",
		Description: defineHelp + exitHelp,
		Flags: slices.Concat(definitionFlags(), reachFlags(), []cli.Flag{
			outputFlag(),
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print the name only"},
		}),
		Action: func(ctx context.Context, cmd *cli.Command) error { return submitCampaign(ctx, cmd, s) },
	}
}

func submitCampaign(ctx context.Context, cmd *cli.Command, s Streams) error {
	o, sub, asJSON, err := prepareCampaign(ctx, cmd)
	if err != nil {
		return err
	}
	cluster := cmp.Or(o.Cluster, cmd.String("cluster"))
	done, err := submitTo(ctx, cmd, cluster, sub)
	switch {
	case err != nil:
		return err
	case asJSON:
		return printJSON(s.Out, done)
	case cmd.Bool("quiet"):
		fmt.Fprintln(s.Out, done.Campaign)
		return nil
	}
	sayGoingOn(s.Err, false, done)
	fmt.Fprintf(s.Out, "campaign %s submitted: %s\n", done.Campaign, rowsText(done.Rows))
	return nil
}
