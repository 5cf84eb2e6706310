package cli

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
)

func newCampaignRemove(s Streams) *cli.Command {
	return simpleOrder(s, app.RemoveCampaign, "delete what is kept of a campaign that has ended",
		"Its ledger goes, and what its tasks printed; files that tasks wrote stay.",
		func(w io.Writer, a app.CampaignAnswer) { fmt.Fprintf(w, "campaign %s removed\n", a.Campaign) })
}
