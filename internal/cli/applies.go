package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"
)

// alreadyUp stands for the schedulers that are clusters brought up before.
const alreadyUp = "a cluster that is up"

// uses lists the schedulers that have a use for a flag. Flags that all have a
// use for are not in it, and those of the job script are for slurm.
var uses = map[string][]string{
	"num-workers":        {"multithreading", "multiprocessing"},
	"context":            {"multiprocessing"},
	"n-workers":          {"cluster"},
	"threads-per-worker": {"cluster"},
	"bind":               {"cluster", "slurm"},
	"env":                {"sequential", "multithreading", "multiprocessing", "cluster", "slurm"},
	"python":             {"sequential", "multithreading", "multiprocessing", "cluster", "slurm"},
}

// checkFlags refuses flags that the scheduler has no use for, instead of
// leaving them without effect.
func checkFlags(cmd *cli.Command, scheduler string) error {
	slurmOnly := []string{"jobs", "templates", "advertise", "poll-interval"}
	for _, f := range clusterFlags() {
		if c, ok := f.(cli.CategorizableFlag); ok && c.GetCategory() == "Pool" && f.Names()[0] != "pool" {
			slurmOnly = append(slurmOnly, f.Names()[0])
		}
	}
	for _, f := range cmd.Flags {
		name := f.Names()[0]
		schedulers, some := uses[name]
		if !some && slices.Contains(slurmOnly, name) {
			schedulers, some = []string{"slurm"}, true
		}
		if some && cmd.IsSet(name) && !slices.Contains(schedulers, scheduler) {
			return usageError{fmt.Errorf("--%s has no effect with %s", name, scheduler), "it is for " + strings.Join(schedulers, ", ") + hintUp(scheduler)}
		}
	}
	return nil
}

func hintUp(scheduler string) string {
	if scheduler == alreadyUp {
		return "; for a cluster give it to ewoks-hpc up"
	}
	return ""
}
