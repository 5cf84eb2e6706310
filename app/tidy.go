package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// startTidying removes what is older than the runs that are kept. The coordinator
// forgets the runs themselves.
func (c *Cluster) startTidying(context.Context) error {
	if keep := c.o.KeepRuns; keep > 0 {
		c.repeat("tidying", min(time.Hour, keep), func() { c.tidy(time.Now().Add(-keep)) })
	}
	return nil
}

func (c *Cluster) tidy(before time.Time) {
	unknown := func(name string) bool { return runName.MatchString(name) && !c.coordinator.Knows(name) }
	c.removeOld(filepath.Join(c.o.StateDir, printedDir), before, func(name string) bool {
		run, ok := strings.CutSuffix(name, ".jsonl")
		return ok && unknown(run)
	})
	c.removeOld(filepath.Join(c.o.StateDir, valuesDir), before, unknown)
	if c.history != nil {
		if _, err := c.history.Prune(time.Since(before)); err != nil {
			c.o.Logger.Warn("what is old is not removed", "error", err)
		}
	}
	live := map[string]bool{}
	for _, j := range c.pools.Jobs() {
		live[j.Key] = true
	}
	ours := regexp.MustCompile(`-` + regexp.QuoteMeta(c.o.Name) + `-([0-9A-Za-z]{26})-[0-9_]+\.log$`)
	for _, dir := range c.logDirs() {
		c.removeOld(dir, before, func(name string) bool {
			found := ours.FindStringSubmatch(name)
			return found != nil && !live[found[1]]
		})
	}
}

// runName is what runs are called, see [task.NewKey].
var runName = regexp.MustCompile(`^[0-9A-Z]{26}$`)

// logDirs are the folders of the jobs' logs.
func (c *Cluster) logDirs() []string {
	dirs := []string{filepath.Join(c.o.StateDir, jobLogsDir)}
	for _, p := range c.o.AllPools() {
		if dir := p.Pool.LogDirectory; filepath.IsAbs(dir) && dir != dirs[0] {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// removeOld removes files and folders that were last changed before a time.
func (c *Cluster) removeOld(dir string, before time.Time, match func(name string) bool) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || info.ModTime().After(before) || !match(e.Name()) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			c.o.Logger.Warn("what is old is not removed", "error", err)
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.o.Logger.Warn("what is old is not removed", "error", err)
	}
}
