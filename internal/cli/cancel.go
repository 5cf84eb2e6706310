package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
)

func newCancel(s Streams) *cli.Command {
	return &cli.Command{
		Name:      "cancel",
		Usage:     "end a run, the tasks of one of its nodes, or all runs of a cluster",
		ArgsUsage: "RUN [NODE]",
		Description: `Tasks that are executed are ended, those that wait are dropped. With NODE only those
of that node: they fail as with an error, so links for errors of the node are followed;
without any the run fails, or goes on elsewhere if it was begun with --keep-going.
The jobs of the cluster stay; ewoks-hpc down ends them.` + runHelp + exitHelp,
		Flags: append(reachFlags(), outputFlag(), quietFlag(errorsOnly),
			&cli.BoolFlag{Name: "all", Usage: "end all runs of the cluster"}),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			o, err := cancelOrder(cmd)
			if err != nil {
				return err
			}
			return order{"cancel", cancelWords}.give(ctx, cmd, s, o)
		},
	}
}

func cancelOrder(cmd *cli.Command) (o app.Order, err error) {
	args := cmd.Args()
	o = app.Order{Run: args.First(), Node: args.Get(1), All: cmd.Bool("all")}
	switch {
	case o.All && args.Present():
		return o, usageError{errors.New("--all and a run contradict each other"), "give one of them"}
	case args.Len() > 2:
		return o, usageError{fmt.Errorf("cancel takes a run and a node, got %q too", args.Get(2)), "see ewoks-hpc cancel --help"}
	case !o.All && o.Run == "", args.Len() == 2 && o.Node == "":
		return o, usageError{errors.New("cancel needs to know which run"), "name one that ewoks-hpc runs shows, or last, or give --all"}
	}
	return o, nil
}

func cancelWords(w io.Writer, cluster string, o app.Order, a app.Answer) {
	switch {
	case o.All && !a.Changed:
		fmt.Fprintf(w, "cluster %s: no run is under way\n", cluster)
	case o.All:
		fmt.Fprintf(w, "cluster %s: %s cancelled\n", cluster, count(len(a.Runs), "run", "runs"))
	case o.Node != "" && a.Changed:
		fmt.Fprintf(w, "run %s: %s of node %s cancelled\n", a.Runs[0].Run, count(a.Tasks, "task", "tasks"), o.Node)
	default:
		runWords(w, a.Runs[0], a.Changed, "cancelled", "")
	}
}
