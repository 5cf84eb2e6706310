package app

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/pyhost"
	"github.com/ewoks-hpc/ewoks-hpc/worker"
)

// defaultGrace is less than what any Slurm gives between SIGTERM and SIGKILL.
const defaultGrace = 2 * time.Second

// leaveTime is how long a worker may take to bring its last results.
const leaveTime = 3 * time.Second

// supervise runs a worker until it ends by itself or ctx does, because of SIGTERM or
// because the job counts as ended. After SIGTERM, tasks may go on for the grace. Slurm
// announces the end of a job with USR1, as the job script asks for: then they may go
// on until shortly before the end, if that is known.
func (o WorkerOptions) supervise(ctx context.Context, w *worker.Worker) error {
	running, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	warned := make(chan os.Signal, 1)
	signal.Notify(warned, syscall.SIGUSR1)
	defer signal.Stop(warned)
	go func() {
		for {
			select {
			case <-running.Done():
				return
			case <-warned:
				o.Logger.Info("signal USR1: the job is about to end")
				w.Drain(o.lastMoment())
				continue
			case <-ctx.Done():
			}
			break
		}
		if !errors.Is(context.Cause(ctx), errRevoked) {
			grace := cmp.Or(o.Grace, defaultGrace)
			o.Logger.Info("the worker is told to end", "grace", grace.String())
			w.Drain(time.Now().Add(grace))
			stop(o.leave(running, grace+leaveTime))
			return
		}
		stop(nil)
	}()
	return w.Run(running)
}

// leave waits for the end of a worker, at most so long. That of a worker outside Slurm
// whose launcher has ended is at once: the signal comes because of that, see the Pdeathsig
// of its process, a little before the worker has another parent.
func (o WorkerOptions) leave(running context.Context, most time.Duration) error {
	deadline, look := time.After(most), time.NewTicker(50*time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-running.Done():
			return nil
		case <-deadline:
			return nil
		case <-look.C:
			if o.Index != "" && os.Getppid() != o.parent {
				o.Logger.Warn("the worker ends at once: its launcher has ended")
				return worker.ErrAlone
			}
		}
	}
}

// lastMoment is until when tasks may go on after a warning; zero is not known.
func (o WorkerOptions) lastMoment() time.Time {
	if o.EndsAt.IsZero() {
		return time.Time{}
	}
	return o.EndsAt.Add(-min(10*time.Second, time.Until(o.EndsAt)/5))
}

// interpreters are those of one seat.
func (o WorkerOptions) interpreters(python []string, s worker.Seat) pyhost.Options {
	if o.Nodes > 0 {
		s.Cores = jobCores(os.Getenv)
	}
	env := append(os.Environ(), s.Variables(os.Environ())...)
	env = append(env, o.jobVariables(os.Getenv)...)
	env = append(env, visible(python[0], os.Getenv, s.Store, s.Dir, os.Getenv("TMPDIR"))...)
	p := pyhost.Options{
		Python: python, Env: append(env, s.Set...), Dir: s.Dir, Prepare: s.Prepare,
		Processes: o.Processes, Threads: o.Threads, Fork: o.Processes > 1,
		Store: s.Store, OnResults: s.OnResults, Starvations: o.starvations, Logger: o.Logger,
	}
	if s.Alone {
		p.Processes, p.Threads, p.Fork = 1, 1, false
	}
	return p
}

// visible makes folders visible in the container that Python runs in, if it does: that
// of large values, the working directory, and the one for temporary files.
func visible(program string, getenv func(string) string, folders ...string) []string {
	name := map[string]string{"apptainer": "APPTAINER_BIND", "singularity": "SINGULARITY_BIND"}[filepath.Base(program)]
	if name == "" {
		return nil
	}
	list := strings.FieldsFunc(getenv(name), func(r rune) bool { return r == ',' })
	for _, folder := range folders {
		if folder != "" && !strings.ContainsAny(folder, ",:") && !slices.Contains(list, folder) {
			list = append(list, folder)
		}
	}
	return []string{name + "=" + strings.Join(list, ",")}
}

// devices are the names of the GPUs of this worker: those that Slurm lets it see, if it
// says so, else numbers.
func devices(n int, getenv func(string) string) (names []string) {
	if n == 0 {
		return nil
	}
	listed := cmp.Or(getenv("CUDA_VISIBLE_DEVICES"), getenv("SLURM_STEP_GPUS"), getenv("SLURM_JOB_GPUS"))
	if listed != "" && listed != "NoDevFiles" { // which Slurm says when it does not know
		names = strings.Split(listed, ",")
		return names[:min(n, len(names))]
	}
	for i := range n {
		names = append(names, strconv.Itoa(i))
	}
	return names
}
