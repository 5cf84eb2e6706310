package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
)

func newPause(s Streams) *cli.Command {
	return &cli.Command{
		Name:      "pause",
		Usage:     "give nothing new of a run, or of all runs, to workers",
		ArgsUsage: "[RUN]",
		Description: `Tasks that workers have go on. Without RUN the whole cluster is paused; runs can still
be submitted, they wait. A pause lasts until ewoks-hpc resume, also when the launcher
is restarted; ewoks-hpc down ends it.` + runHelp + exitHelp,
		Flags: append(reachFlags(), outputFlag(), quietFlag(errorsOnly)),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			run, err := oneRun(cmd)
			if err != nil {
				return err
			}
			return order{"pause", pauseWords}.give(ctx, cmd, s, app.Order{Run: run})
		},
	}
}

func pauseWords(w io.Writer, cluster string, o app.Order, a app.Answer) {
	switch {
	case o.Run != "":
		runWords(w, a.Runs[0], a.Changed, "is paused", "was paused already")
	case a.Changed:
		fmt.Fprintf(w, "cluster %s is paused\n", cluster)
	default:
		fmt.Fprintf(w, "cluster %s was paused already\n", cluster)
	}
}
