package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
	"github.com/ewoks-hpc/ewoks-hpc/pyhost"
	"github.com/ewoks-hpc/ewoks-hpc/resource"
	"github.com/ewoks-hpc/ewoks-hpc/runner"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/worker"
)

// WorkerOptions are what a worker process is started with.
type WorkerOptions struct {
	// Access is the path of the access file, or of the folder that has one for
	// each job.
	Access string
	// Launch is the key of the launch, Index the position in it outside Slurm.
	Launch, Index string
	Pool          string
	// Processes and Threads are the number of interpreters, and of tasks that
	// each executes at a time.
	Processes, Threads int
	// Cores, Memory (bytes) and GPUs are what all tasks share; 0 is one core for
	// each task, memory that is not counted, and no GPU.
	Cores  int
	Memory int64
	GPUs   int
	// Nodes is more than 0 when the worker has a whole job of so many nodes, which it
	// offers to one task at a time.
	Nodes  int
	Python string
	// LocalDirectory is a scratch directory on the node; empty means TMPDIR.
	LocalDirectory string
	// DeathTimeout bounds the time until the broker is reached.
	DeathTimeout time.Duration
	// EndsAt is when the walltime of the job ends; zero is never.
	EndsAt time.Time
	// Grace is how long tasks may go on after SIGTERM. Defaults to 2 s.
	Grace  time.Duration
	Logger *slog.Logger

	tmpdir      string // before the worker had one of its own
	starvations *pyhost.Starvations
	parent      int // the launcher, outside Slurm
}

// RunWorker is the life of a worker process.
func RunWorker(ctx context.Context, o WorkerOptions) error {
	python, err := pyhost.Find(o.Python, os.Environ())
	if err != nil {
		return err
	}
	o.tmpdir, o.starvations, o.parent = os.Getenv("TMPDIR"), new(pyhost.Starvations), os.Getppid()
	clean, err := scratch(o.LocalDirectory)
	if err != nil {
		return err
	}
	defer clean()
	gpus := devices(o.GPUs, os.Getenv)
	h := hello(o, python[0])
	h.GPUs = len(gpus)
	if err := broker.CheckWorker(h.Worker); err != nil {
		return err
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	conn, err := dial(ctx, o, h.Worker, end)
	if err != nil {
		return err
	}
	defer conn.Close()
	dir, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("working directory: %w", err)
	}
	w := worker.New(worker.Options{
		Hello: h, Conn: conn, Warm: &task.Environment{Dir: dir}, GPUs: gpus, Logger: o.Logger,
		Start: func(s worker.Seat) (worker.Executor, error) { return executor(o.interpreters(python, s), s) },
	})
	err = o.supervise(ctx, w)
	if cause := context.Cause(ctx); err == nil && errors.Is(cause, errRevoked) {
		return cause
	}
	return err
}

// executor executes the tasks of a seat in interpreters with these options.
func executor(p pyhost.Options, s worker.Seat) (worker.Executor, error) {
	if !s.Whole {
		pool, err := pyhost.Start(p)
		if err != nil {
			return nil, err // not the pool: an interface that holds nothing is not nil
		}
		return pool, nil
	}
	lanes := max(1, p.Processes) * max(1, p.Threads)
	p.Processes, p.Threads, p.Fork = 1, 1, false
	return runner.NewWhole(runner.WholeOptions{
		Lanes: lanes, Store: s.Store, OnResults: s.OnResults,
		Start: func(onResults func([]task.Result)) (runner.Interpreter, error) {
			own := p
			own.OnResults = onResults
			return pyhost.Start(own)
		},
	}), nil
}

// errRevoked ends a worker whose job counts as ended.
var errRevoked = errors.New("the launcher does not accept the key of this job any more")

// dial tries to reach the broker until the death timeout. If the broker refuses
// the key later on, the worker is ended.
func dial(ctx context.Context, o WorkerOptions, worker string, end context.CancelCauseFunc) (*broker.Conn, error) {
	path := o.Access
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = broker.JobAccess(path, broker.WorkerJob(worker))
	}
	options := broker.ConnectOptions{
		Name: workerConn + worker, Logger: o.Logger,
		OnClosed: func(reason error) { end(fmt.Errorf("%w: %w", errRevoked, reason)) },
	}
	deadline := time.Now().Add(o.DeathTimeout)
	for {
		access, err := broker.ReadAccess(path)
		if err == nil {
			var conn *broker.Conn
			conn, err = broker.Connect(ctx, access, options)
			access.NKeySeed.Wipe()
			if err == nil {
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
		Key: o.Launch, Pool: o.Pool, Host: host, Pid: os.Getpid(), Slots: o.Processes * o.Threads, Cores: o.Cores, Memory: resource.Bytes(o.Memory), Nodes: o.Nodes, Python: python, EndsAt: o.EndsAt,
		Job: os.Getenv("SLURM_ARRAY_JOB_ID"), Index: os.Getenv("SLURM_ARRAY_TASK_ID"), Restart: os.Getenv("SLURM_RESTART_COUNT"),
	}
	if h.Job == "" {
		h.Job = os.Getenv("SLURM_JOB_ID")
	}
	if o.Index != "" {
		h.Index, h.Job = o.Index, ""
	}
	h.Index = cmp.Or(h.Index, "0")
	// On several nodes a job has several workers, whose process ids may be alike.
	process := fmt.Sprintf("%s-%s-%d", cmp.Or(h.Restart, "0"), cmp.Or(os.Getenv("SLURM_PROCID"), "0"), h.Pid)
	h.Worker = broker.WorkerName(o.Launch+"-"+h.Index, process)
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
