package cli

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
)

func newCampaignCancel(s Streams) *cli.Command {
	return simpleOrder(s, app.CancelCampaign, "end a campaign: what waits is withdrawn, what runs is ended",
		"What is done is kept. ewoks-hpc campaign retry --cancelled, or the same submission again,\nbrings the others back.",
		func(w io.Writer, a app.CampaignAnswer) {
			if !a.Changed {
				fmt.Fprintf(w, "campaign %s had ended\n", a.Campaign)
				return
			}
			fmt.Fprintf(w, "campaign %s cancelled: %s not begun, %s ended\n", a.Campaign, rowsText(a.Rows), rowsText(a.Running))
		})
}
