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

// readLaunches returns the names of the launches recorded in a state directory.
func readLaunches(dir string) (names []string, err error) {
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
			names = append(names, l.Name)
		}
	}
	return names, lines.Err()
}

// cancelLaunches cancels the Slurm jobs that a killed launcher left behind, and
// returns how many there were.
func cancelLaunches(ctx context.Context, dir string) (int, error) {
	names, err := readLaunches(dir)
	if err != nil || len(names) == 0 {
		return 0, err
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
