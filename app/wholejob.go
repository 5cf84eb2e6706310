package app

import (
	"cmp"
	"strconv"
)

// A worker that has a whole job starts one task at a time on the first of its nodes. What
// the task does with the others is its own affair: it finds Slurm's variables of the job,
// so that srun and mpirun in it use all that there is.

// jobCores is how many cores each process of a task may use that srun starts.
func jobCores(getenv func(string) string) int {
	n, err := strconv.Atoi(getenv("SLURM_CPUS_PER_TASK"))
	if err != nil || n < 1 {
		return 1
	}
	return n
}

// jobVariables are what such tasks find besides.
func (o WorkerOptions) jobVariables(getenv func(string) string) (list []string) {
	if o.Nodes == 0 {
		return nil
	}
	// The folder that this worker has made for temporary files is not on the other nodes.
	list = append(list, "TMPDIR="+cmp.Or(o.LocalDirectory, o.tmpdir, "/tmp"))
	// From Slurm 22.05 to 23.02 srun does not take it from the job (srun(1), -c).
	if n := getenv("SLURM_CPUS_PER_TASK"); n != "" && getenv("SRUN_CPUS_PER_TASK") == "" {
		list = append(list, "SRUN_CPUS_PER_TASK="+n)
	}
	return list
}
