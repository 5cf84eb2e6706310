package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
	"github.com/ewoks-hpc/ewoks-hpc/coordinator"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// launcher is the part of one that dispatches.
type launcher struct {
	dir         string
	server      *broker.Server
	journal     *broker.Journal
	coordinator *coordinator.Coordinator
	conn        *broker.Conn
	client      *coordinator.Client
}

func newLauncher() (_ *launcher, err error) {
	l := &launcher{}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if l.dir, err = os.MkdirTemp("", "dispatch-"); err != nil {
		return nil, err
	}
	if l.server, err = broker.Start(broker.ServerOptions{Name: "bench", Dir: l.dir}); err != nil {
		return nil, err
	}
	if l.journal, err = broker.OpenJournal(broker.JournalOptions{Dir: filepath.Join(l.dir, "journal")}); err != nil {
		return nil, err
	}
	conn, err := l.server.Conn("coordinator")
	if err != nil {
		return nil, err
	}
	c := coordinator.New(coordinator.Options{Conn: conn, Store: l.dir, Journal: l.journal})
	if err := c.Start(); err != nil {
		return nil, err
	}
	l.coordinator = c
	access, err := broker.ReadAccess(broker.ClientAccess(l.dir))
	if err != nil {
		return nil, err
	}
	if l.conn, err = broker.Connect(context.Background(), access, broker.ConnectOptions{Name: "client"}); err != nil {
		return nil, err
	}
	l.client = coordinator.NewClient(l.conn)
	return l, nil
}

func (l *launcher) close() {
	if l.conn != nil {
		l.conn.Close()
	}
	if l.coordinator != nil {
		l.coordinator.Stop()
	}
	if l.journal != nil {
		_ = l.journal.Close()
	}
	if l.server != nil {
		_ = l.server.Close()
	}
	_ = os.RemoveAll(l.dir)
}

// submit sends a run of independent tasks; wait returns when all have succeeded.
func (l *launcher) submit(ctx context.Context, tasks int) (wait func() error, err error) {
	var doc strings.Builder
	doc.WriteString(`{"graph":{"id":"g"},"links":[],"nodes":[`)
	for i := range tasks {
		if i > 0 {
			doc.WriteByte(',')
		}
		fmt.Fprintf(&doc, `{"id":"n%d","task_type":"method","task_identifier":"bench.noop"}`, i)
	}
	doc.WriteString("]}")
	id := task.NewKey()
	end, err := l.client.Watch(ctx, id, nil)
	if err != nil {
		return nil, err
	}
	if err := l.client.Submit(ctx, &coordinator.Submission{Run: id, Workflow: []byte(doc.String())}); err != nil {
		return nil, err
	}
	return func() error {
		e, err := end(ctx)
		if err == nil && (e.Outcome.Status != engine.Succeeded || e.Counts.Succeeded != tasks) {
			err = fmt.Errorf("the run %s with %d of %d tasks: %s", e.Outcome.Status, e.Counts.Succeeded, tasks, e.Outcome.Failure.Message)
		}
		return err
	}, nil
}

type dispatched struct {
	Workers int     `json:"workers"`
	Tasks   int     `json:"tasks"`
	Seconds float64 `json:"seconds"` // from the submission to the outcome
	CPU     float64 `json:"cpu"`     // seconds of the launcher, meanwhile
	// Connect is how long it took until all workers had said hello, in seconds;
	// Memory is what they added to the launcher's, in bytes.
	Connect float64 `json:"connect"`
	Memory  int64   `json:"memory"`
}

func (l *launcher) dispatch(ctx context.Context, o options) (d dispatched, err error) {
	d.Workers, d.Tasks = o.workers, o.tasks
	before, begun := resident(), time.Now()
	stop, err := l.hire(ctx, o.workers)
	if err != nil {
		return d, err
	}
	defer stop()
	for len(l.coordinator.Status().Workers) < o.workers {
		if ctx.Err() != nil {
			return d, fmt.Errorf("%d of %d workers: %w", len(l.coordinator.Status().Workers), o.workers, context.Cause(ctx))
		}
		time.Sleep(10 * time.Millisecond)
	}
	d.Connect, d.Memory = time.Since(begun).Seconds(), resident()-before
	end, err := profileCPU(o.profile)
	if err != nil {
		return d, err
	}
	defer end()
	for _, tasks := range []int{min(1000, o.tasks), o.tasks} { // the first warms up
		begun, spent := time.Now(), cpu()
		wait, err := l.submit(ctx, tasks)
		if err == nil {
			err = wait()
		}
		if err != nil {
			return d, err
		}
		d.Seconds, d.CPU = time.Since(begun).Seconds(), cpu()-spent
	}
	return d, nil
}

type queued struct {
	Tasks   int     `json:"tasks"`
	Seconds float64 `json:"seconds"` // to submit them
	// Peak is the most memory of the launcher, Memory what it has in the end, in bytes.
	Peak   int64 `json:"peak"`
	Memory int64 `json:"memory"`
}

func (l *launcher) queue(ctx context.Context, o options) (q queued, err error) {
	before, begun := resident(), time.Now()
	for left := o.queued; left > 0; left -= o.graph {
		if _, err := l.submit(ctx, min(left, o.graph)); err != nil {
			return q, err
		}
		q.Peak = max(q.Peak, resident()-before)
	}
	if ready := l.coordinator.Status().Ready; ready != o.queued {
		return q, fmt.Errorf("%d tasks are queued, not %d", ready, o.queued)
	}
	q.Seconds, q.Tasks = time.Since(begun).Seconds(), o.queued
	if o.profile != "" {
		if err := profile(o.profile); err != nil {
			return q, err
		}
	}
	debug.FreeOSMemory()
	q.Memory = resident() - before
	return q, nil
}

func profileCPU(path string) (end func(), err error) {
	if path == "" {
		return func() {}, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, err
	}
	return func() { pprof.StopCPUProfile(); _ = f.Close() }, nil
}

func profile(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	runtime.GC()
	return pprof.WriteHeapProfile(f)
}

// hire starts a process with workers; stop ends it.
func (l *launcher) hire(ctx context.Context, workers int) (stop func(), err error) {
	const launch = "bench"
	if err := l.server.Grant(launch, workers); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "-access", broker.KeysDir(l.dir), "-launch", launch, "-workers", strconv.Itoa(workers))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe() // its end, also if this process is killed, ends the workers
	if err != nil {
		return nil, err
	}
	return func() { _ = stdin.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() }, cmd.Start()
}

// resident is the memory of this process in bytes, after what is not used is returned.
func resident() int64 {
	runtime.GC()
	text, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer text.Close()
	var kib int64
	for lines := bufio.NewScanner(io.LimitReader(text, 1<<16)); lines.Scan(); {
		if n, _ := fmt.Sscanf(lines.Text(), "VmRSS: %d kB", &kib); n == 1 {
			break
		}
	}
	return kib << 10
}

// cpu is the processor time of this process in seconds.
func cpu() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}
