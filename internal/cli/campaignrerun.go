package cli

import (
	"context"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
)

func newCampaignRerun(s Streams) *cli.Command {
	return &cli.Command{
		Name:        "rerun",
		Usage:       "run rows again, also those that are done",
		ArgsUsage:   "NAME ROWS",
		Description: "ROWS is a list like 3,7,10-20; rows are counted from 0. Rows that wait or run are left\nalone. A campaign that had ended goes on with them." + whereHelp + exitHelp,
		Flags:       append(reachFlags(), outputFlag(), whereFlag()),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			name, err := campaignArgs(cmd, 2)
			if err != nil {
				return err
			}
			o := app.CampaignOrder{Order: app.RerunCampaign, Campaign: name, Rows: cmd.Args().Get(1), Where: cmd.String("where")}
			return campaignOrder{o, againWords}.give(ctx, cmd, s)
		},
	}
}
