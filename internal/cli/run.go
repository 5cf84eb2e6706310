package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

func newRun(s Streams) *cli.Command {
	return &cli.Command{
		Name:      "run",
		Usage:     "run a workflow and print its outputs as JSON",
		ArgsUsage: "WORKFLOW",
		Description: `The outputs of the end nodes go to standard output, everything else to standard
error. A value that JSON cannot hold, or that takes more than a MiB as JSON, appears
as {"type": ..., "repr": ...}.

Schedulers: sequential (one interpreter, one task at a time), multithreading
(one interpreter, tasks in its threads), multiprocessing (several interpreters),
cluster (worker processes of this machine, for the length of the run), slurm (the
same with jobs, which take the options of up), or the name or address of a
cluster that is up, which --cluster says too.` + exitHelp,
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "scheduler", Aliases: []string{"s"}, Usage: "`HOW` to run it", Value: "sequential"},
			&cli.StringSliceFlag{Name: "parameter", Aliases: []string{"p"}, Usage: "set an input, `[NODE:]NAME=VALUE`: VALUE is JSON or else text; without NODE that of the start nodes"},
			&cli.StringFlag{Name: "inputs", Usage: "`FILE` with a JSON list of inputs, each with name, value and id, label, task_identifier or all"},
			&cli.StringFlag{Name: "outputs", Usage: "`WHICH` outputs to print: end, all, none, or a JSON list of selections", Value: "end"},
			&cli.BoolFlag{Name: "no-merge-outputs", Usage: "print the outputs of each node apart"},
			&cli.StringFlag{Name: "save", Usage: "`FILE` for the outputs: a Python pickle (.pkl), or what is printed (.json)"},
			&cli.IntFlag{Name: "num-workers", Usage: "threads or interpreters (`N`) of multithreading and multiprocessing; default: as many as CPUs"},
			&cli.StringFlag{Name: "context", Usage: "multiprocessing: `fork` interpreters from a warm one, or spawn fresh ones", Value: "fork"},
			&cli.IntFlag{Name: "n-workers", Usage: "cluster: number (`N`) of worker processes; default: as many as CPUs"},
			&cli.IntFlag{Name: "threads-per-worker", Usage: "cluster: tasks (`N`) that a worker executes at a time", Value: 1},
			&cli.StringFlag{Name: "chdir", Usage: "working `DIRECTORY` of tasks; default: the current one"},
			&cli.StringFlag{Name: "env", Usage: "variables that tasks inherit: all, none or `NAME,...`", Value: "all"},
			&cli.StringSliceFlag{Name: "setenv", Usage: "set a variable for tasks, `NAME=VALUE`"},
			&cli.DurationFlag{Name: "task-timeout", Usage: "end a task that takes longer than this `TIME`, like 90s or 10m"},
			&cli.BoolFlag{Name: "keep-going", Usage: "go on in other branches after an error that no link handles; the run fails if no end node has ended"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print the outputs and errors only"},
		}, retryFlags(), ewoksFlags(), clusterFlags()),
		Action: func(ctx context.Context, cmd *cli.Command) error { return runRun(ctx, cmd, s) },
	}
}

func runRun(ctx context.Context, cmd *cli.Command, s Streams) error {
	if cmd.Args().Len() != 1 {
		return usageError{fmt.Errorf("run takes one workflow, got %d", cmd.Args().Len()), "ewoks-hpc run WORKFLOW [--scheduler HOW]"}
	}
	r, err := describeRun(ctx, cmd)
	if err != nil {
		return err
	}
	p := newProgress(s.Err, cmd.Bool("quiet"), len(r.Workflow.Nodes))
	r.Progress = p.show
	options, err := ewoksOptions(cmd)
	if err != nil {
		return err
	}
	outcome, err := r.Announced(ctx, options, func(r app.Run) (engine.Outcome, error) { return execute(ctx, cmd, r) })
	p.finish(err == nil && outcome.Status == engine.Succeeded)
	if err != nil {
		return err
	}
	return printOutcome(s, outcome, p, r.Apart, jsonFile(cmd.String("save")))
}

// describeRun gathers what does not depend on the scheduler.
func describeRun(ctx context.Context, cmd *cli.Command) (r app.Run, err error) {
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
	if r.Limit < 0 {
		return r, usageError{fmt.Errorf("--task-timeout %s", r.Limit), "give a positive time, like 90s or 10m"}
	}
	if r.Retry, err = retryOptions(cmd); err != nil {
		return r, err
	}
	inputs, err := readInputs(cmd.String("inputs"))
	if err != nil {
		return r, err
	}
	if r.Outputs, err = parseOutputs(cmd.String("outputs")); err != nil {
		return r, err
	}
	r.Apart, r.KeepGoing = cmd.Bool("no-merge-outputs"), cmd.Bool("keep-going")
	if r.Save, err = pickleFile(cmd.String("save")); err != nil {
		return r, err
	}
	r.Workflow, err = app.LoadWorkflow(cmd.Args().First(), inputs, cmd.StringSlice("parameter"), r.RequiredInputs(ctx))
	return r, err
}

