package app

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
	"github.com/ewoks-hpc/ewoks-hpc/cluster"
	"github.com/ewoks-hpc/ewoks-hpc/cluster/local"
	"github.com/ewoks-hpc/ewoks-hpc/jobscript"
	"github.com/ewoks-hpc/ewoks-hpc/slurm"
	"github.com/ewoks-hpc/ewoks-hpc/templates"
)

// backend is what runs the worker jobs: Slurm, or this machine.
func (c *Cluster) backend() (cluster.Backend, error) {
	binary, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("path of ewoks-hpc: %w", err)
	}
	if c.o.Local {
		return local.New(local.Options{
			Command: func(l cluster.Launch, index int) *exec.Cmd { return c.localWorker(binary, l, index) },
			Logs:    filepath.Join(c.o.StateDir, jobLogsDir), Logger: c.o.Logger.With("service", "workers"),
		}), nil
	}
	for _, p := range c.o.AllPools() {
		if p.Pool.LogDirectory == "" {
			p.Pool.LogDirectory = filepath.Join(c.o.StateDir, jobLogsDir)
		}
	}
	fsys, err := c.o.templates()
	if err != nil {
		return nil, err
	}
	return recorder{c.slurm(binary, fsys), filepath.Join(c.o.StateDir, launchesFile)}, nil
}

// templates are those of the job script.
func (o ClusterOptions) templates() (fs.FS, error) {
	if o.Templates == "" {
		return templates.FS(), nil
	}
	fsys, err := templates.Overlay(o.Templates)
	if err != nil {
		return nil, &InvalidError{Cause: err}
	}
	return fsys, nil
}

func (c *Cluster) slurm(binary string, fsys fs.FS) *cluster.Slurm {
	return cluster.NewSlurm(cluster.SlurmOptions{
		Driver:     slurm.NewCLI(slurm.Options{Env: c.o.Env, Logger: c.o.Logger.With("service", "slurm")}),
		Binary:     binary,
		AccessFile: broker.KeysDir(c.o.StateDir),
		Dir:        c.o.Dir,
		Templates:  fsys,
	})
}

func (c *Cluster) localWorker(binary string, l cluster.Launch, index int) *exec.Cmd {
	p := c.o.poolNamed(l.Pool)
	args := []string{
		"worker", "--access", broker.KeysDir(c.o.StateDir),
		"--launch", l.Key, "--index", strconv.Itoa(index), "--pool", l.Pool,
		"--processes", strconv.Itoa(max(1, p.Processes)), "--threads", strconv.Itoa(max(1, p.Threads)),
	}
	args = append(args, jobscript.CapacityArgs(p.worker(true).Capacity)...)
	if python := p.Pool.Python; python != "" {
		args = append(args, "--python", python)
	}
	cmd := exec.Command(binary, args...)
	cmd.Env, cmd.Dir = c.o.Env, c.o.Dir
	return cmd
}

// JobScript is what would be submitted for the first pool of a cluster: the text of the
// script, and the command that it is given to.
func JobScript(o ClusterOptions) (text string, command []string, err error) {
	submission, err := preview(o)
	return submission.Script, slurm.SubmitCommand(submission), err
}

// preview is what would be submitted for a cluster.
func preview(o ClusterOptions) (s slurm.Submission, err error) {
	c := &Cluster{o: o}
	if c.o.Logger == nil {
		c.o.Logger = discard
	}
	backend, err := c.backend()
	if err != nil {
		return s, err
	}
	if s, err = backend.(recorder).Backend.(*cluster.Slurm).Preview(c.o.PoolOptions.cluster(false), o.Name); err != nil {
		return s, &InvalidError{Cause: err}
	}
	return s, nil
}

// CheckPool validates the options of a pool and renders its script, so that bad
// ones are found before anything is started.
func CheckPool(o ClusterOptions) error {
	if o.Local {
		return nil
	}
	for _, one := range o.EachPool() {
		if _, _, err := JobScript(one); err != nil {
			return err
		}
	}
	return nil
}
