// Package cluster is the service that keeps the worker jobs of a launcher
// running. It compares the jobs that each pool should have with those there are,
// lets package scale decide, and submits or cancels.
//
// Its picture of the jobs comes from a [Backend]: Slurm, or child processes. A
// job that is not listed is in an unknown state; see ledger.fold for when it
// counts as gone. No hook is called while a lock is held.
package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/jobscript"
	"github.com/ewoks-hpc/ewoks-hpc/scale"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Coordinator is what the cluster needs of the authority over tasks.
type Coordinator interface {
	// Work is what there is to do, and who does it, at one moment.
	Work() Work
	// Gone says that workers have ended.
	Gone(match func(task.Hello) bool, reason string)
	// Drain asks workers to finish what they have and to end. Those that were
	// asked before need not be asked again.
	Drain(match func(task.Hello) bool)
}

// Work is a picture of the tasks and workers of a coordinator.
type Work struct {
	// Ready is how many slots of each pool the tasks need that wait for a worker. Those
	// that any pool may execute are under "", and count for the first.
	Ready   map[string]int
	Workers []WorkerView // those that are connected
}

// WorkerView is a worker, and what it does.
type WorkerView struct {
	Hello task.Hello
	// Holding is the number of tasks that it has, Busy that of the slots which they
	// take, Done that of the tasks which it has ended.
	Holding, Busy int
	Done          uint64
	// Leaving workers take no more tasks.
	Leaving bool
}

// PoolOptions describe one kind of worker job.
type PoolOptions struct {
	Name string
	Size Size
	// Slots is how many tasks a job executes at a time. Defaults to that of Spec.
	Slots int
	// IdleTimeout is how long a job must not have been needed before a pool that
	// adapts gives it up. Defaults to 2 minutes.
	IdleTimeout time.Duration
	// Backlog is how many jobs that only demand asks for may be queued at a time; 0
	// is no limit.
	Backlog int
	Spec    jobscript.Pool
}

// Options configure a Cluster.
type Options struct {
	// Name of the cluster, a part of the names of its jobs.
	Name        string
	Backend     Backend
	Coordinator Coordinator
	Pools       []PoolOptions
	// Keys gives jobs access to the broker; nil if they need none.
	Keys Keys
	// Adopted are launches of an earlier launcher whose jobs may still be there.
	Adopted []Launch
	// Memory is what an earlier launcher knew of its pools.
	Memory []PoolMemory
	// Interval is the time between two looks at the jobs as long as something
	// changes; it is doubled up to a minute when nothing does. Defaults to 15 s.
	Interval time.Duration
	// Grace is for how long after its submission a job that was never listed may
	// stay away from a complete list. Defaults to 30 s.
	Grace  time.Duration
	Logger *slog.Logger
}

// Cluster is a service: Start it, and Stop it.
type Cluster struct {
	o     Options
	pools []*pool
	turn  chan struct{} // holds a token while a round is under way
	pokes chan struct{}

	mu       sync.Mutex
	ledger   ledger
	looked   time.Time // when the last round began
	trouble  string    // why the picture is old
	troubled time.Time // and since when
	started  bool
	stopping bool
	halt     context.CancelFunc // ends the loop
	done     chan struct{}      // closed when the loop has ended
}

// pool is guarded by Cluster.mu.
type pool struct {
	PoolOptions              // Size is changed by Scale and Adapt
	demand      int          // slots that tasks need, when they were last counted
	recent      scale.Window // the demand of the last IdleTimeout
	reduced     bool
	silent      int       // jobs in a row that ended before a worker said hello
	suspects    suspects  // nodes on which jobs died fast
	stopped     *Stopped  // why nothing more is submitted; nil if it is
	pending     string    // why a submission has to be repeated
	retryAt     time.Time // and when
}

// New prepares a cluster.
func New(o Options) (*Cluster, error) {
	o.Interval = cmp.Or(o.Interval, 15*time.Second)
	o.Grace = cmp.Or(o.Grace, 30*time.Second)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Cluster{
		o: o, turn: make(chan struct{}, 1), pokes: make(chan struct{}, 1),
		ledger: newLedger(),
	}
	for _, p := range o.Pools {
		if c.pool(p.Name) != nil {
			return nil, fmt.Errorf("pool %q is there twice", p.Name)
		}
		if err := p.Size.check(p.Name); err != nil {
			return nil, err
		}
		p.IdleTimeout = cmp.Or(p.IdleTimeout, defaultIdleTimeout)
		if p.Slots == 0 {
			processes, threads := p.Spec.Slots()
			p.Slots = processes * threads * p.Spec.Workers()
		}
		c.pools = append(c.pools, &pool{PoolOptions: p})
	}
	c.recall(o.Memory)
	for _, l := range o.Adopted {
		if c.pool(l.Pool) != nil {
			l.ID = "" // whether it has jobs is asked first
			c.ledger.inherit(l)
		}
	}
	return c, nil
}

func (c *Cluster) pool(name string) *pool {
	for _, p := range c.pools {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// ErrStopped is the error for what a stopped cluster cannot do any more.
var ErrStopped = errors.New("the cluster is stopped")

// undoTime is how long Start tries to cancel what it had submitted before a
// refusal.
const undoTime = time.Minute

// Start submits the first jobs of all pools and begins to watch over them. When
// one is refused, the others are cancelled and the error has Slurm's words. When
// Slurm is merely busy, it is tried again in the background; see Explain.
func (c *Cluster) Start(ctx context.Context) error {
	c.mu.Lock()
	started := c.started
	c.started = true
	c.mu.Unlock()
	if started {
		return errors.New("the cluster was started before")
	}
	err := c.round(ctx)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
		defer cancel()
		left, stopErr := c.Stop(undo)
		if len(left) > 0 {
			stopErr = fmt.Errorf("%d jobs are left, such as %s: %w", len(left), left[0], stopErr)
		}
		return errors.Join(err, stopErr)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopping {
		return ErrStopped
	}
	var loop context.Context
	loop, c.halt = context.WithCancel(context.WithoutCancel(ctx))
	c.done = make(chan struct{})
	go c.watch(loop, c.done)
	return nil
}

// Jobs is the last known picture, the oldest launch first. Jobs that ended stay
// in it for some time.
func (c *Cluster) Jobs() []Job {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ledger.list()
}

// Refresh looks at the jobs, unless that was done in the last 2 seconds and costs
// somebody else something.
func (c *Cluster) Refresh(ctx context.Context) error {
	c.mu.Lock()
	fresh := time.Since(c.looked) < c.soonest() && c.o.Backend.Changed() == nil
	c.mu.Unlock()
	if fresh {
		return nil
	}
	return c.round(ctx)
}

// Poke makes the cluster look at the jobs soon, but not more often than every 2
// seconds: something may have changed, for a worker came or went. It never waits.
func (c *Cluster) Poke() {
	select {
	case c.pokes <- struct{}{}:
	default:
	}
}

// Greet notes that a worker said hello, and pokes. It never waits, and calls
// nothing of the coordinator. Without it a worker that says hello and bye between
// two looks would count as one that never came.
func (c *Cluster) Greet(h task.Hello) {
	c.mu.Lock()
	c.ledger.greet(time.Now(), h, c.relent)
	c.mu.Unlock()
	c.Poke()
}

// relent forgets the jobs of a pool that ended silently: one has spoken.
func (c *Cluster) relent(name string) {
	if p := c.pool(name); p != nil {
		p.silent = 0
	}
}
