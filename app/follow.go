package app

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
)

// followRun prints what tasks of a run print until the run ends. What a task prints
// comes when it has ended.
func (l LogPrinter) followRun(ctx context.Context, name, node string) error {
	client, err := Connect(ctx, l.Dir)
	if err != nil {
		return err
	}
	defer client.Close()
	e, err := client.Explain(ctx, name, node)
	if err != nil {
		return err
	}
	id := e.Run.Run
	wait, err := client.Watch(ctx, id, nil)
	if err != nil {
		return err
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	end := make(chan error, 1)
	go func() {
		now, err := client.Outcome(watching, id) // it may have ended before it was watched
		if err == nil && now.Outcome.Status == engine.Running {
			_, err = wait(watching)
		}
		end <- err
	}()
	var failed error
	over := false
	err = tail(ctx, func() (string, error) { return l.printedFile(id), nil }, func() bool {
		select {
		case failed = <-end:
			over = true
		default:
		}
		return over
	}, l.printed(node))
	if err == nil {
		err = failed
	}
	return err
}

// jobInterval is the time between two questions how a job is.
const jobInterval = time.Second

// followJob prints the log of a job until the job has ended. files are those that
// there are.
func (l LogPrinter) followJob(ctx context.Context, name string, files []string) error {
	if len(files) > 1 {
		return &InvalidError{Cause: fmt.Errorf("job %s has %d logs: one can be followed", name, len(files)), Advice: "name one of " + strings.Join(jobNames(files), ", ")}
	}
	client, err := Connect(ctx, l.Dir)
	if err != nil {
		return err
	}
	defer client.Close()
	f := jobFollower{client: client, name: name}
	if err := f.look(ctx); err != nil {
		return err
	}
	if !f.live && len(files) == 0 {
		return &InvalidError{Cause: fmt.Errorf("the cluster has no job %s", name), Advice: "ewoks-hpc jobs lists them"}
	}
	if f.reason != "" && len(files) == 0 {
		l.notice("waiting: job " + name + ": " + f.reason)
	}
	find := func() (string, error) {
		files, err := l.jobFiles(name)
		if err != nil || len(files) == 0 {
			return "", err
		}
		return files[0], nil
	}
	err = tail(ctx, find, func() bool { return !f.alive(ctx) }, l.line)
	if err == nil {
		err = f.err
	}
	return err
}

// jobFollower knows whether a job may write more.
type jobFollower struct {
	client *Client
	name   string
	live   bool
	reason string
	looked time.Time
	err    error
}

func (f *jobFollower) alive(ctx context.Context) bool {
	if time.Since(f.looked) > jobInterval {
		f.err = f.look(ctx)
	}
	return f.live && f.err == nil
}

func (f *jobFollower) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	o, err := f.client.Glance(ctx)
	if err != nil {
		return err
	}
	f.looked = time.Now()
	i := slices.IndexFunc(o.Jobs, func(j dashboard.Job) bool {
		return fmt.Sprintf("%s_%d", j.ID, j.Index) == f.name || j.ID == f.name
	})
	f.live = i >= 0 && o.Jobs[i].Phase != "ended"
	if f.live {
		f.reason = o.Jobs[i].Reason
	}
	return nil
}

// jobNames are the jobs that logs are of.
func jobNames(files []string) (names []string) {
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".log")
		names = append(names, name[strings.LastIndex(name, "-")+1:])
	}
	return names
}
