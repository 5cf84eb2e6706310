package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
	"github.com/ewoks-hpc/ewoks-hpc/campaigner"
	"github.com/ewoks-hpc/ewoks-hpc/cluster"
	"github.com/ewoks-hpc/ewoks-hpc/coordinator"
	"github.com/ewoks-hpc/ewoks-hpc/history"
	"github.com/ewoks-hpc/ewoks-hpc/resource"
)

// ClusterOptions describe a cluster: where its launcher keeps state, how
// workers reach it, and which worker jobs it has.
type ClusterOptions struct {
	Name string
	// StateDir is made if need be, with mode 0700.
	StateDir string
	// Local makes the worker jobs child processes instead of Slurm jobs.
	Local bool
	// PoolOptions are those of the first pool, More of the others. Tasks that name no
	// pool prefer them in this order.
	PoolOptions
	More []PoolOptions
	// Rules say what nodes need that do not say it themselves.
	Rules []resource.Rule
	// Env is the environment of the worker jobs and so of tasks, Dir is where
	// they start.
	Env []string
	Dir string
	// Templates is a folder laid over the embedded templates; empty is none.
	Templates string
	// Bind and Advertise are the addresses that the broker listens on and the names
	// by which workers reach it, in the order in which they try them, with commas
	// in between; empty means a sensible default.
	Bind, Advertise string
	PollInterval    time.Duration
	Durability      Durability
	// KeepRuns is how long a run stays known after its end, and what it left behind is
	// kept; 0 is for as long as there are not too many.
	KeepRuns time.Duration
	// Page serves the status page.
	Page    bool
	Version string
	Logger  *slog.Logger
}

// Cluster is a running launcher: broker, coordinator and pools.
type Cluster struct {
	o           ClusterOptions
	teardown    teardown
	broker      *broker.Server
	journal     *broker.Journal
	coordinator *coordinator.Coordinator
	pools       *cluster.Cluster
	campaigns   *campaigner.Service // nil without a journal
	ended       endedCampaigns
	history     *history.Log // nil if nothing is kept
	recalled    memory       // of an earlier launcher
	page        string
	suspended   bool // what is left is for the next launcher
	started     time.Time
	down        chan struct{} // closed when a client asks for the end
}

// Info is what others need to know of a cluster that is up. It holds no secret.
type Info struct {
	Name    string `json:"name"`
	Address string `json:"address"`
	PID     int    `json:"pid"`
	// Born tells processes with the same id apart, see processBirth.
	Born    string    `json:"born"`
	Host    string    `json:"host"`
	Started time.Time `json:"started"`
	// Journal is the folder of the journal; empty is none.
	Journal string `json:"journal,omitempty"`
}

