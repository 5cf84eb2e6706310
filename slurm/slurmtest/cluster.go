// Package slurmtest starts a private Slurm cluster on this machine: a munged, a
// slurmctld and several slurmd, real ones, in a temporary directory, on loopback.
//
// Nothing of it touches a Slurm that the machine may have: everything is found
// through SLURM_CONF, see [Cluster.Env]. It works as root and as an ordinary user,
// and several clusters may run side by side.
package slurmtest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// Options says what cluster to start. The zero value is a good one.
type Options struct {
	Nodes int // how many nodes, named n1, n2...; default 3
	CPUs  int // per node, whatever the machine has; default 4
	// Conf holds further slurm.conf lines, "Key=Value". A line whose key this package
	// sets by itself replaces it (KillWait, MinJobAge, MessageTimeout...).
	Conf []string
	// Partitions holds further lines, "PartitionName=urgent Nodes=ALL PriorityTier=9",
	// beside the partitions debug (the default one) and gpu.
	Partitions []string
}

// Cluster is a running private Slurm. Its methods are safe for concurrent use.
type Cluster struct {
	Dir   string   // everything of this cluster; removed by Close
	Conf  string   // its slurm.conf
	Nodes []string // names of the nodes

	opts     Options
	programs map[string]string
	ports    *portBlock

	mu         sync.Mutex
	munge      *daemon
	controller *daemon
	nodes      map[string]*daemon
	closed     bool
}

// startTimeout bounds each wait for a daemon to be of use; it is usually 0.3 s.
const startTimeout = 60 * time.Second

// New starts a cluster and returns when all its nodes are idle. When that fails
// nothing of it is left running, and the error ends with what the daemons logged.
// A missing Slurm is [ErrMissing].
func New(opts Options) (*Cluster, error) {
	if opts.Nodes == 0 {
		opts.Nodes = 3
	}
	if opts.CPUs == 0 {
		opts.CPUs = 4
	}
	if opts.Nodes < 1 || opts.Nodes > maxNodes || opts.CPUs < 1 {
		return nil, fmt.Errorf("cluster of %d nodes with %d CPUs each: want 1 to %d nodes, and CPUs", opts.Nodes, opts.CPUs, maxNodes)
	}
	programs, err := findPrograms()
	if err != nil {
		return nil, err
	}
	c := &Cluster{opts: opts, programs: programs, nodes: map[string]*daemon{}}
	for i := range opts.Nodes {
		c.Nodes = append(c.Nodes, fmt.Sprintf("n%d", i+1))
	}
	if err := c.start(); err != nil {
		err = fmt.Errorf("start private Slurm: %w\n%s", err, c.logTail(2000))
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (c *Cluster) start() error {
	var err error
	if c.Dir, err = makeDir(); err != nil {
		return err
	}
	c.Conf = filepath.Join(c.Dir, "slurm.conf")
	if c.ports, err = reservePorts(c.opts.Nodes + 1); err != nil {
		return err
	}
	if err := c.writeFiles(); err != nil {
		return err
	}
	if err := c.startMunge(); err != nil {
		return err
	}
	if err := c.startController(); err != nil {
		return err
	}
	for _, name := range c.Nodes {
		if err := c.startNode(name); err != nil {
			return err
		}
	}
	return c.waitIdle(c.Nodes...)
}

// Close ends the cluster as a power cut would: every daemon, every job and every
// process of a job at once, by pid. A second Close does nothing.
func (c *Cluster) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	for _, node := range c.nodes {
		node.kill() // first, so that no new job starts
	}
	if c.Dir != "" {
		killJobs(c.jobsAnywhere())
	}
	c.controller.kill()
	c.munge.kill()
	c.ports.release()
	if c.Dir == "" {
		return nil
	}
	return os.RemoveAll(c.Dir)
}

// Env returns what a process needs in its environment to talk to this cluster.
func (c *Cluster) Env() []string { return []string{"SLURM_CONF=" + c.Conf} }

// Command returns a command that talks to this cluster, such as scontrol.
func (c *Cluster) Command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), c.Env()...)
	return cmd
}

// makeDir returns a directory with a short path: Slurm keeps sockets in it, and
// the path of a socket has at most 107 bytes.
func makeDir() (string, error) {
	parent := os.TempDir()
	if len(parent) > 40 {
		parent = "/tmp"
	}
	dir, err := os.MkdirTemp(parent, "slurm-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755) // munge wants its socket reachable
}

// loopback is where everything of a private cluster listens.
var loopback = net.IPv4(127, 0, 0, 1).String()
