package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
)

func newRuns(s Streams) *cli.Command {
	return newListing(s, listing{
		name: "runs", usage: "list the last 100 runs of a cluster",
		rows: func(o dashboard.Overview) any { return listOf(o.Runs) },
		ids: func(o dashboard.Overview) []string {
			return idsOf(o.Runs, func(r dashboard.Run) string { return r.Run })
		},
		print: func(w io.Writer, o dashboard.Overview, now time.Time) { printRuns(w, o, now, len(o.Runs)) },
	})
}

func printRuns(w io.Writer, o dashboard.Overview, now time.Time, most int) {
	printTable(w, "runs", "RUN\tWORKFLOW\tSTATE\tDONE\tTIME\tMESSAGE", o.Runs, most, func(r dashboard.Run) string {
		end := now
		if r.Status != engine.Running {
			end = r.Ended
		}
		return fmt.Sprintf("%s\t%s\t%s\t%d/%d\t%s\t%s", r.Run, oneLine(r.Label, 30), runState(r), r.Counts.Succeeded, r.Counts.Nodes, ago(end, r.Submitted), oneLine(r.Message, 80))
	})
}

// runState is the state of a run in one word.
func runState(r dashboard.Run) string {
	if r.Paused {
		return "paused"
	}
	return string(r.Status)
}
