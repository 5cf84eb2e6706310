package jobscript

import (
	"strconv"
	"strings"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/resource"
)

// Values that a pool has when its option is not given.
const (
	DefaultJobName      = "ewoks-hpc"
	DefaultShebang      = "#!/usr/bin/env bash"
	DefaultDeathTimeout = 60 * time.Second
)

// Pool describes one kind of worker job. The zero value of a field means that
// its option is not given. Options describes every field but Name. The
// resources (cores, memory, gpus) are those of one node.
type Pool struct {
	Name        string
	Queue       string
	Account     string
	QOS         string
	Walltime    time.Duration
	Memory      string // as asked: "256GB"
	Cores       int
	Processes   int
	GPUs        int
	Gres        string
	Constraint  string
	Reservation string
	Nodes       int
	WorkerPer   string // WorkerPerNode or WorkerPerJob
	JobName     string

	LogDirectory   string
	LocalDirectory string // expanded on the node: "$TMPDIR"
	Shebang        string
	Python         string

	Modules []string // of Lmod or Environment Modules
	Venv    string   // folder of a virtual environment
	Conda   string   // name or folder of a conda environment

	JobScriptPrologue  []string
	JobScriptEpilogue  []string
	JobExtraDirectives []string
	JobDirectivesSkip  []string
	WorkerExtraArgs    []string

	Interface    string
	DeathTimeout time.Duration
	JobCPU       int
	JobMem       string // as Slurm writes it: "100G"
	MemPerCPU    string
	Exclusive    bool
}

// What there is one worker for. A worker for a whole job runs on its first node, offers
// all of it to one task at a time, and leaves it to that task to use the other nodes.
const (
	WorkerPerNode = "node"
	WorkerPerJob  = "job"
)

func (p Pool) wholeJob() bool { return p.WorkerPer == WorkerPerJob }

// Workers is how many workers a job of the pool has.
func (p Pool) Workers() int {
	if p.wholeJob() {
		return 1
	}
	return p.effectiveNodes()
}

// Slots says how many interpreters a worker of the pool has, and how many
// threads each of them. With processes P it is P interpreters of cores/P
// threads. Without, it is one single-threaded interpreter for each GPU, else
// for each core, else one in all. A worker for a whole job has one.
func (p Pool) Slots() (processes, threads int) {
	if p.wholeJob() {
		return 1, 1
	}
	return p.shares()
}

// shares is into how many parts a node is divided, and how many cores each of them has:
// those are the interpreters of a worker, or Slurm's tasks where there is one worker for
// the whole job.
func (p Pool) shares() (parts, cores int) {
	if p.Processes > 0 {
		return p.Processes, max(1, p.Cores/p.Processes)
	}
	return max(1, p.slotCount()), 1
}

func (p Pool) slotCount() int {
	if gpus := p.gpusPerNode(); gpus > 0 {
		return gpus
	}
	return p.Cores
}

func (p Pool) withDefaults() Pool {
	if p.Name == "" {
		p.Name = "default"
	}
	if p.JobName == "" {
		p.JobName = DefaultJobName
	}
	if p.Shebang == "" {
		p.Shebang = DefaultShebang
	}
	if p.DeathTimeout == 0 {
		p.DeathTimeout = DefaultDeathTimeout
	}
	p.JobScriptPrologue = lines(p.JobScriptPrologue)
	p.JobScriptEpilogue = lines(p.JobScriptEpilogue)
	return p
}

// effectiveNodes is the number of nodes of the job once an extra directive may
// have replaced ours.
func (p Pool) effectiveNodes() int {
	if value, ok := p.extra("nodes"); ok {
		if n := count(value); n > 0 {
			return n
		}
	}
	return max(1, p.Nodes)
}

// effectiveWalltime is 0 when the partition decides, or when an extra directive
// gives a time without an end.
func (p Pool) effectiveWalltime() time.Duration {
	value, ok := p.extra("time")
	if !ok {
		return p.Walltime
	}
	walltime, err := ParseWalltime(value)
	if err != nil {
		return 0
	}
	return walltime
}

// extra returns the value of the last extra directive that names the option.
func (p Pool) extra(name string) (value string, ok bool) {
	for _, item := range p.JobExtraDirectives {
		for _, option := range parseOptions(item) {
			if option.name == name {
				value, ok = option.value, true
			}
		}
	}
	return value, ok
}

// Lifetime is the walltime that a job of the pool will have, 0 when the partition
// decides.
func (p Pool) Lifetime() time.Duration { return p.effectiveWalltime() }

// Capacity is what one worker of the pool has, as far as its options tell.
func (p Pool) Capacity() resource.Capacity {
	processes, threads := p.Slots()
	c := resource.Capacity{
		Slots: processes * threads, Cores: max(p.Cores, processes*threads), Memory: p.memoryPerNode(), GPUs: p.gpusPerNode(),
	}
	if p.wholeJob() {
		c.Nodes = p.effectiveNodes()
	}
	return c
}

// memoryPerNode is 0 when the options do not tell.
func (p Pool) memoryPerNode() Bytes {
	if value, ok := p.extra("mem"); ok {
		return slurmBytes(value)
	}
	if value, ok := p.extra("mem-per-cpu"); ok {
		return slurmBytes(value) * Bytes(max(1, p.cpus()))
	}
	switch {
	case p.JobMem != "":
		return slurmBytes(p.JobMem)
	case p.MemPerCPU != "":
		bytes, _ := ParseMemory(p.MemPerCPU) // Validate has judged it
		return bytes * Bytes(max(1, p.cpus()))
	case p.Memory != "":
		bytes, _ := ParseMemory(p.Memory)
		return bytes
	}
	return 0
}

// slurmBytes reads an amount as Slurm writes it: in MiB without a unit, and in
// powers of 1024 with one. 0 is what is not known, or all of the node.
func slurmBytes(text string) Bytes {
	text = strings.TrimSuffix(strings.ToUpper(text), "B")
	if text != "" && text[len(text)-1] <= '9' {
		text += "M"
	}
	bytes, err := ParseMemory(text)
	if err != nil {
		return 0
	}
	return bytes
}

// CapacityArgs are the arguments of a worker that say what it has besides slots.
func CapacityArgs(c resource.Capacity) (args []string) {
	args = []string{"--cores", strconv.Itoa(c.Cores)}
	if c.Memory > 0 {
		args = append(args, "--memory", itoa(int64(c.Memory)))
	}
	if c.GPUs > 0 {
		args = append(args, "--gpus", strconv.Itoa(c.GPUs))
	}
	if c.Nodes > 0 {
		args = append(args, "--nodes", strconv.Itoa(c.Nodes))
	}
	return args
}
