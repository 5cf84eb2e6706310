package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
)

func newStatus(s Streams) *cli.Command {
	return &cli.Command{
		Name:        "status",
		Usage:       "show the workers, jobs and runs of a cluster",
		Description: "Also tells why nothing is running, if nothing is." + exitHelp,
		Flags: append(reachFlags(),
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "`FORMAT`: text or json", Value: "text"},
		),
		Action: func(ctx context.Context, cmd *cli.Command) error { return runStatus(ctx, cmd, s) },
	}
}

func runStatus(ctx context.Context, cmd *cli.Command, s Streams) error {
	format := cmd.String("output")
	if format != "text" && format != "json" {
		return usageError{fmt.Errorf("--output %s", format), "choose text or json"}
	}
	if err := noArguments(cmd); err != nil {
		return err
	}
	client, err := reach(ctx, cmd)
	if err != nil {
		return err
	}
	defer client.Close()
	var o dashboard.Overview
	if err := client.Call(ctx, "overview", nil, &o); err != nil {
		return err
	}
	if format == "json" {
		e := json.NewEncoder(s.Out)
		e.SetIndent("", "  ")
		return e.Encode(o)
	}
	printOverview(s.Out, o, time.Now())
	return nil
}

// shownRows bounds each table: the newest rows are shown.
const shownRows = 20

func printOverview(w io.Writer, o dashboard.Overview, now time.Time) {
	fmt.Fprintf(w, "cluster %s at %s, up for %s\n", o.Cluster, o.Address, ago(now, o.Started))
	fmt.Fprintf(w, "tasks: %d waiting, %d with workers, %d done, %d failed, %d lost\n",
		o.Ready, o.Leased, o.Totals.Succeeded, o.Totals.Failed, o.Totals.Lost)
	for _, p := range o.Pools {
		fmt.Fprintf(w, "pool %s: jobs %d (%s), %s each; tasks need %s\n",
			p.Pool, p.Jobs, p.Size, count(p.SlotsPerJob, "slot", "slots"), count(p.Demand, "slot", "slots"))
	}
	for _, n := range o.Notices {
		fmt.Fprintf(w, "note: %s\n", n)
	}
	printTable(w, "jobs", "JOB\tPOOL\tSTATE\tNODE\tSINCE\tREASON", o.Jobs, func(j dashboard.Job) string {
		return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s", jobName(j), j.Pool, j.Phase, cmp.Or(j.Nodes, "-"), ago(now, j.Start), cmp.Or(j.Reason, "-"))
	})
	printTable(w, "workers", "WORKER\tJOB\tHOST\tSLOTS\tHOLDS\tDONE\tFAILED\tSEEN", o.Workers, func(v dashboard.Worker) string {
		return fmt.Sprintf("%s\t%s\t%s\t%d\t%d\t%d\t%d\t%s ago", shortKey(v.Worker), cmp.Or(v.Job, "-"), v.Host, v.Slots, v.Holding, v.Succeeded, v.Failed, ago(now, v.Seen))
	})
	printTable(w, "runs", "RUN\tWORKFLOW\tSTATE\tDONE\tTIME\tMESSAGE", o.Runs, func(r dashboard.Run) string {
		end := now
		if r.Status != engine.Running {
			end = r.Ended
		}
		return fmt.Sprintf("%s\t%s\t%s\t%d/%d\t%s\t%s", r.Run, oneLine(r.Label, 30), r.Status, r.Counts.Succeeded, r.Counts.Nodes, ago(end, r.Submitted), oneLine(r.Message, 80))
	})
}

func printTable[T any](w io.Writer, name, head string, rows []T, line func(T) string) {
	if len(rows) == 0 {
		fmt.Fprintf(w, "\nno %s\n", name)
		return
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, head)
	left := max(0, len(rows)-shownRows)
	for _, r := range rows[left:] {
		fmt.Fprintln(t, line(r))
	}
	_ = t.Flush()
	if left > 0 {
		fmt.Fprintf(w, "(and %d older %s)\n", left, name)
	}
}

func jobName(j dashboard.Job) string {
	if j.ID == "" {
		return fmt.Sprint(j.Index)
	}
	return fmt.Sprintf("%s_%d", j.ID, j.Index)
}

// shortKey leaves out the first part of a worker's name, which is that of its
// launch: the rest tells workers apart.
func shortKey(worker string) string {
	if launch, rest, ok := strings.Cut(worker, "-"); ok && len(launch) > 6 {
		return launch[len(launch)-6:] + "-" + rest
	}
	return worker
}

func oneLine(text string, most int) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "..."
	}
	return cmp.Or(text, "-")
}

func ago(now, then time.Time) string {
	if then.IsZero() {
		return "-"
	}
	d := now.Sub(then)
	if d < 10*time.Second {
		return max(0, d).Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
