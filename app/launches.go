package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/cluster"
	"github.com/ewoks-hpc/ewoks-hpc/slurm"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// recorder writes down each launch before it is submitted, so that its jobs can
// be found and cancelled when the launcher was killed.
type recorder struct {
	cluster.Backend
	path string
}

// Submit records the launch and then submits it.
func (r recorder) Submit(ctx context.Context, l cluster.Launch) (cluster.Launch, error) {
	line, err := json.Marshal(l)
	if err != nil {
		return l, err
	}
	f, err := os.OpenFile(r.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return l, fmt.Errorf("record of launches: %w", err)
	}
	_, err = f.Write(append(line, '\n'))
	if err := errors.Join(err, f.Close()); err != nil {
		return l, fmt.Errorf("record of launches: %w", err)
	}
	return r.Backend.Submit(ctx, l)
}

// readLaunches returns the launches recorded in a state directory.
func readLaunches(dir string) (launches []cluster.Launch, err error) {
	f, err := os.Open(filepath.Join(dir, launchesFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var l cluster.Launch
		if json.Unmarshal(lines.Bytes(), &l) == nil && l.Name != "" {
			launches = append(launches, l)
		}
	}
	return launches, lines.Err()
}

// adopt returns the launches of an earlier launcher that may still have jobs. If
// they can be of no use, they are cancelled.
func (c *Cluster) adopt(ctx context.Context) ([]cluster.Launch, error) {
	if c.o.Local {
		if c.journal != nil { // its workers have ended with the launcher
			c.coordinator.Gone(func(task.Hello) bool { return true }, "the launcher was restarted")
		}
		n, err := cancelLaunches(ctx, c.o.StateDir)
		if err != nil {
			return nil, fmt.Errorf("jobs that an earlier launcher of cluster %s left behind: %w", c.o.Name, err)
		}
		if n > 0 {
			c.o.Logger.Info("jobs that an earlier launcher left behind were cancelled", "jobs", n)
		}
		return nil, nil
	}
	launches, err := readLaunches(c.o.StateDir)
	for i := range launches {
		launches[i].Spec = c.o.poolNamed(launches[i].Pool).Pool
	}
	return launches, err
}

// cancelLaunches cancels the Slurm jobs that a killed launcher left behind, and
// returns how many there were.
func cancelLaunches(ctx context.Context, dir string) (int, error) {
	launches, err := readLaunches(dir)
	if err != nil || len(launches) == 0 {
		return 0, err
	}
	names := make([]string, len(launches))
	for i, l := range launches {
		names[i] = l.Name
	}
	cli := slurm.NewCLI(slurm.Options{})
	snapshot, err := cli.List(ctx, names)
	if err != nil {
		return 0, err
	}
	var ids []string
	for _, j := range snapshot.Jobs {
		if j.State != slurm.Ended {
			ids = append(ids, fmt.Sprintf("%s_%d", j.ID, j.Index))
		}
	}
	if len(ids) == 0 {
		return 0, nil
	}
	ctx, cancel := context.WithTimeout(ctx, stopTime)
	defer cancel()
	left, err := cli.CancelAndWait(ctx, names, ids, time.Second)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("%d are still in Slurm's queue", len(left))
	}
	return len(ids), err
}
