package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
)

func newCampaignStatus(s Streams) *cli.Command {
	return &cli.Command{
		Name:        "status",
		Usage:       "show how a campaign goes, and why rows failed",
		ArgsUsage:   "[NAME]",
		Description: "Without NAME: all campaigns, as ewoks-hpc campaign list. The cluster may be down." + exitHelp,
		Flags:       append(reachFlags(), outputFlag()),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if !cmd.Args().Present() {
				return listCampaigns(ctx, cmd, s)
			}
			return showCampaign(ctx, cmd, s)
		},
	}
}

func showCampaign(ctx context.Context, cmd *cli.Command, s Streams) error {
	f, asJSON, err := askedCampaign(ctx, cmd)
	if err != nil {
		return err
	}
	defer f.Close()
	status, err := f.Status(ctx, f.name)
	switch {
	case err != nil:
		return err
	case asJSON:
		return printJSON(s.Out, status)
	}
	printCampaign(s.Out, status, time.Now())
	return nil
}

func printCampaign(w io.Writer, c app.CampaignStatus, now time.Time) {
	where := "on this machine"
	if c.Cluster != "" {
		where = "on cluster " + c.Cluster
	}
	fmt.Fprintf(w, "campaign %s %s: %s\n", c.Campaign, where, c.Phase)
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(w, "%-10s %s\n", name, text)
		}
	}
	line("rows", goingText(c))
	line("problem", c.Problem)
	var places []string
	for _, p := range c.Places {
		places = append(places, fmt.Sprintf("%s %d", p.Node, p.Rows))
	}
	line("lately on", strings.Join(places, ", "))
	line("workflow", c.Workflow)
	p := c.Provenance
	var made []string
	for _, part := range []struct{ name, value string }{{"Python", p.Python}, {"ewoks-hpc", p.EwoksHPC}, {"container", p.Container}} {
		if part.value != "" {
			made = append(made, part.name+" "+part.value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Packages)) {
		made = append(made, name+" "+p.Packages[name])
	}
	line("with", strings.Join(made, ", "))
	line("submitted", fmt.Sprintf("%s ago by %s on %s", ago(now, p.Submitted), cmp.Or(p.User, "-"), cmp.Or(p.Host, "-")))
	if len(c.Reasons) > 0 {
		fmt.Fprintln(w, "\nwhy rows failed:")
		printReasons(w, c.Summary)
	}
}