func execute(ctx context.Context, cmd *cli.Command, r app.Run) (engine.Outcome, error) {
	scheduler := cmd.String("scheduler")
	if cmd.IsSet("cluster") {
		if cmd.IsSet("scheduler") {
			return engine.Outcome{}, usageError{fmt.Errorf("--scheduler %s and --cluster %s contradict each other", scheduler, cmd.String("cluster")), "give one of them"}
		}
		return runOn(ctx, cmd, r, cmd.String("cluster"))
	}
	switch scheduler {
	case "sequential", "multithreading", "multiprocessing", "cluster", "slurm":
		if err := checkFlags(cmd, purpose{scheduler: scheduler, words: "with " + scheduler}); err != nil {
			return engine.Outcome{}, err
		}
	}
	switch scheduler {
	case "sequential":
		return app.RunLocal(ctx, r, app.Local{Processes: 1, Threads: 1})
	case "multithreading", "multiprocessing":
		return runParallel(ctx, cmd, r, scheduler)
	case "cluster", "slurm":
		return runInCluster(ctx, cmd, r, scheduler)
	}
	return runOn(ctx, cmd, r, scheduler)
}

// runParallel uses several threads or interpreters of this machine.
func runParallel(ctx context.Context, cmd *cli.Command, r app.Run, scheduler string) (engine.Outcome, error) {
	n, how := cmd.Int("num-workers"), cmd.String("context")
	switch {
	case n < 0:
		return engine.Outcome{}, usageError{fmt.Errorf("--num-workers %d", n), "give a positive number"}
	case how != "fork" && how != "spawn":
		return engine.Outcome{}, usageError{fmt.Errorf("--context %s", how), "choose fork or spawn"}
	case n == 0:
		n = runtime.NumCPU()
	}
	if scheduler == "multithreading" {
		return app.RunLocal(ctx, r, app.Local{Processes: 1, Threads: n})
	}
	return app.RunLocal(ctx, r, app.Local{Processes: n, Threads: 1, Fork: how == "fork"})
}

// runInCluster brings a cluster up for the length of the run. Its state goes to
// a directory of its own, so that it gets in nobody's way.
func runInCluster(ctx context.Context, cmd *cli.Command, r app.Run, scheduler string) (engine.Outcome, error) {
	o, err := clusterOptions(cmd)
	if err != nil {
		return engine.Outcome{}, err
	}
	o.Env, o.Dir, o.Name = r.Env, r.Dir, "run-"+strings.ToLower(task.NewKey())
	if o.StateDir, err = app.StateDir(stateDir(cmd), o.Name); err != nil {
		return engine.Outcome{}, err
	}
	if scheduler == "cluster" {
		makeLocal(cmd, &o)
	}
	if err := app.CheckPool(o); err != nil {
		return engine.Outcome{}, err
	}
	defer os.RemoveAll(o.StateDir)
	return app.RunInCluster(ctx, r, o)
}

// runOn uses a cluster that is up.
func runOn(ctx context.Context, cmd *cli.Command, r app.Run, name string) (engine.Outcome, error) {
	if err := checkFlags(cmd, alreadyUp); err != nil {
		return engine.Outcome{}, err
	}
	dir, err := app.FindCluster(stateDir(cmd), name)
	if err != nil {
		return engine.Outcome{}, err
	}
	client, err := app.Connect(ctx, dir)
	var notUp *app.NotUpError
	if errors.As(err, &notUp) && notUp.Cause == nil && !cmd.IsSet("cluster") {
		return engine.Outcome{}, usageError{fmt.Errorf("%q is neither a scheduler nor a cluster that is up", name), "choose sequential, multithreading, multiprocessing, cluster or slurm"}
	}
	if err != nil {
		return engine.Outcome{}, err
	}
	defer client.Close()
	return app.RunOn(ctx, r, client)
}

// stateDir is that of the flag or, as with other commands, of the environment: the
// flag itself is one of the settings, which have more sources than that.
func stateDir(cmd *cli.Command) string {
	return cmp.Or(cmd.String("state-dir"), os.Getenv("EWOKS_HPC_STATE_DIR"))
}

func localWorkers(cmd *cli.Command) int {
	if n := cmd.Int("n-workers"); n > 0 {
		return n
	}
	return runtime.NumCPU()
}
