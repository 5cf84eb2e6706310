package cluster

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/slurm"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// submit starts n jobs of a pool, in as few launches as the backend allows. Its
// error is a refusal, which stops the pool.
func (c *Cluster) submit(ctx context.Context, p *pool, n int) error {
	if n <= 0 {
		return nil
	}
	most, err := c.o.Backend.MaxCount(ctx)
	if err != nil {
		return c.failed(ctx, p, err)
	}
	for n > 0 {
		count := min(n, most)
		if err := c.launch(ctx, p, count); err != nil {
			return c.failed(ctx, p, err)
		}
		n -= count
	}
	c.mu.Lock()
	p.pending = ""
	c.mu.Unlock()
	return nil
}

func (c *Cluster) launch(ctx context.Context, p *pool, count int) error {
	key := task.NewKey()
	l := Launch{
		Key: key, Name: launchName(p.Spec.JobName, c.o.Name, key), Pool: p.Name, Count: count,
		Spec: p.Spec, Submitted: time.Now(),
	}
	c.mu.Lock()
	l.Exclude = p.suspects.names(l.Submitted)
	c.mu.Unlock()
	if c.o.Keys != nil {
		if err := c.o.Keys.Grant(key, count); err != nil {
			return err
		}
	}
	c.mu.Lock()
	c.ledger.add(l)
	c.mu.Unlock()
	submitted, err := c.o.Backend.Submit(ctx, l)
	switch {
	case err == nil:
		c.mu.Lock()
		c.ledger.confirm(submitted)
		c.mu.Unlock()
		c.o.Logger.Info("jobs submitted", "pool", p.Name, "jobs", count, "id", submitted.ID, "name", l.Name)
	case !errors.Is(err, slurm.ErrAmbiguous): // else it is settled in the next round
		c.forsake(l)
	}
	return err
}

// failed notes a submission that failed. It returns the error if it is a refusal.
func (c *Cluster) failed(ctx context.Context, p *pool, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, kind := range []error{slurm.ErrTransient, slurm.ErrLimit, slurm.ErrAmbiguous} {
		if errors.Is(err, kind) {
			c.o.Logger.Warn("jobs not submitted yet", "pool", p.Name, "error", err)
			p.pending, p.retryAt = advised(err), time.Now().Add(c.o.Interval)
			return nil
		}
	}
	p.refuse(err)
	c.o.Logger.Error("pool stopped: its jobs are refused", "pool", p.Name, "error", err)
	return fmt.Errorf("pool %s: %w", p.Name, err)
}

// maxName is what every list and filter of Slurm shows of a job name.
const maxName = 64

var notInNames = regexp.MustCompile(`[^A-Za-z0-9_.-]+`)

// launchName is <job name>-<cluster>-<key>, cut before the key, which is what
// makes it unique.
func launchName(jobName, cluster, key string) string {
	if jobName == "" {
		jobName = "ewoks-hpc"
	}
	prefix := notInNames.ReplaceAllString(jobName+"-"+cluster, "_")
	return prefix[:min(len(prefix), maxName-1-len(key))] + "-" + key
}
