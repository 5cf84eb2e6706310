package slurmtest

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// jobFilter recognises processes of this cluster's jobs, of one node or of all.
type jobFilter struct {
	log func(path string) bool // is this the log file of such a node
	env []string               // what every process of a job has in its environment
}

func (c *Cluster) jobsAnywhere() jobFilter {
	logs := filepath.Join(c.Dir, "log") + "/"
	return jobFilter{
		log: func(path string) bool { return strings.HasPrefix(path, logs) },
		env: c.Env(),
	}
}

func (c *Cluster) jobsOn(node string) jobFilter {
	return jobFilter{
		log: func(path string) bool { return path == c.log(node) },
		env: append(c.Env(), "SLURMD_NODENAME="+node),
	}
}

// killJobs ends what slurmd leaves behind: a slurmstepd per job, which is nobody's
// child, its descendants, and processes that left their job's process tree.
func killJobs(filter jobFilter) {
	for range 50 { // a process may fork while we look
		pids := filter.find()
		if len(pids) == 0 {
			return
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (f jobFilter) find() []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var found []int
	children := map[int][]int{}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		name, parent, zombie := status(pid)
		if zombie {
			continue
		}
		children[parent] = append(children[parent], pid)
		if f.isStep(pid, name) || f.isJob(pid) {
			found = append(found, pid)
		}
	}
	for i := 0; i < len(found); i++ {
		for _, child := range children[found[i]] {
			if !slices.Contains(found, child) {
				found = append(found, child)
			}
		}
	}
	return found
}

// isStep recognises a slurmstepd: it keeps the log file of its slurmd open.
func (f jobFilter) isStep(pid int, name string) bool {
	if name != "slurmstepd" {
		return false
	}
	fds, _ := filepath.Glob(procFile(pid, "fd/*"))
	return slices.ContainsFunc(fds, func(fd string) bool {
		target, err := os.Readlink(fd)
		return err == nil && f.log(target)
	})
}

// isJob recognises a process that Slurm started, not one that merely talks to Slurm.
func (f jobFilter) isJob(pid int) bool {
	data, err := os.ReadFile(procFile(pid, "environ"))
	if err != nil || !bytes.Contains(data, []byte("SLURM_JOB_ID=")) {
		return false
	}
	env := strings.Split(string(data), "\x00")
	for _, want := range f.env {
		if !slices.Contains(env, want) {
			return false
		}
	}
	return true
}

// status reads a process's name, its parent, and whether it is dead already.
func status(pid int) (name string, parent int, zombie bool) {
	data, err := os.ReadFile(procFile(pid, "stat"))
	if err != nil {
		return "", 0, true
	}
	// pid (name) state parent ..., and the name may hold anything
	before, after, _ := strings.Cut(string(data), "(")
	end := strings.LastIndex(after, ")")
	if before == "" || end < 0 {
		return "", 0, true
	}
	fields := strings.Fields(after[end+1:])
	if len(fields) < 2 {
		return "", 0, true
	}
	parent, _ = strconv.Atoi(fields[1])
	return after[:end], parent, fields[0] == "Z"
}

func procFile(pid int, name string) string {
	return filepath.Join("/proc", strconv.Itoa(pid), name)
}
