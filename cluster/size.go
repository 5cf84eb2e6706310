package cluster

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/scale"
)

// Size is how many jobs a pool has. Between Min and Max it adapts to what there is
// to do; if they are equal it is fixed.
type Size struct{ Min, Max int }

// Fixed is the size of a pool that does not adapt.
func Fixed(jobs int) Size { return Size{jobs, jobs} }

// Adapts says whether the number of jobs depends on what there is to do.
func (s Size) Adapts() bool { return s.Min < s.Max }

// maxJobs is beyond what any Slurm takes from one user; it bounds what clients ask
// for.
const maxJobs = 100_000

func (s Size) check(pool string) error {
	if s.Min < 0 || s.Max < s.Min || s.Max > maxJobs {
		return fmt.Errorf("pool %s: %d to %d jobs", pool, s.Min, s.Max)
	}
	return nil
}

// String is as in "2 jobs (String)".
func (s Size) String() string {
	if s.Adapts() {
		return fmt.Sprintf("adapts between %d and %d", s.Min, s.Max)
	}
	return fmt.Sprintf("%d wanted", s.Max)
}

// defaultIdleTimeout is in minutes, since a job may have waited for hours.
const defaultIdleTimeout = 2 * time.Minute

// Resize sets how many jobs a pool has, and lifts what had stopped the pool. With
// fewer, queued jobs are cancelled first, then idle workers end; busy ones finish
// their tasks before. The error is a refusal; what waits is told by Explain.
func (c *Cluster) Resize(ctx context.Context, name string, size Size) error {
	if err := size.check(name); err != nil {
		return err
	}
	c.mu.Lock()
	p := c.pool(name)
	if p == nil {
		c.mu.Unlock()
		return unknownPool{name, c.o.Pools}
	}
	p.reduced = size.Max < p.Size.Max || p.reduced && size.Max == p.Size.Max
	p.Size = size
	p.lift()
	// What the demand was before is not known: all jobs count as needed until now.
	p.recent.Add(time.Now(), math.MaxInt, p.IdleTimeout)
	c.mu.Unlock()
	return c.round(ctx)
}

// PoolView is a picture of a pool.
type PoolView struct {
	Name string
	Size Size
	// Jobs are queued or running, and not about to end. Adopted are those of them that
	// an earlier launcher has submitted.
	Jobs, Adopted int
	// Pending says why jobs could not be submitted yet; empty if they could.
	Pending string
	// Demand is the number of slots that tasks need, Slots that of one job.
	Demand, Slots int
	// Stopped says why nothing is submitted; nil if it is. Excluded nodes are not
	// used for some time.
	Stopped  *Stopped
	Excluded []Excluded
}

// Pools tells about the pools as last seen.
func (c *Cluster) Pools() (views []PoolView) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.pools {
		v := PoolView{Name: p.Name, Size: p.Size, Demand: p.demand, Slots: p.Slots, Stopped: p.stopped, Excluded: p.suspects.list(time.Now()), Pending: p.pending}
		for _, r := range c.ledger.live(p.Name) {
			if r.scalePhase() != scale.Ending {
				v.Jobs++
				if slices.ContainsFunc(c.o.Adopted, func(l Launch) bool { return l.Key == r.Key }) {
					v.Adopted++
				}
			}
		}
		views = append(views, v)
	}
	return views
}

type unknownPool struct {
	name  string
	pools []PoolOptions
}

func (e unknownPool) Error() string { return fmt.Sprintf("no pool %q", e.name) }

// Hint lists the pools.
func (e unknownPool) Hint() string {
	var names []string
	for _, p := range e.pools {
		names = append(names, p.Name)
	}
	return "pools are " + strings.Join(names, ", ")
}
