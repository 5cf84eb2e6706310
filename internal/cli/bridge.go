package cli

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
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
		Action: func(ctx context.Context, cmd *cli.Command) error {
			logger := slog.New(slog.NewTextHandler(s.Err, &slog.HandlerOptions{Level: slog.LevelWarn}))
			return bridge.Serve(ctx, bridge.Options{
				Socket: os.Stdin, Logger: logger,
				Find: func(nameOrAddress string) (string, error) { return findCluster(cmd, nameOrAddress) },
				Cluster: func(local bool, arguments []string) (o app.ClusterOptions, err error) {
					o, err = bridgeOptions(ctx, s, local, arguments)
					o.Version, o.Logger = cmd.Root().Version, logger
					return o, err
				},
				JobScript: func(o app.ClusterOptions) (string, error) {
					text, _, err := app.JobScript(o)
					return text, err
				},
			})
		},
	}
}

// findCluster returns the state directory of a cluster that is up.
func findCluster(cmd *cli.Command, nameOrAddress string) (string, error) {
	c, err := loadConfig(cmd)
	if err != nil {
		return "", err
	}
	root := ""
	if v, ok := c.Get("state_dir"); ok {
		root = fmt.Sprint(v.Raw)
	}
	return app.FindCluster(root, nameOrAddress)
}

// bridgeOptions reads the options of up as the calling program gives them.
func bridgeOptions(ctx context.Context, s Streams, local bool, arguments []string) (o app.ClusterOptions, err error) {
	up := &cli.Command{
		Name: "up", HideHelp: true, Writer: s.Err, ErrWriter: s.Err, DisableSliceFlagSeparator: true,
		ExitErrHandler: func(context.Context, *cli.Command, error) {},
		OnUsageError: func(_ context.Context, _ *cli.Command, err error, _ bool) error {
			return optionError(err)
		},
		Flags: append([]cli.Flag{
			&cli.IntFlag{Name: "n-workers"},
			&cli.IntFlag{Name: "threads-per-worker", Value: 1},
		}, clusterFlags()...),
		Action: func(_ context.Context, cmd *cli.Command) error {
			o, err = bridgeCluster(cmd, local)
			return err
		},
	}
	return o, up.Run(ctx, append([]string{up.Name}, arguments...))
}

var flagPattern = regexp.MustCompile(`(^|\s)--?([a-z][a-z-]+)`)

// optionError names options as Python does.
func optionError(err error) error {
	text := strings.Replace(err.Error(), "flag provided but not defined:", "unknown option", 1)
	text = flagPattern.ReplaceAllStringFunc(text, func(flag string) string {
		return " " + strings.ReplaceAll(strings.TrimLeft(flag, " -"), "-", "_")
	})
	return bridge.OptionError{Text: strings.TrimSpace(text), Cause: err}
}

// bridgeCluster is a cluster that lives as long as the calling program.
func bridgeCluster(cmd *cli.Command, local bool) (app.ClusterOptions, error) {
	workers := purpose{scheduler: "slurm", words: "on workers that are Slurm jobs", advice: "leave it out"}
	if local {
		workers = purpose{scheduler: "cluster", words: "on workers that are processes of this machine", advice: "leave it out"}
	}
	if err := checkFlags(cmd, workers); err != nil {
		return app.ClusterOptions{}, optionError(err)
	}
	if cmd.Args().Present() {
		return app.ClusterOptions{}, optionError(fmt.Errorf("%q is no option", cmd.Args().First()))
	}
	o, err := clusterOptions(cmd)
	if err != nil {
		return o, err
	}
	if !cmd.IsSet("cluster") {
		o.Name = "python-" + strings.ToLower(task.NewKey())
		o.StateDir = filepath.Join(filepath.Dir(o.StateDir), o.Name)
	}
	o.Env, o.Page = os.Environ(), true
	if o.Dir, err = os.Getwd(); err != nil {
		return o, err
	}
	if local {
		makeLocal(cmd, &o)
	}
	return o, app.CheckPool(o)
}
