package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
)

// campaignOrder is a command that changes what becomes of a campaign.
type campaignOrder struct {
	order app.CampaignOrder
	// words tell what became of it.
	words func(w io.Writer, a app.CampaignAnswer)
}

func (x campaignOrder) give(ctx context.Context, cmd *cli.Command, s Streams) error {
	asJSON, err := wantsJSON(cmd)
	if err != nil {
		return err
	}
	f, err := findCampaign(ctx, cmd, x.order.Campaign)
	if err != nil {
		return err
	}
	defer f.Close()
	a, err := f.Order(ctx, x.order)
	switch {
	case err != nil:
		return err
	case asJSON:
		return printJSON(s.Out, a)
	}
	x.words(s.Out, a)
	return nil
}

// simpleOrder is a command that takes a campaign and nothing else.
func simpleOrder(s Streams, name, usage, description string, words func(io.Writer, app.CampaignAnswer)) *cli.Command {
	return &cli.Command{
		Name: name, Usage: usage, ArgsUsage: "NAME", Description: description + exitHelp,
		Flags: append(reachFlags(), outputFlag()),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			campaign, err := campaignName(cmd)
			if err != nil {
				return err
			}
			return campaignOrder{app.CampaignOrder{Order: name, Campaign: campaign}, words}.give(ctx, cmd, s)
		},
	}
}

// againWords say how many rows wait again.
func againWords(w io.Writer, a app.CampaignAnswer) {
	switch {
	case a.Rows == 0:
		fmt.Fprintf(w, "campaign %s: no such rows\n", a.Campaign)
	case a.Phase == "paused":
		fmt.Fprintf(w, "campaign %s: %s will be tried again, once it is resumed\n", a.Campaign, rowsText(a.Rows))
	default:
		fmt.Fprintf(w, "campaign %s: %s tried again\n", a.Campaign, either(a.Rows == 1, "1 row is", rowsText(a.Rows)+" are"))
	}
}
