package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
)

const runHelp = "\n\nRUN is an id as ewoks-hpc runs shows it, the beginning of one, or last."

// order is a command that changes what becomes of runs.
type order struct {
	verb string
	// words tell what became of it.
	words func(w io.Writer, cluster string, o app.Order, a app.Answer)
}

// give sends the order to the cluster that the flags name, and prints the answer.
func (x order) give(ctx context.Context, cmd *cli.Command, s Streams, o app.Order) error {
	asJSON, err := wantsJSON(cmd)
	if err != nil {
		return err
	}
	client, err := reach(ctx, cmd)
	if err != nil {
		return err
	}
	defer client.Close()
	a, err := client.Give(ctx, x.verb, o)
	switch {
	case err != nil:
		return err
	case asJSON:
		return printJSON(s.Out, a)
	}
	if !cmd.Bool("quiet") {
		x.words(s.Out, cmd.String("cluster"), o, a)
	}
	return nil
}

// oneRun is the only argument of a command, if it is given.
func oneRun(cmd *cli.Command) (string, error) {
	if cmd.Args().Len() > 1 {
		return "", usageError{fmt.Errorf("%s takes one run, got %q too", cmd.Name, cmd.Args().Get(1)), "see " + cmd.FullName() + " --help"}
	}
	if cmd.Args().Present() && cmd.Args().First() == "" {
		return "", usageError{fmt.Errorf("%s: the name of the run is empty", cmd.Name), "ewoks-hpc runs lists them"}
	}
	return cmd.Args().First(), nil
}

// runWords say what a run is now, after an order that may have come too late.
func runWords(w io.Writer, r dashboard.Run, changed bool, now, already string) {
	switch {
	case changed:
		fmt.Fprintf(w, "run %s %s\n", r.Run, now)
	case r.Status != engine.Running:
		fmt.Fprintf(w, "run %s had ended: %s\n", r.Run, r.Status)
	default:
		fmt.Fprintf(w, "run %s %s\n", r.Run, already)
	}
}
