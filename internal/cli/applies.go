package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/jobscript"
)

// purpose is what the flags of a command are used for.
type purpose struct {
	scheduler string
	// words name it in a message, advice tells what to do with a flag that it has
	// no use for; empty names the schedulers that have one.
	words, advice string
	// up: the cluster is there for more than one run.
	up bool
}

// alreadyUp is running a workflow on a cluster that was brought up before.
var alreadyUp = purpose{words: "with a cluster that is up", advice: "give it to ewoks-hpc up, or leave it out"}

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
	"jobs":               {"slurm"},
	"min-jobs":           {"cluster", "slurm"},
	"max-jobs":           {"cluster", "slurm"},
	"idle-timeout":       {"cluster", "slurm"},
	"max-queued":         {"slurm"},
	"templates":          {"slurm"},
	"advertise":          {"slurm"},
	"poll-interval":      {"slurm"},
	"journal-dir":        {"up"},
	"durability":         {"up"},
	"keep-runs":          {"up"},
}

// checkFlags refuses flags that would be without effect.
func checkFlags(cmd *cli.Command, p purpose) error {
	var script []string
	for _, o := range jobscript.Options() {
		script = append(script, o.Flag)
	}
	for _, f := range cmd.Flags {
		name := f.Names()[0]
		schedulers, some := uses[name]
		if !some && slices.Contains(script, name) {
			schedulers, some = []string{"slurm"}, true
		}
		fits := slices.Contains(schedulers, p.scheduler) || p.up && slices.Contains(schedulers, "up")
		if some && cmd.IsSet(name) && !fits {
			return usageError{fmt.Errorf("--%s has no effect %s", name, p.words), cmp.Or(p.advice, "it is for "+strings.Join(schedulers, ", "))}
		}
	}
	return nil
}
