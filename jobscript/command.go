package jobscript

import (
	"cmp"
	"strconv"
	"strings"
)

// command is the shell text that starts the worker: once, or with srun once on
// each node. Its lines are joined by backslashes.
func (p Pool) command(w Worker) string {
	processes, threads := p.Slots()
	groups := []string{
		p.launcher() + words(w.Binary, cmp.Or(w.Verb, "worker")),
		words("--access", w.AccessFile),
		words("--launch", w.LaunchKey),
		words("--pool", p.Name, "--processes", strconv.Itoa(processes), "--threads", strconv.Itoa(threads)),
		words(CapacityArgs(p.Capacity())...),
	}
	if p.Python != "" {
		groups = append(groups, words("--python", p.Python))
	}
	if p.LocalDirectory != "" {
		groups = append(groups, "--local-directory "+expand(p.LocalDirectory))
	}
	groups = append(groups, words("--death-timeout", formatSeconds(p.DeathTimeout)), p.endsAt())
	if len(p.WorkerExtraArgs) > 0 {
		groups = append(groups, words(p.WorkerExtraArgs...))
	}
	return strings.Join(groups, " \\\n  ")
}

// endsAt gives the end of the walltime in seconds since 1970. Without a
// walltime Slurm itself may know it (SLURM_JOB_END_TIME, from 23.02 on).
func (p Pool) endsAt() string {
	if p.effectiveWalltime() > 0 {
		return `--ends-at "$ewoks_hpc_ends_at"`
	}
	return `${SLURM_JOB_END_TIME:+--ends-at "$SLURM_JOB_END_TIME"}`
}

// launcher is empty for one worker: it then runs in the batch step, where it gets
// the signals, and its tasks find Slurm's variables of the whole job. Some Slurm releases do not hand --cpus-per-task on to
// srun, and site defaults may end all workers when one ends.
func (p Pool) launcher() string {
	workers := p.Workers()
	if workers == 1 {
		return ""
	}
	n := strconv.Itoa(workers)
	list := []string{"srun", "--nodes=" + n, "--ntasks=" + n, "--ntasks-per-node=1"}
	if cpus := p.cpus(); cpus > 0 {
		list = append(list, "--cpus-per-task="+strconv.Itoa(cpus))
	}
	return words(append(list, "--kill-on-bad-exit=0", "--wait=0")...) + " \\\n  "
}

func words(list ...string) string {
	quoted := make([]string, len(list))
	for i, word := range list {
		quoted[i] = quote(word)
	}
	return strings.Join(quoted, " ")
}
