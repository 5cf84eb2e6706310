package slurmtest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ShutdownController ends slurmctld in good order, with all it knows on disk, and
// returns when it has ended. [Cluster.KillController] loses the latest jobs.
func (c *Cluster) ShutdownController() error {
	if out, err := c.Command(c.programs["scontrol"], "shutdown", "slurmctld").CombinedOutput(); err != nil {
		return fmt.Errorf("scontrol shutdown: %w: %s", err, out)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	saved := c.controller.waitFor("end of slurmctld", func() bool {
		_, err := os.Stat(filepath.Join(c.Dir, "slurmctld.pid"))
		return errors.Is(err, fs.ErrNotExist)
	})
	if c.controller.alive() {
		c.controller.kill()
		return saved
	}
	return nil
}

// ForgetJobs removes what slurmctld has on disk, while it is down. After
// [Cluster.StartController] no job is listed any more, and slurmd ends those it has.
func (c *Cluster) ForgetJobs() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.controller.alive() {
		return errors.New("forget jobs: slurmctld runs")
	}
	files, err := filepath.Glob(filepath.Join(c.Dir, "state", "*"))
	if err != nil {
		return err
	}
	for _, file := range files {
		err = errors.Join(err, os.RemoveAll(file))
	}
	return err
}
