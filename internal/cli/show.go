package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/workflow"
	"github.com/ewoks-hpc/ewoks-hpc/workflow/draw"
)

func newShow(s Streams) *cli.Command {
	return &cli.Command{
		Name:        "show",
		Usage:       "draw a workflow",
		ArgsUsage:   "WORKFLOW",
		Description: "Subgraphs are shown flattened, as they are executed." + exitHelp,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "format", Aliases: []string{"f"}, Usage: "`FORMAT`: " + strings.Join(draw.Formats, ", "), Value: draw.Formats[0]},
		},
		Action: func(_ context.Context, cmd *cli.Command) error {
			wf, err := loadOne(cmd)
			if err != nil {
				return err
			}
			picture, err := draw.Draw(wf, cmd.String("format"))
			var large draw.TooLargeError
			switch {
			case errors.As(err, &large):
				return usageError{err, large.Hint()}
			case err != nil:
				return usageError{err, "choose one of " + strings.Join(draw.Formats, ", ")}
			}
			fmt.Fprint(s.Out, picture)
			return nil
		},
	}
}

// loadOne loads the workflow that is the only argument.
func loadOne(cmd *cli.Command) (*workflow.Workflow, error) {
	if cmd.Args().Len() != 1 {
		return nil, usageError{fmt.Errorf("%s takes one workflow, got %d", cmd.Name, cmd.Args().Len()), "see " + cmd.FullName() + " --help"}
	}
	wf, err := workflow.LoadFile(cmd.Args().First(), workflow.LoadOptions{})
	if err != nil {
		return nil, invalid(err)
	}
	return wf, nil
}
