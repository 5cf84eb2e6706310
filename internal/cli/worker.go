package cli

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
)

func newWorker(s Streams) *cli.Command {
	return &cli.Command{
		Name:        "worker",
		Usage:       "execute tasks for a cluster; job scripts start this",
		Description: "The access file says how to reach the cluster and holds the key of the job. It must be readable by its owner only, in a\nfolder that nobody else can write in.\nSIGUSR1 makes the worker finish what ends before its walltime, SIGTERM what ends within the grace;\nthe rest is given back." + exitHelp,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "access", Usage: "access `FILE` of the job, or the folder with those of all jobs", Required: true},
			&cli.StringFlag{Name: "launch", Usage: "`KEY` of the launch that the worker belongs to", Required: true},
			&cli.StringFlag{Name: "index", Usage: "`NUMBER` of the worker in its launch, outside Slurm"},
			&cli.StringFlag{Name: "pool", Usage: "`NAME` of the pool"},
			&cli.IntFlag{Name: "processes", Usage: "number (`N`) of interpreters", Value: 1},
			&cli.IntFlag{Name: "threads", Usage: "tasks (`N`) that each interpreter executes at a time", Value: 1},
			&cli.IntFlag{Name: "cores", Usage: "number (`N`) of cores for all tasks together; default: one for each that runs at a time"},
			&cli.Int64Flag{Name: "memory", Usage: "memory for all tasks together in `BYTES`; default: not counted"},
			&cli.IntFlag{Name: "gpus", Usage: "number (`N`) of GPUs; which ones is in CUDA_VISIBLE_DEVICES"},
			&cli.IntFlag{Name: "nodes", Usage: "number (`N`) of nodes of the job, when the worker offers all of it to one task at a time"},
			&cli.StringFlag{Name: "python", Usage: "`COMMAND` of the interpreter; default: python3 of the active environment"},
			&cli.StringFlag{Name: "local-directory", Usage: "scratch `DIRECTORY` on this node"},
			&cli.DurationFlag{Name: "death-timeout", Usage: "give up when the broker is not reached within this `TIME`", Value: time.Minute},
			&cli.DurationFlag{Name: "grace", Usage: "how long (`TIME`) tasks may go on after SIGTERM", Value: 2 * time.Second},
			&cli.IntFlag{Name: "ends-at", Usage: "end of the walltime in `SECONDS` since 1970"},
		},
		Action: func(ctx context.Context, cmd *cli.Command) error { return runWorker(ctx, cmd, s) },
	}
}

func runWorker(ctx context.Context, cmd *cli.Command, s Streams) error {
	if err := noArguments(cmd); err != nil {
		return err
	}
	o := app.WorkerOptions{
		Access: cmd.String("access"), Launch: cmd.String("launch"), Index: cmd.String("index"), Pool: cmd.String("pool"),
		Processes: cmd.Int("processes"), Threads: cmd.Int("threads"), Python: cmd.String("python"),
		Cores: cmd.Int("cores"), Memory: cmd.Int64("memory"), GPUs: cmd.Int("gpus"), Nodes: cmd.Int("nodes"),
		Grace:          cmd.Duration("grace"),
		LocalDirectory: cmd.String("local-directory"), DeathTimeout: cmd.Duration("death-timeout"),
		Logger: slog.New(slog.NewTextHandler(s.Err, &slog.HandlerOptions{Level: slog.LevelInfo})),
	}
	if o.Processes < 1 || o.Threads < 1 {
		return usageError{fmt.Errorf("%d processes of %d threads", o.Processes, o.Threads), "give positive numbers"}
	}
	if o.Cores < 0 || o.Memory < 0 || o.GPUs < 0 || o.Nodes < 0 {
		return usageError{fmt.Errorf("%d cores, %d bytes of memory, %d GPUs, %d nodes", o.Cores, o.Memory, o.GPUs, o.Nodes), "give positive numbers"}
	}
	if end := cmd.Int("ends-at"); end > 0 {
		o.EndsAt = time.Unix(int64(end), 0)
	}
	o.Logger.Info("worker starts", "launch", o.Launch, "processes", o.Processes, "threads", o.Threads)
	err := app.RunWorker(ctx, o)
	o.Logger.Info("worker ends", "error", err)
	return err
}
