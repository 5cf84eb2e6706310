package cli

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
)

func newWorkers(s Streams) *cli.Command {
	return newListing(s, listing{
		name: "workers", usage: "list the workers of a cluster",
		rows: func(o dashboard.Overview) any { return listOf(o.Workers) },
		ids: func(o dashboard.Overview) []string {
			return idsOf(o.Workers, func(v dashboard.Worker) string { return v.Worker })
		},
		print: func(w io.Writer, o dashboard.Overview, now time.Time) { printWorkers(w, o, now, len(o.Workers)) },
	})
}

func printWorkers(w io.Writer, o dashboard.Overview, now time.Time, most int) {
	printTable(w, "workers", "WORKER\tJOB\tHOST\tSLOTS\tHOLDS\tDONE\tFAILED\tSEEN", o.Workers, most, func(v dashboard.Worker) string {
		return fmt.Sprintf("%s\t%s\t%s\t%d\t%d\t%d\t%d\t%s ago", shortKey(v.Worker), cmp.Or(v.Job, "-"), v.Host, v.Slots, v.Holding, v.Succeeded, v.Failed, ago(now, v.Seen))
	})
}

// shortKey leaves out the first part of a worker's name, which is that of its
// launch: the rest tells workers apart.
func shortKey(worker string) string {
	if launch, rest, ok := strings.Cut(worker, "-"); ok && len(launch) > 6 {
		return launch[len(launch)-6:] + "-" + rest
	}
	return worker
}
