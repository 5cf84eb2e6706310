package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
)

const whereHelp = `

FILTER has conditions FIELD OP VALUE, joined by and, or, not and parentheses, like
'state=failed and error~=Timeout' or 'params.threshold>3'. OP is = != < <= > >= and, for
text, ~= (contains) and !~. FIELD is row, state, attempts, cause, error, type, message,
task, node, worker, job, run, log, key, priority, duration (90s), memory (2G) or
params.COLUMN.`

func whereFlag() cli.Flag {
	return &cli.StringFlag{Name: "where", Usage: "rows that `FILTER` chooses only"}
}

func newCampaignRows(s Streams) *cli.Command {
	return &cli.Command{
		Name:        "rows",
		Usage:       "list the rows of a campaign",
		ArgsUsage:   "NAME",
		Description: "Rows are counted from 0. JSON is one object in each line." + whereHelp + exitHelp,
		Flags: append(reachFlags(), outputFlag(), whereFlag(),
			&cli.IntFlag{Name: "limit", Usage: "at most `N` rows; 0 is all", Value: 100},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print the numbers of rows only, one in a line"}),
		Action: func(ctx context.Context, cmd *cli.Command) error { return listRows(ctx, cmd, s) },
	}
}

func listRows(ctx context.Context, cmd *cli.Command, s Streams) error {
	asJSON, err := wantsJSON(cmd)
	if err != nil {
		return err
	}
	name, err := campaignName(cmd)
	if err != nil {
		return err
	}
	limit := cmd.Int("limit")
	if limit < 0 {
		return usageError{fmt.Errorf("--limit %d", limit), "give a positive number, or 0 for all rows"}
	}
	f, err := findCampaign(ctx, cmd, name)
	if err != nil {
		return err
	}
	defer f.Close()
	ask := limit
	if limit > 0 {
		ask++ // to know whether there are more
	}
	switch e := json.NewEncoder(s.Out); {
	case asJSON:
		return f.Rows(ctx, name, cmd.String("where"), limit, func(r app.CampaignRow) error { return e.Encode(r) })
	case cmd.Bool("quiet"):
		return f.Rows(ctx, name, cmd.String("where"), limit, func(r app.CampaignRow) error {
			_, err := fmt.Fprintln(s.Out, r.Row)
			return err
		})
	}
	t := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ROW\tSTATE\tATTEMPTS\tNODE\tTIME\tPARAMETERS\tERROR")
	n := 0
	err = f.Rows(ctx, name, cmd.String("where"), ask, func(r app.CampaignRow) error {
		if n++; n%500 == 0 { // a table of a million rows is not to fill the memory
			_ = t.Flush()
		}
		if limit > 0 && n > limit {
			return nil
		}
		_, err := fmt.Fprintln(t, rowLine(r))
		return err
	})
	if flushed := t.Flush(); err == nil {
		err = flushed
	}
	if err == nil && limit > 0 && n > limit {
		fmt.Fprintln(s.Out, "(and more rows: --limit 0 shows all)")
	}
	return err
}

// preamble begins the message of a task that failed, with its node, which is shown
// anyway: the interesting part comes after it.
var preamble = regexp.MustCompile(`^Execution failed for ewoks task .+? \(id: .+?, task: .+?\): `)

func withoutPreamble(message string) string {
	if at := preamble.FindStringIndex(message); at != nil {
		return message[at[1]:]
	}
	return message
}

func rowLine(r app.CampaignRow) string {
	took := "-"
	if r.Seconds > 0 {
		took = time.Duration(r.Seconds * float64(time.Second)).Round(time.Millisecond).String()
	}
	problem := r.Error
	if r.Task != "" {
		problem += " in " + r.Task
	}
	if r.Message != "" {
		problem += ": " + withoutPreamble(r.Message)
	}
	return fmt.Sprintf("%d\t%s\t%d\t%s\t%s\t%s\t%s", r.Row, r.State, r.Attempts, cmp.Or(r.Node, "-"), took, oneLine(string(r.Params), 50), oneLine(problem, 100))
}
