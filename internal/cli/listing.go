package cli

import (
	"context"
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

func newListing(s Streams, l listing) *cli.Command {
	return &cli.Command{
		Name: l.name, Usage: l.usage, Description: "One of the tables of ewoks-hpc status, with all its rows." + exitHelp,
		Flags:  append(reachFlags(), outputFlag(), quietFlag("print ids only, one in a line")),
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
	o, err := lookAt(ctx, cmd)
	if err != nil {
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
