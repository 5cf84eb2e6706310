package cli

import (
	"cmp"
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
)

func newJobs(s Streams) *cli.Command {
	return newListing(s, listing{
		name: "jobs", usage: "list the worker jobs of a cluster",
		rows:  func(o dashboard.Overview) any { return listOf(o.Jobs) },
		ids:   func(o dashboard.Overview) []string { return idsOf(o.Jobs, jobName) },
		print: func(w io.Writer, o dashboard.Overview, now time.Time) { printJobs(w, o, now, len(o.Jobs)) },
	})
}

func printJobs(w io.Writer, o dashboard.Overview, now time.Time, most int) {
	printTable(w, "jobs", "JOB\tPOOL\tSTATE\tNODE\tSINCE\tREASON", o.Jobs, most, func(j dashboard.Job) string {
		return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s", jobName(j), j.Pool, j.Phase, cmp.Or(j.Nodes, "-"), ago(now, j.Start), cmp.Or(j.Reason, "-"))
	})
}

func jobName(j dashboard.Job) string {
	if j.ID == "" {
		return fmt.Sprint(j.Index)
	}
	return fmt.Sprintf("%s_%d", j.ID, j.Index)
}
