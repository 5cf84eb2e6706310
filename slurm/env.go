package slurm

import (
	"slices"
	"strings"
)

// controlPrefixes begin variables that change what Slurm's commands do, or that a
// surrounding job left behind: they leak into jobs even with --export=NONE, and a
// leaked SLURM_MEM_PER_NODE makes srun refuse to start.
var controlPrefixes = []string{
	"SLURM_", "SLURMD_", "SLURMCTLD_", "SBATCH_", "SRUN_", "SALLOC_",
	"SQUEUE_", "SACCT_", "SCANCEL_", "SINFO_", "SCONTROL_",
}

// secretPrefix begins the variables of ours; some are secrets, and none is for jobs.
const secretPrefix = "EWOKS_HPC_"

// readEnv makes answers the same everywhere. UTC spares the parser the hour that
// exists twice in autumn.
var readEnv = []string{"LC_ALL=C.UTF-8", "TZ=UTC", "SLURM_TIME_FORMAT=standard", "SLURM_BITSTR_LEN=0"}

// CleanEnv returns env without what steers Slurm's commands or belongs to a
// surrounding job, except SLURM_CONF, and without EWOKS_HPC_ variables.
func CleanEnv(env []string) []string {
	return withoutPrefixes(env, append([]string{secretPrefix}, controlPrefixes...))
}

func withoutPrefixes(env, prefixes []string) []string {
	kept := make([]string, 0, len(env))
	for _, variable := range env {
		unwanted := slices.ContainsFunc(prefixes, func(p string) bool { return p != "" && strings.HasPrefix(variable, p) })
		if !unwanted || strings.HasPrefix(variable, "SLURM_CONF=") {
			kept = append(kept, variable)
		}
	}
	return kept
}
