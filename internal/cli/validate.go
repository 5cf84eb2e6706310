package cli

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

func newValidate(s Streams) *cli.Command {
	return &cli.Command{
		Name:        "validate",
		Usage:       "look for all problems of workflows at once",
		ArgsUsage:   "WORKFLOW...",
		Description: "Loads each workflow with its subgraphs and reports every problem with its node and\nlink. Tasks are not imported." + exitHelp,
		Action: func(_ context.Context, cmd *cli.Command) error {
			if !cmd.Args().Present() {
				return usageError{fmt.Errorf("validate takes at least one workflow"), "ewoks-hpc validate WORKFLOW..."}
			}
			code := exitOK
			for _, path := range cmd.Args().Slice() {
				wf, err := workflow.LoadFile(path, workflow.LoadOptions{})
				if err != nil {
					code = report(s.Err, invalid(err))
					continue
				}
				for _, w := range wf.Warnings {
					fmt.Fprintf(s.Err, "ewoks-hpc: warning: %v\n", w)
				}
				fmt.Fprintf(s.Out, "%s: valid, %s, %s\n", path, count(len(wf.Nodes), "node", "nodes"), count(len(wf.Links), "link", "links"))
			}
			if code != exitOK {
				return failedError{code}
			}
			return nil
		},
	}
}
