// Package local runs worker jobs as child processes of this one: the backend of
// a cluster on one machine.
package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/cluster"
	"github.com/ewoks-hpc/ewoks-hpc/jobscript"
)

// Options configure a Backend.
type Options struct {
	// Command makes the command of one worker. Its output goes to the log.
	Command func(l cluster.Launch, index int) *exec.Cmd
	// Logs is the folder for the logs, one file for each worker. It is made.
	Logs string
	// Grace is the time between SIGTERM and SIGKILL. Defaults to 10 s.
	Grace  time.Duration
	Logger *slog.Logger
}

// Backend is a cluster.Backend.
type Backend struct {
	o       Options
	changed chan struct{}

	mu       sync.Mutex
	launches map[string][]*process // by key, in the order of indexes
}

// New makes a backend; it starts nothing yet.
func New(o Options) *Backend {
	o.Grace = cmp.Or(o.Grace, 10*time.Second)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Backend{o: o, changed: make(chan struct{}, 1), launches: map[string][]*process{}}
}

// MaxCount is the number of processes that one launch may have; it is no limit in
// practice.
func (b *Backend) MaxCount(context.Context) (int, error) { return 1000, nil }

// Submit starts the processes, all or none.
func (b *Backend) Submit(ctx context.Context, l cluster.Launch) (cluster.Launch, error) {
	if err := os.MkdirAll(b.o.Logs, 0o700); err != nil {
		return l, fmt.Errorf("folder for the logs of workers: %w", err)
	}
	l = b.identify(l)
	started := make(chan error)
	go b.run(l, started)
	return l, <-started
}

// run starts the processes of a launch and stays with them. The kernel sends the
// signal of Pdeathsig when the thread that started a process ends, not when its
// process does; so this goroutine keeps its thread until they have all ended.
func (b *Backend) run(l cluster.Launch, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var processes []*process
	var err error
	for i := range l.Count {
		var p *process
		if p, err = b.start(l, i); err != nil {
			err = fmt.Errorf("start worker %d: %w", i, err)
			break
		}
		processes = append(processes, p)
	}
	if err != nil {
		for _, p := range processes {
			p.signal(syscall.SIGKILL)
		}
	} else {
		b.mu.Lock()
		b.launches[l.Key] = processes
		b.mu.Unlock()
	}
	var all sync.WaitGroup
	for _, p := range processes {
		all.Go(func() { p.watch(b.news) })
	}
	if err != nil {
		all.Wait() // none is left when the caller hears of it
		started <- err
		return
	}
	started <- nil
	all.Wait()
}

func (b *Backend) start(l cluster.Launch, index int) (*process, error) {
	job := cluster.Job{Launch: l, Index: index}
	log, err := os.OpenFile(b.Log(job), os.O_WRONLY|os.O_CREATE|os.O_APPEND|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := b.o.Command(l, index)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	b.o.Logger.Info("worker started", "pid", cmd.Process.Pid, "launch", l.Key, "index", index)
	return &process{cmd: cmd, index: index, since: time.Now()}, nil
}

// news tells that a process has ended.
func (b *Backend) news() {
	select {
	case b.changed <- struct{}{}:
	default:
	}
}

// Adopt finds a launch of this process; there is never doubt about one.
func (b *Backend) Adopt(_ context.Context, l cluster.Launch) (cluster.Launch, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.launches[l.Key] == nil {
		return l, false, nil
	}
	return b.identify(l), true, nil
}

func (b *Backend) identify(l cluster.Launch) cluster.Launch {
	l.ID = l.Key
	l.LogPattern = filepath.Join(b.o.Logs, strings.ReplaceAll(l.Name, "%", "")+"-%a.log")
	return l
}

// List describes the processes of launches. It is always complete.
func (b *Backend) List(_ context.Context, launches []cluster.Launch) (jobs []cluster.Job, complete bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range launches {
		for _, p := range b.launches[l.Key] {
			jobs = append(jobs, p.describe(l))
		}
	}
	return jobs, true, nil
}

// Cancel sends SIGTERM to the processes, and SIGKILL to their groups when they are
// still there after the grace. It does not wait for that.
func (b *Backend) Cancel(_ context.Context, jobs []cluster.Job) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var failed []error
	for _, j := range jobs {
		if all := b.launches[j.Key]; j.Index >= 0 && j.Index < len(all) {
			all[j.Index].cancel(b.o.Grace)
		} else {
			failed = append(failed, errors.New("no worker "+strconv.Itoa(j.Index)+" of launch "+j.Key))
		}
	}
	return errors.Join(failed...)
}

// Nodes is this machine.
func (b *Backend) Nodes(context.Context, jobscript.Pool) ([]string, error) {
	host, err := os.Hostname()
	return []string{host}, err
}

// Log is the file that the process writes to.
func (b *Backend) Log(j cluster.Job) string {
	return strings.ReplaceAll(j.LogPattern, "%a", strconv.Itoa(j.Index))
}

// Changed gets a value when a process has ended.
func (b *Backend) Changed() <-chan struct{} { return b.changed }
