package cli

import (
	"cmp"
	"context"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
)

func newLogs(s Streams) *cli.Command {
	return &cli.Command{
		Name:      "logs",
		Usage:     "print the log of the launcher, of a worker job, or what the tasks of a run printed",
		ArgsUsage: "[JOB | RUN [NODE]]",
		Description: `Without argument: the log of the launcher, and a list of the logs of worker jobs.
JOB is a job as status shows it, like 17_0.` + exitHelp,
		Flags: reachFlags(),
		Action: func(_ context.Context, cmd *cli.Command) error {
			dir, err := app.FindCluster(cmd.String("state-dir"), cmp.Or(cmd.String("cluster"), "default"))
			if err != nil {
				return err
			}
			logs := app.Logs{Dir: dir}
			switch args := cmd.Args(); args.Len() {
			case 0:
				return logs.Launcher(s.Out)
			case 1:
				return logs.Find(s.Out, args.First(), "")
			case 2:
				return logs.Find(s.Out, args.First(), args.Get(1))
			default:
				return usageError{fmt.Errorf("logs takes at most a run and a node"), "see ewoks-hpc logs --help"}
			}
		},
	}
}
