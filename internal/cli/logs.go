package cli

import (
	"cmp"
	"context"
	"errors"
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
JOB is a job as status shows it, like 17_0. With NODE only what that node printed.

With --follow it goes on with what comes, until the run or the job ends, or the launcher
does. What a task prints comes when the task has ended.` + runHelp + exitHelp,
		Flags: append(reachFlags(), outputFlag(), quietFlag("print the log only, without the list of others"),
			&cli.BoolFlag{Name: "follow", Aliases: []string{"f"}, Usage: "go on with what comes"}),
		Action: func(ctx context.Context, cmd *cli.Command) error { return runLogs(ctx, cmd, s) },
	}
}

func runLogs(ctx context.Context, cmd *cli.Command, s Streams) error {
	asJSON, err := wantsJSON(cmd)
	if err != nil {
		return err
	}
	dir, err := app.FindCluster(cmd.String("state-dir"), cmp.Or(cmd.String("cluster"), "default"))
	if err != nil {
		return err
	}
	logs := app.LogPrinter{Logs: app.Logs{Dir: dir}, Out: s.Out, JSON: asJSON, Follow: cmd.Bool("follow")}
	if !cmd.Bool("quiet") {
		logs.List = !asJSON
		logs.Notice = func(text string) { fmt.Fprintln(s.Err, text) }
	}
	switch args := cmd.Args(); args.Len() {
	case 0:
		return logs.Launcher(ctx)
	case 1, 2:
		return logs.Find(ctx, args.First(), args.Get(1))
	default:
		return usageError{errors.New("logs takes at most a run and a node"), "see ewoks-hpc logs --help"}
	}
}
