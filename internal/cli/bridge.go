package cli

import (
	"context"
	"log/slog"
	"os"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
	"github.com/ewoks-hpc/ewoks-hpc/internal/bridge"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// newBridge is not for people: the Python package ewokshpc starts it.
func newBridge(s Streams) *cli.Command {
	return &cli.Command{
		Name:   "bridge",
		Hidden: true,
		Usage:  "serve the Python package ewokshpc over a socket on standard input",
		Flags: append([]cli.Flag{
			&cli.IntFlag{Name: "n-workers"},
			&cli.IntFlag{Name: "threads-per-worker", Value: 1},
		}, clusterFlags()...),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			logger := slog.New(slog.NewTextHandler(s.Err, &slog.HandlerOptions{Level: slog.LevelWarn}))
			return bridge.Serve(ctx, bridge.Options{
				Socket: os.Stdin, StateRoot: cmd.String("state-dir"), Logger: logger,
				Cluster: func(local bool) (app.ClusterOptions, error) { return bridgeCluster(cmd, local, logger) },
				JobScript: func(o app.ClusterOptions) (string, error) {
					text, _, err := app.JobScript(o)
					return text, err
				},
			})
		},
	}
}

// bridgeCluster is a cluster that lives as long as the calling program.
func bridgeCluster(cmd *cli.Command, local bool, logger *slog.Logger) (app.ClusterOptions, error) {
	o, err := clusterOptions(cmd)
	if err != nil {
		return o, err
	}
	if !cmd.IsSet("cluster") {
		o.Name = "python-" + strings.ToLower(task.NewKey())
		if o.StateDir, err = app.StateDir(cmd.String("state-dir"), o.Name); err != nil {
			return o, err
		}
	}
	o.Env, o.Page, o.Version, o.Logger = os.Environ(), true, cmd.Root().Version, logger
	if o.Dir, err = os.Getwd(); err != nil {
		return o, err
	}
	if local {
		makeLocal(cmd, &o)
	}
	return o, app.CheckPool(o)
}
