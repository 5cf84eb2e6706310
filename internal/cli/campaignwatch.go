package cli

import (
	"context"

	"github.com/urfave/cli/v3"
)

func newCampaignWatch(s Streams) *cli.Command {
	return &cli.Command{
		Name:        "watch",
		Usage:       "show the progress of a campaign until its end",
		ArgsUsage:   "NAME",
		Description: "An interrupt ends the watching only. The code is 1 if some rows are not done." + exitHelp,
		Flags: append(reachFlags(), outputFlag(),
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print errors only"}),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			f, asJSON, err := askedCampaign(ctx, cmd)
			if err != nil {
				return err
			}
			defer f.Close()
			return attached{s: s, name: f.name, asJSON: asJSON, quiet: cmd.Bool("quiet")}.watch(ctx, f)
		},
	}
}
