package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
	"github.com/ewoks-hpc/ewoks-hpc/coordinator"
)

// Durability says what outlives a launcher.
type Durability struct {
	// Runs keeps a journal of the runs, so that the next launcher of the cluster
	// goes on with them.
	Runs bool
	// Dir is the folder of the journals of clusters, on a local disk; empty is the
	// state directory or, if that is on a network, one under /var/tmp.
	Dir string
	// Strict syncs every entry to the disk.
	Strict bool
}

// journalDir is the folder of a cluster's journal.
func (o *ClusterOptions) journalDir() string {
	if o.Durability.Dir != "" {
		return filepath.Join(o.Durability.Dir, o.Name)
	}
	if system, _ := broker.StatFileSystem(filepath.Dir(o.StateDir)); system.Reach != broker.ReachShared {
		return filepath.Join(o.StateDir, "journal")
	}
	return filepath.Join("/var/tmp", fmt.Sprintf("ewoks-hpc-%d", os.Getuid()), o.Name)
}

func (c *Cluster) openJournal(context.Context) error {
	if !c.o.Durability.Runs {
		return nil
	}
	dir := c.o.journalDir()
	journal, err := broker.OpenJournal(broker.JournalOptions{Dir: dir, Strict: c.o.Durability.Strict, Logger: c.o.Logger.With("service", "journal")})
	if err != nil {
		return err
	}
	c.journal = journal
	c.teardown.push("journal", journal.Close)
	return nil
}

func (c *Cluster) journalPath() string {
	if c.journal == nil {
		return ""
	}
	return c.o.journalDir()
}

// giveUpRuns forgets the runs of a launcher that was killed, and returns how many
// had not ended.
func giveUpRuns(ctx context.Context, info Info) (int, error) {
	if info.Journal == "" {
		return 0, nil
	}
	if _, err := os.Stat(info.Journal); err != nil {
		return 0, nil
	}
	journal, err := broker.OpenJournal(broker.JournalOptions{Dir: info.Journal})
	if err != nil {
		return 0, err
	}
	n, err := coordinator.GiveUp(ctx, journal)
	if closeErr := journal.Close(); err == nil {
		err = closeErr
	}
	return n, err
}
