package cli

import (
	"context"
	"errors"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
	"github.com/ewoks-hpc/ewoks-hpc/campaign"
)

func newCampaignRetry(s Streams) *cli.Command {
	return &cli.Command{
		Name:        "retry",
		Usage:       "try rows again that failed, were skipped or cancelled",
		ArgsUsage:   "NAME",
		Description: "A campaign that had ended goes on with them." + whereHelp + exitHelp,
		Flags: append(reachFlags(), outputFlag(), whereFlag(),
			&cli.BoolFlag{Name: "failed", Usage: "rows that failed"},
			&cli.BoolFlag{Name: "skipped", Usage: "rows that were not begun, because too many others had failed"},
			&cli.BoolFlag{Name: "cancelled", Usage: "rows that were cancelled"}),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			name, err := campaignName(cmd)
			if err != nil {
				return err
			}
			o := app.CampaignOrder{Order: app.RetryCampaign, Campaign: name, Where: cmd.String("where")}
			for _, state := range []campaign.State{campaign.Failed, campaign.Skipped, campaign.Cancelled} {
				if cmd.Bool(string(state)) {
					o.States = append(o.States, state)
				}
			}
			if len(o.States) == 0 {
				return usageError{errors.New("retry needs to know which rows"), "give --failed, --skipped or --cancelled, or several of them"}
			}
			return campaignOrder{o, againWords}.give(ctx, cmd, s)
		},
	}
}
