package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/coordinator"
	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// RunOn runs a workflow on a cluster that is up. A cancelled context cancels
// the run.
func RunOn(ctx context.Context, r Run, client *Client) (engine.Outcome, error) {
	s, err := r.submission()
	if err != nil {
		return engine.Outcome{}, err
	}
	wait, err := client.Watch(ctx, s.Run, func(p coordinator.Progress) { r.report(p) })
	if err != nil {
		return engine.Outcome{}, err
	}
	if err := client.Submit(ctx, s); err != nil {
		err = fmt.Errorf("run not submitted: %w", err)
		var remote *coordinator.RemoteError
		if errors.As(err, &remote) && remote.Mistake() { // no pool can run it
			return engine.Outcome{}, &InvalidError{Cause: err, Advice: remote.Hint()}
		}
		return engine.Outcome{}, err
	}
	watching, stop := context.WithCancel(ctx)
	go r.tellWhy(watching, client)
	ended, err := wait(ctx)
	stop()
	if ctx.Err() != nil {
		if err := cancelRun(context.WithoutCancel(ctx), client, s.Run); err != nil {
			return engine.Outcome{}, err
		}
		return engine.Outcome{}, context.Cause(ctx)
	}
	return ended.Outcome, err
}

// cancelRun ends a run; a launcher that is busy gets several chances to hear of it.
func cancelRun(ctx context.Context, client *Client, run string) (err error) {
	for range 4 {
		attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
		err = client.Cancel(attempt, run)
		cancel()
		if err == nil || !errors.Is(err, context.DeadlineExceeded) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("run %s goes on: it was not cancelled: %w", run, err)
	}
	return nil
}

// noticeInterval is the time between two questions why nothing is executed.
const noticeInterval = 3 * time.Second

// tellWhy reports why nothing is executed, as long as there are no workers, or they
// get nothing.
func (r Run) tellWhy(ctx context.Context, client *Client) {
	ticker := time.NewTicker(noticeInterval)
	defer ticker.Stop()
	for last := ""; r.Progress != nil; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		var o dashboard.Overview
		ask, cancel := context.WithTimeout(ctx, 2*noticeInterval)
		err := client.Call(ask, "overview", nil, &o)
		cancel()
		if err == nil && len(o.Workers) > 0 && !o.Paused {
			return
		}
		if notice := strings.Join(o.Notices, "; "); err == nil && notice != last {
			last = notice
			r.Progress(Progress{Notice: notice})
		}
	}
}

func (r Run) submission() (*coordinator.Submission, error) {
	document, err := r.Workflow.Document()
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(r.Dir)
	if err != nil {
		return nil, err
	}
	s := &coordinator.Submission{
		Run: task.NewKey(), Workflow: document, Limit: r.Limit, Outputs: coordinator.SelectedOutputs(r.Workflow.SelectOutputs(r.Outputs)),
		Environment: task.Environment{Dir: dir, Set: r.Set, Prepare: r.Prepare}, Save: r.Save, Apart: r.Apart,
		Values: r.Values, KeepGoing: r.KeepGoing, Context: r.Context, Retry: r.Retry,
	}
	s.Host, _ = os.Hostname()
	if u, err := user.Current(); err == nil {
		s.User = u.Username
	}
	return s, nil
}

func (r Run) report(p coordinator.Progress) {
	if r.Progress == nil {
		return
	}
	for _, printed := range p.Printed {
		r.Progress(Progress{Counts: p.Counts, Node: printed.Node, Stdout: printed.Stdout, Stderr: printed.Stderr})
	}
	r.Progress(Progress{Counts: p.Counts})
}

// RunInCluster brings up a cluster for the length of one run.
func RunInCluster(ctx context.Context, r Run, o ClusterOptions) (outcome engine.Outcome, err error) {
	c, err := StartCluster(ctx, o)
	if err != nil {
		return outcome, err
	}
	defer func() {
		if stopErr := c.Stop(); err == nil {
			err = stopErr
		}
	}()
	client, err := Connect(ctx, o.StateDir)
	if err != nil {
		return outcome, err
	}
	defer client.Close()
	return RunOn(ctx, r, client)
}
