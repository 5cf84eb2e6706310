package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
)

func newExplain(s Streams) *cli.Command {
	return &cli.Command{
		Name:      "explain",
		Usage:     "say why a run, or a node of it, is not further",
		ArgsUsage: "RUN [NODE]",
		Description: `Tells what a run waits for: other nodes, a worker, room on one, jobs in Slurm's queue
and why they are there, a pause, or the time until a failed task is tried again. With
NODE only about that node, by its id or label. Of a run that has ended it tells how.` + runHelp + exitHelp,
		Flags:  append(reachFlags(), outputFlag()),
		Action: func(ctx context.Context, cmd *cli.Command) error { return runExplain(ctx, cmd, s) },
	}
}

func runExplain(ctx context.Context, cmd *cli.Command, s Streams) error {
	asJSON, err := wantsJSON(cmd)
	if err != nil {
		return err
	}
	args := cmd.Args()
	if args.Len() < 1 || args.Len() > 2 || args.First() == "" {
		return usageError{errors.New("explain takes a run, and perhaps a node of it"), "name a run that ewoks-hpc runs shows, or last"}
	}
	client, err := reach(ctx, cmd)
	if err != nil {
		return err
	}
	defer client.Close()
	e, err := client.Explain(ctx, args.First(), args.Get(1))
	switch {
	case err != nil:
		return err
	case asJSON:
		return printJSON(s.Out, e)
	}
	printExplanation(s.Out, e)
	return nil
}

// shownTasks bounds what people get to read.
const shownTasks = 20

func printExplanation(w io.Writer, e app.Explanation) {
	fmt.Fprintln(w, oneLine(e.Summary, 1000))
	if e.Hint != "" {
		fmt.Fprintln(w, "  hint:", e.Hint)
	}
	shown := e.Tasks[:min(shownTasks, len(e.Tasks))]
	for _, t := range shown {
		name := "node " + oneLine(t.Node, 60)
		if t.Label != "" && t.Label != t.Node {
			name += " (" + oneLine(t.Label, 60) + ")"
		}
		for i, why := range t.Why {
			if i > 0 {
				name = strings.Repeat(" ", 3)
			}
			fmt.Fprintln(w, name, oneLine(why, 300))
		}
	}
	if more := e.More + len(e.Tasks) - len(shown); more > 0 {
		fmt.Fprintf(w, "and %d more; name a NODE to know about it\n", more)
	}
	for _, n := range e.Notices {
		fmt.Fprintln(w, "note:", strings.ReplaceAll(n, "\n", "\n      "))
	}
}
