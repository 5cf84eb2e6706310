package jobscript

import (
	"path"
	"strconv"
	"time"
)

// directives is the full list of generated options, before any is skipped.
func (p Pool) directives(w Worker) []directive {
	var list []directive
	add := func(name, value string) {
		if value != "" {
			list = append(list, directive{name: name, value: value})
		}
	}
	nodes := p.effectiveNodes()
	add("job-name", p.JobName)
	add("partition", p.Queue)
	add("account", p.Account)
	add("qos", p.QOS)
	add("nodes", strconv.Itoa(nodes))
	if p.wholeJob() { // --ntasks is left to those who want another number of them
		tasks, cpus := p.slurmTasks()
		add("ntasks-per-node", strconv.Itoa(tasks))
		add("cpus-per-task", positive(cpus))
	} else {
		add("ntasks", strconv.Itoa(nodes))
		if nodes > 1 {
			add("ntasks-per-node", "1")
		}
		add("cpus-per-task", positive(p.cpus()))
	}
	add(p.memoryDirective())
	add(p.gpuDirective(nodes))
	add("gres", p.Gres)
	add("constraint", p.Constraint)
	add("reservation", p.Reservation)
	if p.Exclusive {
		list = append(list, directive{name: "exclusive"})
	}
	walltime := p.effectiveWalltime()
	if p.Walltime > 0 {
		add("time", FormatWalltime(p.Walltime))
	}
	if seconds := warning(walltime); seconds > 0 {
		add("signal", "B:USR1@"+strconv.Itoa(seconds))
	}
	add("chdir", w.Dir)
	if dir := p.logDirectory(w); dir != "" {
		add("output", path.Join(dir, "%x-%A_%a.log"))
	}
	// The log of a job that Slurm restarts by hand is not cut; Slurm itself does
	// not restart a worker, so that one launch has one life.
	add("open-mode", "append")
	return append(list, directive{name: "no-requeue"})
}

// cpus is what --cpus-per-task asks for, 0 for nothing.
func (p Pool) cpus() int {
	if p.JobCPU > 0 {
		return p.JobCPU
	}
	return p.Cores
}

// slurmTasks is how many tasks Slurm starts on each node of a whole job where nobody says
// another number, and what each --cpus-per-task gets, 0 for nothing.
func (p Pool) slurmTasks() (tasks, cpus int) {
	tasks, _ = p.shares()
	return tasks, p.cpus() / tasks
}

// memoryDirective is empty where no memory is asked. An exclusive node without
// --mem=0 would come with the default memory of one job only.
func (p Pool) memoryDirective() (name, value string) {
	switch {
	case p.Memory != "":
		return "mem", slurmAmount(p.Memory)
	case p.JobMem != "":
		return "mem", p.JobMem
	case p.MemPerCPU != "":
		return "mem-per-cpu", slurmAmount(p.MemPerCPU)
	case p.Exclusive:
		return "mem", "0"
	}
	return "mem", ""
}

// memoryAsked is the amount in the words of the pool, when units were converted.
func (p Pool) memoryAsked() (option, asked string) {
	if p.Memory != "" {
		return "memory", p.Memory
	}
	return "mem_per_cpu", p.MemPerCPU
}

// gpuDirective counts per node on several nodes, since --gpus is free to spread
// its total unevenly.
func (p Pool) gpuDirective(nodes int) (name, value string) {
	if gresGPUs(p.Gres) > 0 {
		return "gpus", ""
	}
	if nodes > 1 {
		return "gpus-per-node", positive(p.GPUs)
	}
	return "gpus", positive(p.GPUs)
}

func (p Pool) logDirectory(w Worker) string {
	if p.LogDirectory != "" {
		return p.LogDirectory
	}
	return w.Dir
}

// warning is how many seconds before the end Slurm is asked to signal the worker, 0 for
// not at all. Slurm looks at its jobs from time to time, and may signal up to a minute
// earlier (sbatch(1), --signal): not even then is the worker to lose more than a tenth of
// its walltime. A job that is too short for that needs no signal: its worker knows when
// it ends.
func warning(walltime time.Duration) int {
	const early = 60
	return int(max(0, min(60, walltime/time.Second/10-early)))
}

func slurmAmount(text string) string {
	bytes, err := ParseMemory(text)
	if err != nil {
		return "" // Validate has refused it
	}
	return bytes.Slurm()
}

func positive(n int) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(n)
}
