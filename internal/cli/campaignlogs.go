package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
)

func newCampaignLogs(s Streams) *cli.Command {
	return &cli.Command{
		Name:        "logs",
		Usage:       "print what the tasks of a row printed, attempt by attempt, and why they failed",
		ArgsUsage:   "NAME ROW",
		Description: "Rows are counted from 0." + exitHelp,
		Flags:       append(reachFlags(), outputFlag()),
		Action:      func(ctx context.Context, cmd *cli.Command) error { return campaignLogs(ctx, cmd, s) },
	}
}

func campaignLogs(ctx context.Context, cmd *cli.Command, s Streams) error {
	asJSON, err := wantsJSON(cmd)
	if err != nil {
		return err
	}
	name, err := campaignArgs(cmd, 2)
	if err != nil {
		return err
	}
	row, err := strconv.Atoi(cmd.Args().Get(1))
	if err != nil || row < 0 {
		return usageError{fmt.Errorf("%q is no row", cmd.Args().Get(1)), "rows are counted from 0; ewoks-hpc campaign rows " + name + " lists them"}
	}
	f, err := findCampaign(ctx, cmd, name)
	if err != nil {
		return err
	}
	defer f.Close()
	attempts, err := f.Attempts(ctx, name, row)
	switch {
	case err != nil:
		return err
	case asJSON:
		return printJSON(s.Out, listOf(attempts))
	}
	for _, a := range attempts {
		printAttempt(s.Out, a, len(attempts) > 1)
	}
	return nil
}

func printAttempt(w io.Writer, a app.CampaignAttempt, heading bool) {
	if heading {
		fmt.Fprintf(w, "attempt %d on %s: %s\n", a.Number, cmp.Or(a.Node, "-"), a.State)
	}
	for _, p := range a.Printed {
		for _, text := range []string{p.Stdout, p.Stderr} {
			for line := range strings.Lines(text) {
				if p.Node != "" {
					fmt.Fprintf(w, "[%s] ", p.Node)
				}
				fmt.Fprintln(w, strings.TrimRight(line, "\r\n"))
			}
		}
	}
	if a.Error != "" {
		where := ""
		if a.Task != "" {
			where = " in " + a.Task
		}
		fmt.Fprintf(w, "%s%s: %s\n", a.Error, where, withoutPreamble(a.Message))
	}
}
