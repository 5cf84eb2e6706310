package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
)

func newResume(s Streams) *cli.Command {
	return &cli.Command{
		Name:      "resume",
		Usage:     "let a run, or a cluster, go on that was paused or has stopped",
		ArgsUsage: "[RUN]",
		Description: `Without RUN the cluster goes on if it was paused, pools submit jobs again that had
stopped because jobs failed to start or were refused, and nodes are used again that were
excluded. Runs that were paused one by one stay paused.` + runHelp + exitHelp,
		Flags: append(reachFlags(), outputFlag(), quietFlag(errorsOnly)),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			run, err := oneRun(cmd)
			if err != nil {
				return err
			}
			return order{"resume", resumeWords}.give(ctx, cmd, s, app.Order{Run: run})
		},
	}
}

func resumeWords(w io.Writer, cluster string, o app.Order, a app.Answer) {
	if o.Run != "" {
		runWords(w, a.Runs[0], a.Changed, "goes on", "was not paused")
		return
	}
	if !a.Changed {
		fmt.Fprintf(w, "cluster %s was not paused, and its pools have not stopped\n", cluster)
		return
	}
	fmt.Fprintf(w, "cluster %s goes on\n", cluster)
	for _, p := range a.Pools {
		if p.Stopped {
			fmt.Fprintf(w, "pool %s submits jobs again\n", p.Pool)
		}
		if len(p.Nodes) > 0 {
			fmt.Fprintf(w, "pool %s uses %s again\n", p.Pool, strings.Join(p.Nodes, ", "))
		}
	}
}
