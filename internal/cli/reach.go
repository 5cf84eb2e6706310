package cli

import (
	"cmp"
	"context"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
)

// reachFlags name a cluster that is up.
func reachFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "cluster", Usage: "`NAME` or address of the cluster", Value: "default", Sources: cli.EnvVars("EWOKS_HPC_CLUSTER")},
		&cli.StringFlag{Name: "state-dir", Usage: "`DIRECTORY` where clusters keep their state", Sources: cli.EnvVars("EWOKS_HPC_STATE_DIR")},
	}
}

// reach connects to the cluster that the flags name.
func reach(ctx context.Context, cmd *cli.Command) (*app.Client, error) {
	dir, err := app.FindCluster(cmd.String("state-dir"), cmp.Or(cmd.String("cluster"), "default"))
	if err != nil {
		return nil, err
	}
	return app.Connect(ctx, dir)
}

// lookAt asks the cluster that the flags name for its overview.
func lookAt(ctx context.Context, cmd *cli.Command) (o dashboard.Overview, err error) {
	client, err := reach(ctx, cmd)
	if err != nil {
		return o, err
	}
	defer client.Close()
	return o, client.Call(ctx, "overview", nil, &o)
}

// noArguments refuses arguments for commands that take none.
func noArguments(cmd *cli.Command) error {
	if cmd.Args().Present() {
		return usageError{fmt.Errorf("%s takes no argument, got %q", cmd.Name, cmd.Args().First()), "see " + cmd.FullName() + " --help"}
	}
	return nil
}
