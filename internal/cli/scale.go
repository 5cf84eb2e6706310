package cli

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
)

func newScale(s Streams) *cli.Command {
	return &cli.Command{
		Name:        "scale",
		Usage:       "change the number of worker jobs of a cluster",
		Description: "With fewer jobs, queued ones are cancelled first, then idle ones; busy workers finish\nwhat they have." + exitHelp,
		Flags: append(reachFlags(),
			&cli.IntFlag{Name: "jobs", Usage: "number (`N`) of worker jobs", Required: true},
			&cli.StringFlag{Name: "pool", Usage: "`NAME` of the pool"},
		),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if err := noArguments(cmd); err != nil {
				return err
			}
			if cmd.Int("jobs") < 0 {
				return usageError{fmt.Errorf("--jobs %d", cmd.Int("jobs")), "give the number of worker jobs"}
			}
			client, err := reach(ctx, cmd)
			if err != nil {
				return err
			}
			defer client.Close()
			request := app.ScaleRequest{Pool: cmd.String("pool"), Jobs: cmd.Int("jobs")}
			if err := client.Call(ctx, "scale", request, nil); err != nil {
				return err
			}
			fmt.Fprintf(s.Out, "cluster %s: %s wanted\n", cmd.String("cluster"), count(request.Jobs, "worker job", "worker jobs"))
			return nil
		},
	}
}
