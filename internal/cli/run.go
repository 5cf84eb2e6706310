package cli

import (
	"context"
	"fmt"
	"os"
	"runtime"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
)

func newRun(s Streams) *cli.Command {
	return &cli.Command{
		Name:      "run",
		Usage:     "run a workflow and print its outputs as JSON",
		ArgsUsage: "WORKFLOW",
		Description: `The outputs of the end nodes go to standard output, everything else to standard
error. A value that JSON cannot hold appears as {"type": ..., "repr": ...}.

Schedulers: sequential (one interpreter, one task at a time), multithreading
(one interpreter, tasks in its threads), multiprocessing (several interpreters).` + exitHelp,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "scheduler", Aliases: []string{"s"}, Usage: "`HOW` to run it", Value: "sequential"},
			&cli.StringSliceFlag{Name: "parameter", Aliases: []string{"p"}, Usage: "set an input, `[NODE:]NAME=VALUE`: VALUE is JSON or else text; without NODE that of the start nodes"},
			&cli.IntFlag{Name: "num-workers", Usage: "threads or interpreters (`N`) of multithreading and multiprocessing; default: as many as CPUs"},
			&cli.StringFlag{Name: "context", Usage: "multiprocessing: `fork` interpreters from a warm one, or spawn fresh ones", Value: "fork"},
			&cli.StringFlag{Name: "python", Usage: "`COMMAND` of the interpreter; default: python3 of the active environment"},
			&cli.StringFlag{Name: "chdir", Usage: "working `DIRECTORY` of tasks; default: the current one"},
			&cli.StringFlag{Name: "env", Usage: "variables that tasks inherit: all, none or `NAME,...`", Value: "all"},
			&cli.StringSliceFlag{Name: "setenv", Usage: "set a variable for tasks, `NAME=VALUE`"},
			&cli.DurationFlag{Name: "task-timeout", Usage: "end a task that takes longer than this `TIME`, like 90s or 10m"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print the outputs and errors only"},
		},
		Action: func(ctx context.Context, cmd *cli.Command) error { return runRun(ctx, cmd, s) },
	}
}

func runRun(ctx context.Context, cmd *cli.Command, s Streams) error {
	if cmd.Args().Len() != 1 {
		return usageError{fmt.Errorf("run takes one workflow, got %d", cmd.Args().Len()), "ewoks-hpc run WORKFLOW [--scheduler HOW]"}
	}
	r, err := describeRun(cmd)
	if err != nil {
		return err
	}
	scheduler := cmd.String("scheduler")
	p := newProgress(s.Err, cmd.Bool("quiet"), len(r.Workflow.Nodes))
	r.Progress = p.show
	outcome, err := execute(ctx, cmd, r, scheduler)
	p.finish()
	if err != nil {
		return err
	}
	return printOutcome(s, outcome, p)
}

// describeRun gathers what does not depend on the scheduler.
func describeRun(cmd *cli.Command) (r app.Run, err error) {
	if r.Workflow, err = app.LoadWorkflow(cmd.Args().First(), cmd.StringSlice("parameter")); err != nil {
		return r, err
	}
	if r.Env, err = app.Environ(os.Environ(), cmd.String("env")); err != nil {
		return r, err
	}
	r.Set = cmd.StringSlice("setenv")
	if err = app.CheckVariables(r.Set); err != nil {
		return r, err
	}
	if r.Dir, err = app.WorkingDir(cmd.String("chdir")); err != nil {
		return r, err
	}
	r.Python, r.Limit = cmd.String("python"), cmd.Duration("task-timeout")
	return r, nil
}

func execute(ctx context.Context, cmd *cli.Command, r app.Run, scheduler string) (engine.Outcome, error) {
	n := cmd.Int("num-workers")
	if n < 0 {
		return engine.Outcome{}, usageError{fmt.Errorf("--num-workers %d", n), "give a positive number"}
	}
	if n == 0 {
		n = runtime.NumCPU()
	}
	switch scheduler {
	case "sequential":
		return app.RunLocal(ctx, r, app.Local{Processes: 1, Threads: 1})
	case "multithreading":
		return app.RunLocal(ctx, r, app.Local{Processes: 1, Threads: n})
	case "multiprocessing":
		how := cmd.String("context")
		if how != "fork" && how != "spawn" {
			return engine.Outcome{}, usageError{fmt.Errorf("--context %s", how), "choose fork or spawn"}
		}
		return app.RunLocal(ctx, r, app.Local{Processes: n, Threads: 1, Fork: how == "fork"})
	}
	return engine.Outcome{}, usageError{fmt.Errorf("there is no scheduler %q", scheduler), "choose sequential, multithreading or multiprocessing"}
}
