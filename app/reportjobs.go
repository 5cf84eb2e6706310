package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/cluster"
	"github.com/ewoks-hpc/ewoks-hpc/history"
	"github.com/ewoks-hpc/ewoks-hpc/report"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// jobsKey is under which the history has the worker jobs of the cluster. No run and
// no campaign has such a name.
const jobsKey = "-jobs-"

// jobBook records when jobs were queued, started and ended: the pools forget them soon
// after their end, and reports are made later.
type jobBook struct {
	cluster *Cluster
	stop    chan struct{}
	done    sync.WaitGroup

	mu    sync.Mutex
	known map[string]report.Job // those that have not ended
}

// lookInterval is how often jobs are looked at; Slurm is not asked for that.
const lookInterval = 5 * time.Second

// recordJobs begins to record jobs, and to answer who makes a report. What is started after it is stopped before it, and
// so recorded to the end.
func (c *Cluster) recordJobs(context.Context) error {
	if c.history == nil {
		return nil
	}
	b := &jobBook{cluster: c, stop: make(chan struct{}), known: map[string]report.Job{}}
	all, err := recordedJobs(c.history.Folder)
	if err != nil {
		c.o.Logger.Warn("earlier jobs are not known", "error", err)
	}
	for id, j := range all {
		if j.Ended.IsZero() {
			b.known[id] = j
		}
	}
	if err := c.coordinator.Serve(reportVerb, b.serve); err != nil {
		return err
	}
	b.done.Go(b.run)
	c.teardown.push("record of jobs", func() error {
		close(b.stop)
		b.done.Wait()
		b.look()
		return nil
	})
	return nil
}

func (b *jobBook) run() {
	ticker := time.NewTicker(lookInterval)
	defer ticker.Stop()
	for {
		select {
		case <-b.stop:
			return
		case <-ticker.C:
			b.look()
		}
	}
}

// look records what has changed.
func (b *jobBook) look() {
	b.mu.Lock()
	defer b.mu.Unlock()
	changed, listed := map[string]report.Job{}, map[string]bool{}
	for _, j := range b.cluster.pools.Jobs() {
		if j.ID == "" {
			continue // its submission is not confirmed
		}
		id := fmt.Sprintf("%s_%d", j.ID, j.Index)
		listed[id] = true
		old, known := b.known[id]
		now := b.cluster.recordOf(id, j, old)
		if j.Phase == cluster.Ended && !known {
			continue // it was recorded before
		}
		if now != old {
			changed[id] = now
		}
	}
	for id, j := range b.known {
		if !listed[id] { // it ended while no launcher was there
			j.Ended, j.State = time.Now(), string(cluster.Unknown)
			changed[id] = j
		}
	}
	b.record(changed)
}

func (b *jobBook) record(changed map[string]report.Job) {
	if len(changed) == 0 {
		return
	}
	if err := b.cluster.history.Describe(jobsKey, changed); err != nil {
		b.cluster.o.Logger.Warn("jobs not recorded", "error", err)
		return
	}
	for id, j := range changed {
		if j.Ended.IsZero() {
			b.known[id] = j
		} else {
			delete(b.known, id)
		}
	}
}

// recordOf is a job as it is now; its start is known only as long as it runs.
func (c *Cluster) recordOf(id string, j cluster.Job, old report.Job) report.Job {
	pool := c.o.poolNamed(j.Pool).worker(c.o.Local)
	r := report.Job{
		ID: id, Pool: j.Pool, Nodes: j.Nodes, Cores: max(pool.Cores, 1) * max(pool.Nodes, 1),
		Queued: j.Submitted, Started: old.Started, State: string(j.Phase), Reason: j.Plain,
	}
	if j.Phase == cluster.Unknown { // for once
		r.State, r.Reason = old.State, old.Reason
	}
	if r.Started.IsZero() && (j.Phase == cluster.Running || j.Phase == cluster.Ending) {
		r.Started = j.Since
	}
	if j.Phase == cluster.Ended {
		r.Ended = j.Since
	}
	return r
}

// recordedJobs are all that were ever recorded.
func recordedJobs(folder history.Folder) (jobs map[string]report.Job, err error) {
	if err = folder.About(jobsKey, &jobs); errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return jobs, err
}

// jobsOf are the recorded jobs of some pools, or of all if there are none, that were
// there while a run or campaign went on.
func jobsOf(folder history.Folder, about report.Description, pools []string) (list []report.Job, err error) {
	all, err := recordedJobs(folder)
	if err != nil {
		return nil, err
	}
	for _, id := range slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		return cmp.Or(all[a].Queued.Compare(all[b].Queued), strings.Compare(a, b))
	}) {
		j := all[id]
		late := !about.Ended.IsZero() && !j.Queued.Before(about.Ended)
		early := !j.Ended.IsZero() && j.Ended.Before(about.Submitted)
		if !late && !early && (len(pools) == 0 || slices.Contains(pools, j.Pool)) {
			list = append(list, j)
		}
	}
	return list, nil
}

// reportVerb is what clients ask for before they make a report.
const reportVerb = "report"

type reportRequest struct {
	Name string `json:"name"`
}

// serve writes what is known to the records, and answers how a run is at present, if
// it is one.
func (b *jobBook) serve(body []byte) (any, error) {
	var r reportRequest
	if err := task.DecodeJSON(body, &r); err != nil {
		return nil, err
	}
	b.look()
	b.cluster.history.Sync()
	for _, s := range b.cluster.coordinator.Status().Runs {
		if s.Run == r.Name {
			return b.cluster.describe(s), nil
		}
	}
	return struct{}{}, nil
}
