package cli

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
)

func newCampaignPause(s Streams) *cli.Command {
	return simpleOrder(s, app.PauseCampaign, "begin no more rows of a campaign",
		"Rows that run go on. A pause lasts until ewoks-hpc campaign resume, also when the launcher\nis restarted.",
		func(w io.Writer, a app.CampaignAnswer) {
			fmt.Fprintf(w, "campaign %s %s\n", a.Campaign, either(a.Changed, "is paused", "was paused already"))
		})
}
