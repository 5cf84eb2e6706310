package app

import (
	"context"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

func (c *Cluster) serveScale(body []byte) (any, error) {
	var request ScaleRequest
	if err := task.DecodeJSON(body, &request); err != nil {
		return nil, err
	}
	if request.Pool == "" {
		request.Pool = c.o.Pool.Name
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	return struct{}{}, c.pools.Scale(ctx, request.Pool, request.Jobs)
}

// ScaleRequest asks for a number of worker jobs.
type ScaleRequest struct {
	Pool string `json:"pool,omitempty"`
	Jobs int    `json:"jobs"`
}

func (c *Cluster) serveDown([]byte) (any, error) {
	select {
	case <-c.down:
	default:
		close(c.down)
	}
	return struct{}{}, nil
}
