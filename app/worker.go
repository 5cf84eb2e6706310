package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
	"github.com/ewoks-hpc/ewoks-hpc/pyhost"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/worker"
)

// WorkerOptions are what a worker process is started with.
type WorkerOptions struct {
	// Access is the path of the access file.
	Access string
	// Launch is the key of the launch, Index the position in it outside Slurm.
	Launch, Index string
	Pool          string
	// Processes and Threads are the number of interpreters, and of tasks that
	// each executes at a time.
	Processes, Threads int
	Python             string
	// LocalDirectory is a scratch directory on the node; empty means TMPDIR.
	LocalDirectory string
	// DeathTimeout bounds the time until the broker is reached.
	DeathTimeout time.Duration
	// EndsAt is when the walltime of the job ends; zero is never.
	EndsAt time.Time
	Logger *slog.Logger
}

// RunWorker is the life of a worker process.
func RunWorker(ctx context.Context, o WorkerOptions) error {
	python, err := pyhost.Find(o.Python, os.Environ())
	if err != nil {
		return err
	}
	clean, err := scratch(o.LocalDirectory)
	if err != nil {
		return err
	}
	defer clean()
	h := hello(o, python[0])
	conn, err := dial(ctx, o, h.Worker)
	if err != nil {
		return err
	}
	defer conn.Close()
	dir, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("working directory: %w", err)
	}
	w := worker.New(worker.Options{
		Hello: h, Conn: conn, Warm: &task.Environment{Dir: dir}, Logger: o.Logger,
		Start: func(e task.Environment, store string, onResults func([]task.Result)) (worker.Executor, error) {
			return pyhost.Start(pyhost.Options{
				Python: python, Env: append(os.Environ(), e.Set...), Dir: e.Dir, Prepare: e.Prepare,
				Processes: o.Processes, Threads: o.Threads, Fork: o.Processes > 1,
				Store: store, OnResults: onResults, Logger: o.Logger,
			})
		},
	})
	// Slurm announces the end of a job with USR1, as the job script asks for.
	drain := make(chan os.Signal, 1)
	defer close(drain)
	signal.Notify(drain, syscall.SIGUSR1)
	defer signal.Stop(drain)
	go func() {
		if _, ok := <-drain; ok {
			o.Logger.Info("signal USR1: finishing what is running")
			w.Drain()
		}
	}()
	return w.Run(ctx)
}

// dial tries to reach the broker until the death timeout.
func dial(ctx context.Context, o WorkerOptions, worker string) (*broker.Conn, error) {
	deadline := time.Now().Add(o.DeathTimeout)
	for {
		access, err := broker.ReadAccess(o.Access)
		if err == nil {
			var conn *broker.Conn
			if conn, err = broker.Connect(ctx, access, broker.ConnectOptions{Name: workerConn + worker, Logger: o.Logger}); err == nil {
				return conn, nil
			}
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return nil, fmt.Errorf("broker not reached within %s: %w", o.DeathTimeout, err)
		}
		o.Logger.Warn("broker not reached, trying again", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

func hello(o WorkerOptions, python string) task.Hello {
	host, _ := os.Hostname()
	h := task.Hello{
		Key: o.Launch, Pool: o.Pool, Host: host, Pid: os.Getpid(), Slots: o.Processes * o.Threads, Python: python, EndsAt: o.EndsAt,
		Job: os.Getenv("SLURM_ARRAY_JOB_ID"), Index: os.Getenv("SLURM_ARRAY_TASK_ID"), Restart: os.Getenv("SLURM_RESTART_COUNT"),
	}
	if h.Job == "" {
		h.Job = os.Getenv("SLURM_JOB_ID")
	}
	if o.Index != "" {
		h.Index, h.Job = o.Index, ""
	}
	h.Worker = fmt.Sprintf("%s-%s-%s-%d", o.Launch, cmp.Or(h.Index, "0"), cmp.Or(h.Restart, "0"), h.Pid)
	return h
}

// scratch makes a directory for temporary files of this worker and its tasks,
// and returns how to remove it.
func scratch(parent string) (func(), error) {
	if parent != "" {
		if err := os.MkdirAll(parent, 0o700); err != nil {
			return nil, fmt.Errorf("local directory: %w", err)
		}
	}
	dir, err := os.MkdirTemp(parent, "ewoks-hpc-worker-")
	if err != nil {
		return nil, fmt.Errorf("local directory: %w", err)
	}
	if dir, err = filepath.Abs(dir); err == nil {
		err = os.Setenv("TMPDIR", dir)
	}
	remove := func() { _ = os.RemoveAll(dir) }
	if err != nil {
		remove()
		return nil, errors.Join(err)
	}
	return remove, nil
}
