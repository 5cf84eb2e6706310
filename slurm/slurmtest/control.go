package slurmtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

func (c *Cluster) mungeSocket() string { return filepath.Join(c.Dir, "munge", "socket") }

func (c *Cluster) log(name string) string { return filepath.Join(c.Dir, "log", name) }

// outSuffix ends the names of files with what a daemon prints before it opens its log.
const outSuffix = ".out"

// daemonEnv is an environment without anything of a Slurm job this test may run in.
func (c *Cluster) daemonEnv() []string {
	return append(c.Env(), "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME="+c.Dir, "TZ="+os.Getenv("TZ"), "LC_ALL=C.UTF-8")
}

func (c *Cluster) startMunge() error {
	in := func(name string) string { return filepath.Join(c.Dir, "munge", name) }
	var err error
	c.munge, err = startDaemon(c.log("munged"), c.daemonEnv(), c.programs["munged"], "--foreground", "--force", "--num-threads=2",
		"--key-file="+in("key"), "--socket="+c.mungeSocket(), "--pid-file="+in("pid"), "--log-file="+in("log"), "--seed-file="+in("seed"))
	if err != nil {
		return err
	}
	return c.munge.waitFor("munged", func() bool { _, err := os.Stat(c.mungeSocket()); return err == nil })
}

func (c *Cluster) startController() error {
	d, err := startDaemon(c.log("slurmctld"+outSuffix), c.daemonEnv(), c.programs["slurmctld"], "-D", "-f", c.Conf)
	if err != nil {
		return err
	}
	c.controller = d
	return d.waitFor("slurmctld", func() bool { return c.Command(c.programs["scontrol"], "ping").Run() == nil })
}

func (c *Cluster) startNode(name string) error {
	d, err := startDaemon(c.log(name+outSuffix), c.daemonEnv(), c.programs["slurmd"], "-D", "-N", name, "-f", c.Conf)
	if err != nil {
		return err
	}
	c.nodes[name] = d
	return nil
}

// waitIdle waits until Slurm would start jobs on all these nodes.
func (c *Cluster) waitIdle(names ...string) error {
	for _, name := range names {
		err := c.nodes[name].waitFor("slurmd on "+name, func() bool {
			out, err := c.Command(c.programs["sinfo"], "-h", "-N", "-n", name, "-o", "%T").Output()
			state, _, _ := strings.Cut(string(out), "\n")
			return err == nil && (state == "idle" || state == "mixed" || state == "allocated")
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// StopController freezes slurmctld: commands connect to it but get no answer.
func (c *Cluster) StopController() error { return c.signalController(syscall.SIGSTOP) }

// ContController wakes a frozen slurmctld up; it then does all that it was sent.
func (c *Cluster) ContController() error { return c.signalController(syscall.SIGCONT) }

func (c *Cluster) signalController(sig syscall.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.controller.signal(sig)
}

// KillController ends slurmctld at once: commands fail to connect.
func (c *Cluster) KillController() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.controller.kill()
}

// StartController starts slurmctld after [Cluster.KillController], with the state it
// had saved, and returns when it answers.
func (c *Cluster) StartController() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.controller.alive() {
		return fmt.Errorf("start slurmctld: it runs, or the cluster is closed")
	}
	return c.startController()
}

// KillNode ends a node as a power cut would, with its jobs. Slurm notices after
// SlurmdTimeout; to speed that up set the node down with scontrol.
func (c *Cluster) KillNode(name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.nodes[name] == nil {
		return fmt.Errorf("no node %q", name)
	}
	c.nodes[name].kill()
	killJobs(c.jobsOn(name))
	return nil
}

// StartNode starts a node after [Cluster.KillNode] and returns when Slurm uses it.
func (c *Cluster) StartNode(name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.nodes[name] == nil || c.nodes[name].alive() {
		return fmt.Errorf("start node %q: no such node, or it runs, or the cluster is closed", name)
	}
	if err := c.startNode(name); err != nil {
		return err
	}
	return c.waitIdle(name)
}