// StartCluster brings a cluster up. When it returns without an error, workers
// have been submitted.
func StartCluster(ctx context.Context, o ClusterOptions) (_ *Cluster, err error) {
	if o.Logger == nil {
		o.Logger = discard
	}
	c := &Cluster{o: o, teardown: teardown{logger: o.Logger}, started: time.Now(), down: make(chan struct{})}
	defer func() {
		if err != nil {
			_ = c.Stop()
		}
	}()
	for _, start := range []func(context.Context) error{
		c.startBroker, c.lastly, c.openJournal, c.recall, c.openHistory, c.makeCampaigns, c.startCoordinator, c.makePools, c.recordJobs, c.startPage, c.startPools,
		c.startCampaigns, c.startMemory, c.startTidying, c.writeInfo,
	} {
		if err := start(ctx); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// lastly registers what is stopped after almost everything else: as long as its
// information is there, a cluster is up or going down.
func (c *Cluster) lastly(context.Context) error {
	c.teardown.push("information", func() error {
		var failures []error
		gone := []string{infoFile, pidFile, launchesFile}
		if c.suspended {
			gone = []string{infoFile, pidFile}
		} else {
			failures = append(failures, broker.DiscardKeys(c.o.StateDir))
		}
		for _, name := range gone {
			if err := os.Remove(filepath.Join(c.o.StateDir, name)); !errors.Is(err, os.ErrNotExist) {
				failures = append(failures, err)
			}
		}
		return errors.Join(failures...)
	})
	return nil
}

// Stop takes everything down: worker jobs first, the broker last. Runs that have
// not ended are cancelled.
func (c *Cluster) Stop() error { return c.teardown.run() }

// Suspend ends the launcher only: its jobs stay in Slurm's queue, and the next
// launcher of the cluster goes on with the runs.
func (c *Cluster) Suspend() error {
	c.suspended = c.o.Durability.Runs
	return c.teardown.run()
}

// Down is closed when a client has asked for the end of the cluster.
func (c *Cluster) Down() <-chan struct{} { return c.down }

// Address is where the broker is reached.
func (c *Cluster) Address() string { return c.broker.URLs()[0] }

// PoolNow is what became of the jobs of a pool when the cluster came up.
type PoolNow struct {
	// Adopted jobs were submitted by the launcher before; Pending says why jobs could
	// not be submitted yet.
	Adopted int
	Pending string
}

// PoolsNow tells about the pools, in the order of [ClusterOptions.AllPools].
func (c *Cluster) PoolsNow() (list []PoolNow) {
	for _, p := range c.pools.Pools() {
		list = append(list, PoolNow{p.Adopted, p.Pending})
	}
	return list
}

// Page is the link to the status page, with its token; empty if there is none.
func (c *Cluster) Page() string { return c.page }

func (c *Cluster) startBroker(context.Context) error {
	for _, dir := range []string{c.o.StateDir, filepath.Join(c.o.StateDir, valuesDir), filepath.Join(c.o.StateDir, jobLogsDir)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("state directory: %w", err)
		}
	}
	o := broker.ServerOptions{Name: c.o.Name, Dir: c.o.StateDir, Logger: c.o.Logger.With("service", "broker")}
	if err := c.addresses(&o); err != nil {
		return err
	}
	server, err := broker.Start(o)
	if err != nil {
		return err
	}
	c.broker = server
	c.teardown.push("broker", server.Close)
	return nil
}

// addresses chooses where the broker listens: on loopback if all workers are
// children, else where the nodes can reach it.
func (c *Cluster) addresses(o *broker.ServerOptions) error {
	switch {
	case c.o.Bind != "":
		o.Bind = strings.Split(c.o.Bind, ",")
	case c.o.Local:
		o.Bind = []string{"127.0.0.1"}
	case c.o.Pool.Interface != "":
		address, err := broker.InterfaceAddr(c.o.Pool.Interface)
		if err != nil {
			return err
		}
		o.Bind = []string{address, "127.0.0.1"}
		o.Advertise = []string{address}
	default:
		o.Bind = []string{"0.0.0.0"}
	}
	if c.o.Advertise != "" {
		o.Advertise = strings.Split(c.o.Advertise, ",")
	}
	return nil
}

func (c *Cluster) startCoordinator(context.Context) error {
	conn, err := c.broker.Conn("coordinator")
	if err != nil {
		return err
	}
	printed := &printedLog{dir: filepath.Join(c.o.StateDir, printedDir), logger: c.o.Logger}
	o := coordinator.Options{
		Conn: conn, Store: filepath.Join(c.o.StateDir, valuesDir), Printed: printed.write,
		Journal: c.journal, Router: c.o.router(), KeepRuns: c.o.KeepRuns, Learned: c.recalled.Learned,
		Logger: c.o.Logger.With("service", "coordinator"),
	}
	if c.campaigns != nil {
		o.Ended = c.rowEnded
	}
	c.watchRuns(&o)
	c.coordinator = coordinator.New(o)
	if err := c.coordinator.Start(); err != nil {
		return err
	}
	c.teardown.push("coordinator", func() error { c.coordinator.Stop(); return nil })
	for verb, handler := range map[string]func([]byte) (any, error){
		"overview": func([]byte) (any, error) { return c.refreshedOverview(), nil },
		"glance":   func([]byte) (any, error) { return c.Overview(), nil },
		"explain":  c.serveExplain,
		"scale":    c.serveScale,
		"pause":    c.servePause,
		"resume":   c.serveResume,
		"down":     c.serveDown,
	} {
		if err := c.coordinator.Serve(verb, handler); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) makePools(ctx context.Context) error {
	backend, err := c.backend()
	if err != nil {
		return err
	}
	adopted, err := c.adopt(ctx)
	if err != nil {
		return err
	}
	if err := c.revokeOthers(adopted); err != nil {
		return err
	}
	c.pools, err = cluster.New(cluster.Options{
		Name: c.o.Name, Backend: backend, Coordinator: authority{c.coordinator}, Interval: c.o.PollInterval,
		Pools: c.o.clusterPools(), Keys: keys{c.broker}, Adopted: adopted, Memory: c.recalled.Pools,
		Logger: c.o.Logger.With("service", "pools"),
	})
	if err != nil {
		return err
	}
	c.coordinator.OnWorkers(c.pools.Greet, c.pools.Poke)
	return c.broker.OnDisconnect(func(name string) {
		if worker, ok := strings.CutPrefix(name, workerConn); ok {
			c.coordinator.Away(worker)
			c.pools.Poke()
		}
	})
}

// workerConn is what the name of a worker's connection begins with.
const workerConn = "worker "

func (c *Cluster) startPools(ctx context.Context) error {
	c.teardown.push("worker jobs", c.stopPools)
	return c.pools.Start(ctx)
}

// authority is the coordinator as the pools see it.
type authority struct{ *coordinator.Coordinator }

// Work is what there is to do, and who does it.
func (a authority) Work() (work cluster.Work) {
	ready, workers := a.Demand()
	work.Ready = ready
	for _, w := range workers {
		work.Workers = append(work.Workers, cluster.WorkerView{
			Hello: w.Hello, Holding: w.Holding, Busy: w.Busy, Done: w.Succeeded + w.Failed, Leaving: w.Leaving,
		})
	}
	return work
}

func (c *Cluster) writeInfo(context.Context) error {
	host, _ := os.Hostname()
	data, err := json.Marshal(Info{Name: c.o.Name, Address: c.Address(), PID: os.Getpid(), Born: processBirth(os.Getpid()), Host: host, Started: c.started, Journal: c.journalPath()})
	if err != nil {
		return err
	}
	files := map[string][]byte{infoFile: data, pidFile: []byte(strconv.Itoa(os.Getpid()) + "\n")}
	for name, content := range files {
		path := filepath.Join(c.o.StateDir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return fmt.Errorf("state directory: %w", err)
		}
	}
	return nil
}
