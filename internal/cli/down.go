package cli

import (
	"cmp"
	"context"
	"path/filepath"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
)

func newDown(s Streams) *cli.Command {
	return &cli.Command{
		Name:        "down",
		Usage:       "end a cluster: cancel its jobs and stop its launcher",
		Description: "Returns when nothing of the cluster is left, in Slurm's queue or as a process." + exitHelp,
		Flags:       append(reachFlags(), outputFlag(), quietFlag(errorsOnly)),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if err := noArguments(cmd); err != nil {
				return err
			}
			if _, err := wantsJSON(cmd); err != nil {
				return err
			}
			dir, err := app.FindCluster(cmd.String("state-dir"), cmp.Or(cmd.String("cluster"), "default"))
			if err != nil {
				return err
			}
			what, err := app.Down(ctx, dir)
			if err != nil {
				return err
			}
			return say(cmd, s, struct {
				Cluster string `json:"cluster"`
				Result  string `json:"result"`
			}{filepath.Base(dir), what}, what)
		},
	}
}
