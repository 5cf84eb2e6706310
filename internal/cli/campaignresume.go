package cli

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
)

func newCampaignResume(s Streams) *cli.Command {
	return simpleOrder(s, app.ResumeCampaign, "go on with a campaign that was paused",
		"One that was cancelled, or had too many failures, goes on with ewoks-hpc campaign retry.",
		func(w io.Writer, a app.CampaignAnswer) {
			fmt.Fprintf(w, "campaign %s %s\n", a.Campaign, either(a.Changed, "goes on", "was not paused"))
		})
}
