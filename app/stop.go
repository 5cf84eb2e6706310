package app

import (
	"context"
	"fmt"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// stopTime bounds the end of worker jobs: Slurm may take its time to kill.
const stopTime = 90 * time.Second

func (c *Cluster) stopPools() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	if c.suspended && !c.o.Local {
		c.pools.Halt()
		return nil
	}
	c.dismiss(ctx)
	left, err := c.pools.Stop(ctx)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("%d worker jobs are still in Slurm's queue, the first is %s", len(left), left[0].ID)
	}
	return err
}

// dismissTime is how long workers may take to leave by themselves.
const dismissTime = 3 * time.Second

// dismiss ends all runs and lets the workers leave, so that their jobs count as
// completed, not as cancelled.
func (c *Cluster) dismiss(ctx context.Context) {
	c.pools.Halt()
	if !c.suspended {
		c.coordinator.CancelAll("the cluster is going down")
		c.coordinator.Unpause() // the next one begins anew
	}
	c.coordinator.Drain(func(task.Hello) bool { return true })
	for deadline := time.Now().Add(dismissTime); time.Now().Before(deadline) && ctx.Err() == nil; {
		if len(c.coordinator.Status().Workers) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}
