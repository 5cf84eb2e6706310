package app

import (
	"context"
	"fmt"

	"github.com/ewoks-hpc/ewoks-hpc/cluster"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// ScaleRequest asks for a number of worker jobs, Jobs, or if MaxJobs is more than
// 0 for one that adapts to what there is to do, between MinJobs and MaxJobs.
type ScaleRequest struct {
	Pool    string `json:"pool,omitempty"`
	Jobs    int    `json:"jobs"`
	MinJobs int    `json:"min_jobs,omitempty"`
	MaxJobs int    `json:"max_jobs,omitempty"`
}

// Scale gives the cluster a fixed number of worker jobs. With fewer, queued jobs are
// cancelled first, then idle workers end; busy ones finish what they have. The error
// is Slurm's refusal.
func (c *Cluster) Scale(jobs int) error { return c.scale(ScaleRequest{Jobs: jobs}) }

// Adapt lets the number of worker jobs follow what there is to do, between min and
// max. The error is Slurm's refusal.
func (c *Cluster) Adapt(min, max int) error {
	if max < 1 {
		return fmt.Errorf("between %d and %d jobs", min, max)
	}
	return c.scale(ScaleRequest{MinJobs: min, MaxJobs: max})
}

func (c *Cluster) scale(r ScaleRequest) error {
	if r.Pool == "" {
		r.Pool = c.o.Pool.Name
	}
	size := cluster.Fixed(r.Jobs)
	if r.MaxJobs > 0 {
		size = cluster.Size{Min: r.MinJobs, Max: r.MaxJobs}
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	return c.pools.Resize(ctx, r.Pool, size)
}

func (c *Cluster) serveScale(body []byte) (any, error) {
	var request ScaleRequest
	if err := task.DecodeJSON(body, &request); err != nil {
		return nil, err
	}
	return struct{}{}, c.scale(request)
}

func (c *Cluster) serveDown([]byte) (any, error) {
	select {
	case <-c.down:
	default:
		close(c.down)
	}
	return struct{}{}, nil
}
