package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/cluster"
	"github.com/ewoks-hpc/ewoks-hpc/coordinator"
	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
)

func (c *Cluster) startPage(context.Context) error {
	if !c.o.Page {
		return nil
	}
	logger := c.o.Logger.With("service", "page")
	handler := dashboard.New(c.pageOptions(logger))
	server, err := c.startServer(dashboard.ServerOptions{Handler: handler, Logger: logger})
	if err != nil {
		return err
	}
	c.page = handler.Link(server.Addr())
	c.teardown.push("status page", func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		return server.Stop(ctx)
	})
	return nil
}

// pageOptions are what the page can show and do.
func (c *Cluster) pageOptions(logger *slog.Logger) dashboard.Options {
	o := dashboard.Options{Source: c, Logs: Logs{c.o.StateDir}, Orders: pageOrders{c}, Logger: logger}
	if c.history != nil {
		o.Attempts, o.Runs = c, &runDetails{cluster: c, open: map[string]*runDetail{}}
	}
	if c.campaigns != nil {
		o.Campaigns, o.Rows = campaignDetails{c}, campaignDetails{c}
	}
	return o
}

// Overview is a picture of the cluster, for the status page and for clients.
func (c *Cluster) Overview() dashboard.Overview {
	s := c.coordinator.Status()
	o := dashboard.Overview{
		Cluster: c.o.Name, Address: c.Address(), Version: c.o.Version, Started: c.started, Taken: time.Now(),
		Ready: s.Ready, Leased: s.Leased, Delayed: s.Delayed, Totals: dashboard.Totals(s.Totals), Paused: s.Paused, Notices: c.notices(s),
	}
	for _, w := range s.Workers {
		o.Workers = append(o.Workers, pageWorker(w))
	}
	for _, p := range c.pools.Pools() {
		shown := dashboard.Pool{
			Pool: p.Name, Size: p.Size.String(), Jobs: p.Jobs, MinJobs: p.Size.Min, MaxJobs: p.Size.Max,
			Adapts: p.Size.Adapts(), Demand: p.Demand, SlotsPerJob: p.Slots,
		}
		if p.Stopped != nil {
			stopped := dashboard.Stopped(*p.Stopped)
			shown.Stopped = &stopped
		}
		for _, x := range p.Excluded {
			shown.Excluded = append(shown.Excluded, dashboard.Excluded(x))
		}
		o.Pools = append(o.Pools, shown)
	}
	for _, j := range c.pools.Jobs() {
		o.Jobs = append(o.Jobs, pageJob(j))
	}
	for _, r := range s.Runs {
		o.Runs = append(o.Runs, dashboard.Run(r))
	}
	o.Causes, o.Campaigns = s.Causes, c.pageCampaigns(context.Background())
	return o
}

// refreshedOverview looks at Slurm first, unless somebody just has.
func (c *Cluster) refreshedOverview() dashboard.Overview {
	c.refresh()
	return c.Overview()
}

// refresh looks at Slurm, unless somebody just has.
func (c *Cluster) refresh() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := c.pools.Refresh(ctx); err != nil {
		c.o.Logger.Warn("worker jobs not listed", "error", err)
	}
}

func pageWorker(w coordinator.WorkerStatus) dashboard.Worker {
	return dashboard.Worker{
		Worker: w.Worker, Pool: w.Pool, Job: w.SlurmJob(), Host: w.Host, Pid: w.Pid, Slots: w.Slots, Holding: w.Holding,
		Busy: w.Busy, Cores: w.Cores, Memory: int64(w.Memory), GPUs: w.GPUs,
		Succeeded: w.Succeeded, Failed: w.Failed, Since: w.Since, Seen: w.Seen, EndsAt: w.EndsAt, Leaving: w.Leaving,
	}
}

// endedBadly tells a job that nobody wanted to end so.
func endedBadly(j cluster.Job) bool {
	switch j.Outcome {
	case "", cluster.Completed, cluster.Cancelled:
		return false
	}
	return j.Phase == cluster.Ended
}

func pageJob(j cluster.Job) dashboard.Job {
	return dashboard.Job{
		Pool: j.Pool, ID: j.ID, Index: j.Index, Phase: string(j.Phase), SlurmState: j.SlurmState,
		Reason: j.Plain, Nodes: j.Nodes, Start: j.Since, Failed: endedBadly(j),
	}
}
