package jobscript

import (
	"slices"
	"time"
)

// Options returns one descriptor for each option of a pool, in the order in
// which they are shown to people.
func Options() []Option {
	return slices.Concat(resourceOptions(), environmentOptions(), scriptOptions(), workerOptions())
}

func environmentOptions() []Option {
	return []Option{
		listOption("modules", "modules to load on the nodes", func(p *Pool) *[]string { return &p.Modules }, matches(modulePattern, "the name of a module")),
		stringOption("venv", "virtual environment to activate on the nodes, a folder", func(p *Pool) *string { return &p.Venv }, checkFolder),
		stringOption("conda", "conda environment to activate on the nodes, by name or folder", func(p *Pool) *string { return &p.Conda }, matches(condaPattern, "the name or folder of a conda environment")),
	}
}

func resourceOptions() []Option {
	names := matches(namesPattern, "a name that Slurm knows")
	return []Option{
		stringOption("queue", "Slurm partition", func(p *Pool) *string { return &p.Queue }, names),
		stringOption("account", "Slurm account that is charged", func(p *Pool) *string { return &p.Account }, names),
		stringOption("qos", "Slurm quality of service", func(p *Pool) *string { return &p.QOS }, names),
		durationOption("walltime", "time limit of a job: 00:30:00, 30 (minutes), 1-12 (days-hours) or 1h30m; without it the limit of the partition",
			func(p *Pool) *time.Duration { return &p.Walltime }, ParseWalltime, checkWalltime),
		stringOption("memory", "memory per node: 256GB (10^9), 256GiB or 256G (2^30)", func(p *Pool) *string { return &p.Memory }, checkMemory),
		intOption("cores", "cores per node", func(p *Pool) *int { return &p.Cores }),
		intOption("processes", "interpreters per worker, or with worker_per = job Slurm's tasks per node, which share its cores; without it one per GPU, else one per core", func(p *Pool) *int { return &p.Processes }),
		intOption("gpus", "GPUs per node", func(p *Pool) *int { return &p.GPUs }),
		stringOption("gres", "generic resources per node: gpu:a100:2", func(p *Pool) *string { return &p.Gres }, matches(gresPattern, "a list of generic resources")),
		stringOption("constraint", "features that nodes must have: skylake&ib", func(p *Pool) *string { return &p.Constraint }, matches(constraintPattern, "a constraint")),
		stringOption("reservation", "Slurm reservation", func(p *Pool) *string { return &p.Reservation }, names),
		intOption("nodes", "nodes per job", func(p *Pool) *int { return &p.Nodes }),
		workerPer(),
		boolOption("exclusive", "take whole nodes, with all their memory unless some is asked", func(p *Pool) *bool { return &p.Exclusive }),
		intOption("job_cpu", "cores to ask from Slurm where that is not cores", func(p *Pool) *int { return &p.JobCPU }),
		stringOption("job_mem", "memory per node as Slurm writes it: 100G; in place of memory", func(p *Pool) *string { return &p.JobMem }, matches(slurmMemory, "an amount of memory as Slurm writes it")),
		stringOption("mem_per_cpu", "memory per core; in place of memory", func(p *Pool) *string { return &p.MemPerCPU }, checkMemory),
	}
}

func workerPer() Option {
	o := stringOption("worker_per", "node: a worker on each node of a job; job: one that offers the whole job to one task at a time, for srun and mpirun in it",
		func(p *Pool) *string { return &p.WorkerPer }, checkWorkerPer)
	o.Default = WorkerPerNode
	return o
}

func checkWorkerPer(text string) error {
	if text != WorkerPerNode && text != WorkerPerJob {
		return refuse("%q is neither node nor job", clip(text))
	}
	return nil
}

func scriptOptions() []Option {
	jobName := stringOption("job_name", "name of the jobs", func(p *Pool) *string { return &p.JobName }, checkJobName)
	jobName.Default = DefaultJobName
	shebang := stringOption("shebang", "first line of the script; it has to start bash", func(p *Pool) *string { return &p.Shebang }, checkShebang)
	shebang.Default = DefaultShebang
	return []Option{
		jobName,
		stringOption("log_directory", "folder for the logs of the jobs, on a file system that the nodes share", func(p *Pool) *string { return &p.LogDirectory }, checkFolder),
		shebang,
		listOption("job_script_prologue", "shell lines before the worker; one that fails ends the job", func(p *Pool) *[]string { return &p.JobScriptPrologue }, checkShellLines),
		listOption("job_script_epilogue", "shell lines after the worker", func(p *Pool) *[]string { return &p.JobScriptEpilogue }, checkShellLines),
		listOption("job_extra_directives", "further sbatch options, each beginning with '-'; one that is generated too replaces the generated one", func(p *Pool) *[]string { return &p.JobExtraDirectives }, checkExtraDirective),
		listOption("job_directives_skip", "generated sbatch options to leave out, by exact name (--mem) or whole (--ntasks=1)", func(p *Pool) *[]string { return &p.JobDirectivesSkip }, checkSkip),
	}
}

func workerOptions() []Option {
	timeout := durationOption("death_timeout", "how long a worker tries to reach the broker when it starts: 60s, or a number of seconds",
		func(p *Pool) *time.Duration { return &p.DeathTimeout }, parseTimeout, checkTimeout)
	timeout.Default = formatSeconds(DefaultDeathTimeout)
	return []Option{
		stringOption("python", "Python interpreter on the nodes", func(p *Pool) *string { return &p.Python }, checkProgram),
		stringOption("local_directory", "scratch folder on the node; variables of the node are put in: $TMPDIR", func(p *Pool) *string { return &p.LocalDirectory }, checkLocal),
		stringOption("interface", "network interface of this machine that workers dial: ib0", func(p *Pool) *string { return &p.Interface }, matches(interfacePattern, "a network interface")),
		timeout,
		listOption("worker_extra_args", "further arguments of the worker, one item each", func(p *Pool) *[]string { return &p.WorkerExtraArgs }, checkArgument),
	}
}

func checkShellLines(item string) error {
	for _, line := range lines([]string{item}) {
		if err := checkShellLine(line); err != nil {
			return err
		}
	}
	return nil
}

// Validate checks every value and that they go together. Errors name the option
// at fault (see OptionError).
func (p Pool) Validate() error {
	if p.Name != "" && (len(p.Name) > maxWord || !wordPattern.MatchString(p.Name)) {
		return in("pool", refuse("%q is not a name", clip(p.Name)).withHint("use 1 to 64 letters, digits, '_', '.' or '-'"))
	}
	for _, option := range Options() {
		if err := option.check(p); err != nil {
			return in(option.Key, err)
		}
	}
	return p.checkTogether()
}

func (p Pool) checkTogether() error {
	given := ""
	for _, amount := range []struct{ key, value string }{{"memory", p.Memory}, {"job_mem", p.JobMem}, {"mem_per_cpu", p.MemPerCPU}} {
		if amount.value == "" {
			continue
		}
		if given != "" {
			return in(amount.key, refuse("cannot be given together with %s", given).withHint("keep one of the two"))
		}
		given = amount.key
	}
	if p.Processes > 0 && p.Cores > 0 && p.Cores%p.Processes != 0 {
		return in("processes", refuse("%d does not divide cores, which is %d", p.Processes, p.Cores).withHint("every interpreter gets the same whole number of cores"))
	}
	if n := gresGPUs(p.Gres); p.GPUs > 0 && n > 0 && n != p.GPUs {
		return in("gpus", refuse("%d contradicts gres, which is %s", p.GPUs, p.Gres).withHint("keep one of the two"))
	}
	return nil
}
