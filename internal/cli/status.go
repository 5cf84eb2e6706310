package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
)

func newStatus(s Streams) *cli.Command {
	return &cli.Command{
		Name:        "status",
		Usage:       "show the workers, jobs and runs of a cluster",
		Description: "Also tells why nothing is running, if nothing is." + exitHelp,
		Flags:       append(reachFlags(), outputFlag()),
		Action:      func(ctx context.Context, cmd *cli.Command) error { return runStatus(ctx, cmd, s) },
	}
}

func runStatus(ctx context.Context, cmd *cli.Command, s Streams) error {
	asJSON, err := wantsJSON(cmd)
	if err != nil {
		return err
	}
	if err := noArguments(cmd); err != nil {
		return err
	}
	o, err := lookAt(ctx, cmd)
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(s.Out, o)
	}
	printOverview(s.Out, o, time.Now())
	return nil
}

// shownRows bounds each table: the newest rows are shown.
const shownRows = 20

func printOverview(w io.Writer, o dashboard.Overview, now time.Time) {
	fmt.Fprintf(w, "cluster %s at %s, up for %s%s\n", o.Cluster, o.Address, ago(now, o.Started), either(o.Paused, ", paused", ""))
	fmt.Fprintf(w, "tasks: %d waiting, %s%d with workers, %d done, %d failed, %s%d lost\n",
		o.Ready, some(o.Delayed, "delayed"), o.Leased, o.Totals.Succeeded, o.Totals.Failed, some(o.Totals.Retried, "retried"), o.Totals.Lost)
	for _, p := range o.Pools {
		fmt.Fprintf(w, "pool %s: jobs %d (%s), %s each; tasks need %s%s\n",
			p.Pool, p.Jobs, p.Size, count(p.SlotsPerJob, "slot", "slots"), count(p.Demand, "slot", "slots"), either(p.Stopped != nil, "; stopped", ""))
	}
	for _, n := range o.Notices {
		fmt.Fprintf(w, "note: %s\n", strings.ReplaceAll(n, "\n", "\n      "))
	}
	for _, part := range []func(io.Writer, dashboard.Overview, time.Time, int){printJobs, printWorkers, printRuns} {
		fmt.Fprintln(w)
		part(w, o, now, shownRows)
	}
}

func either(ok bool, yes, no string) string {
	if ok {
		return yes
	}
	return no
}

// some is a number in a list, or nothing if it is zero.
func some[N int | uint64](n N, what string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d %s, ", n, what)
}

// printTable prints the newest rows, at most so many.
func printTable[T any](w io.Writer, name, head string, rows []T, most int, line func(T) string) {
	if len(rows) == 0 {
		fmt.Fprintf(w, "no %s\n", name)
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, head)
	left := max(0, len(rows)-most)
	for _, r := range rows[left:] {
		fmt.Fprintln(t, line(r))
	}
	_ = t.Flush()
	if left > 0 {
		fmt.Fprintf(w, "(and %d older %s)\n", left, name)
	}
}

// oneLine is text in one line of a table, without what could act on the terminal.
func oneLine(text string, most int) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
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
