package app

import (
	"cmp"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/cluster"
	"github.com/ewoks-hpc/ewoks-hpc/jobscript"
	"github.com/ewoks-hpc/ewoks-hpc/resource"
)

// PoolOptions describe one kind of worker job, and how many there are.
type PoolOptions struct {
	// Pool describes the worker jobs, Jobs is their number, unless MaxJobs is more
	// than 0: then it adapts to what there is to do, between MinJobs and MaxJobs.
	Pool             jobscript.Pool
	Jobs             int
	MinJobs, MaxJobs int
	// IdleTimeout is how long a job must not have been needed before it is given
	// up; 0 is 2 minutes. At most MaxQueued jobs that only tasks ask for wait in
	// Slurm's queue at a time; 0 is no limit.
	IdleTimeout time.Duration
	MaxQueued   int
	// Processes and Threads are those of a local worker.
	Processes, Threads int
}

// AllPools are the pools of the cluster, to be looked at and changed.
func (o *ClusterOptions) AllPools() []*PoolOptions {
	list := []*PoolOptions{&o.PoolOptions}
	for i := range o.More {
		list = append(list, &o.More[i])
	}
	return list
}

// EachPool is the cluster as if it had only one of its pools, for each of them.
func (o ClusterOptions) EachPool() (list []ClusterOptions) {
	for _, p := range o.AllPools() {
		one := o
		one.PoolOptions, one.More = *p, nil
		list = append(list, one)
	}
	return list
}

// poolNamed is the pool of a name, or the first.
func (o *ClusterOptions) poolNamed(name string) *PoolOptions {
	for _, p := range o.AllPools() {
		if p.Pool.Name == name {
			return p
		}
	}
	return &o.PoolOptions
}

// clusterPools describes the pools as package cluster wants them.
func (o *ClusterOptions) clusterPools() (list []cluster.PoolOptions) {
	for _, p := range o.AllPools() {
		list = append(list, p.cluster(o.Local))
	}
	return list
}

func (o *PoolOptions) cluster(local bool) cluster.PoolOptions {
	p := cluster.PoolOptions{
		Name: o.Pool.Name, Size: cluster.Fixed(o.Jobs), IdleTimeout: o.IdleTimeout, Backlog: o.MaxQueued, Spec: o.Pool,
	}
	if o.MaxJobs > 0 {
		p.Size = cluster.Size{Min: o.MinJobs, Max: o.MaxJobs}
	}
	if local {
		p.Slots = o.worker(local).Slots
	}
	return p
}

// worker is what a worker of the pool has.
func (o *PoolOptions) worker(local bool) resource.Pool {
	p := resource.Pool{Name: o.Pool.Name, Capacity: o.Pool.Capacity(), Walltime: o.Pool.Lifetime()}
	if local {
		p.Slots, p.Nodes, p.Walltime = max(1, o.Processes)*max(1, o.Threads), 0, 0
		p.Cores = max(cmp.Or(o.Pool.Cores, runtime.NumCPU()/max(1, o.Jobs, o.MaxJobs)), p.Slots)
	}
	return p
}

// router decides where the nodes of workflows go.
func (o *ClusterOptions) router() resource.Router {
	r := resource.Router{Rules: o.Rules}
	for _, p := range o.AllPools() {
		r.Pools = append(r.Pools, p.worker(o.Local))
	}
	return r
}

// homeless says of tasks that wait for a pool which the cluster does not have: an
// earlier launcher had it. waiting are slots by pool.
func (o *ClusterOptions) homeless(waiting map[string]int) (lines []string) {
	for _, pool := range slices.Sorted(maps.Keys(waiting)) {
		if pool != "" && o.poolNamed(pool).Pool.Name != pool {
			lines = append(lines, fmt.Sprintf("tasks wait for pool %s, which the cluster does not have any more: bring it up with that pool, or cancel their run", pool))
		}
	}
	return lines
}
