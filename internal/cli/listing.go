package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
)

// listing is a command that shows one table of a status.
type listing struct {
	name, usage string
	rows        func(dashboard.Overview) any // for JSON
	ids         func(dashboard.Overview) []string
	print       func(io.Writer, dashboard.Overview, time.Time)
}

// outputFlag chooses how an answer is printed.
func outputFlag() cli.Flag {
	return &cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "`FORMAT`: text or json", Value: "text"}
}

// wantsJSON reads that flag.
func wantsJSON(cmd *cli.Command) (bool, error) {
	switch format := cmd.String("output"); format {
	case "text":
		return false, nil
	case "json":
		return true, nil
	default:
		return false, usageError{fmt.Errorf("--output %s", format), "choose text or json"}
	}
}

func newListing(s Streams, l listing) *cli.Command {
	return &cli.Command{
		Name: l.name, Usage: l.usage, Description: "One of the tables of ewoks-hpc status, with all its rows." + exitHelp,
		Flags: append(reachFlags(), outputFlag(),
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print ids only, one in a line"}),
		Action: func(ctx context.Context, cmd *cli.Command) error { return l.run(ctx, cmd, s) },
	}
}

func (l listing) run(ctx context.Context, cmd *cli.Command, s Streams) error {
	asJSON, err := wantsJSON(cmd)
	if err != nil {
		return err
	}
	if err := noArguments(cmd); err != nil {
		return err
	}
	if asJSON && cmd.Bool("quiet") {
		return usageError{errors.New("--output json and --quiet contradict each other"), "give one of them"}
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
	switch {
	case asJSON:
		return printJSON(s.Out, l.rows(o))
	case cmd.Bool("quiet"):
		for _, id := range l.ids(o) {
			fmt.Fprintln(s.Out, id)
		}
	default:
		l.print(s.Out, o, time.Now())
	}
	return nil
}

// idsOf picks what --quiet prints.
func idsOf[T any](rows []T, id func(T) string) []string {
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = id(r)
	}
	return ids
}

// listOf are rows as JSON has them: never null.
func listOf[T any](rows []T) []T { return append([]T{}, rows...) }
