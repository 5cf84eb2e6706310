package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
	"github.com/ewoks-hpc/ewoks-hpc/config"
)

// mostJobs bounds every number of jobs.
const mostJobs = 100_000

// sizeOptions sets how many jobs a pool has, from its values, which it may change.
func sizeOptions(cmd *cli.Command, values map[string]config.Value, o *app.PoolOptions) error {
	if err := oneSizeOf(cmd, values); err != nil {
		return err
	}
	// A flag of one way to give the size beats what files say of the other.
	switch {
	case fromFlag(values, "jobs"):
		delete(values, "min_jobs")
		delete(values, "max_jobs")
	case fromFlag(values, "min_jobs") || fromFlag(values, "max_jobs"):
		delete(values, "jobs")
	}
	o.Jobs, o.MaxQueued = 1, 10
	for _, n := range []struct {
		key   string
		least int
		into  *int
	}{{"jobs", 0, &o.Jobs}, {"min_jobs", 0, &o.MinJobs}, {"max_jobs", 1, &o.MaxJobs}, {"max_queued", 0, &o.MaxQueued}} {
		if err := readNumber(values, n.key, n.least, n.into); err != nil {
			return err
		}
	}
	if err := checkSize(values, *o); err != nil {
		return err
	}
	v, ok := values["idle_timeout"]
	if !ok {
		return nil
	}
	var err error
	if o.IdleTimeout, err = time.ParseDuration(fmt.Sprint(v.Raw)); err != nil || o.IdleTimeout < time.Second {
		return usageError{fmt.Errorf("idle_timeout %q (%s)", fmt.Sprint(v.Raw), v.Origin), "give a time of at least a second, like 2m"}
	}
	return nil
}

// fromFlag tells whether a value was given on the command line.
func fromFlag(values map[string]config.Value, key string) bool {
	return strings.HasPrefix(values[key].Origin, "flag --")
}

// oneSizeOf is oneSize for one pool, which flags of others do not concern.
func oneSizeOf(cmd *cli.Command, values map[string]config.Value) error {
	for _, adapting := range []string{"min_jobs", "max_jobs"} {
		if fromFlag(values, adapting) && (fromFlag(values, "jobs") || cmd.IsSet("n-workers")) {
			return oneSize(cmd)
		}
	}
	return nil
}

// oneSize refuses flags that give the number of jobs in two ways.
func oneSize(cmd *cli.Command) error {
	for _, fixed := range []string{"jobs", "n-workers"} {
		for _, adapting := range []string{"min-jobs", "max-jobs"} {
			if cmd.IsSet(fixed) && cmd.IsSet(adapting) {
				return usageError{
					fmt.Errorf("--%s and --%s contradict each other", fixed, adapting),
					fmt.Sprintf("give --%s for a fixed number, or --min-jobs and --max-jobs for one that adapts", fixed),
				}
			}
		}
	}
	return nil
}

// checkSize refuses values that contradict each other, which may come from files.
func checkSize(values map[string]config.Value, o app.PoolOptions) error {
	low, some := values["min_jobs"]
	high, adapts := values["max_jobs"]
	fixed, both := values["jobs"]
	switch {
	case some && !adapts:
		return usageError{fmt.Errorf("min_jobs %d without max_jobs (%s)", o.MinJobs, low.Origin), "give max_jobs, or jobs for a fixed number"}
	case some && o.MinJobs > o.MaxJobs:
		return usageError{fmt.Errorf("min_jobs %d (%s) is more than max_jobs %d (%s)", o.MinJobs, low.Origin, o.MaxJobs, high.Origin), "give max_jobs at least min_jobs"}
	case adapts && both:
		return usageError{fmt.Errorf("jobs (%s) and max_jobs (%s) contradict each other", fixed.Origin, high.Origin), "leave one of them out, or give --jobs or --max-jobs"}
	}
	return nil
}

// readNumber reads a value that is a number of jobs, if there is one.
func readNumber(values map[string]config.Value, key string, least int, into *int) error {
	v, ok := values[key]
	if !ok {
		return nil
	}
	n, err := strconv.Atoi(fmt.Sprint(v.Raw))
	if err != nil || n < least || n > mostJobs {
		return usageError{fmt.Errorf("%s %q (%s)", key, fmt.Sprint(v.Raw), v.Origin), fmt.Sprintf("give a number of worker jobs from %d to %d", least, mostJobs)}
	}
	*into = n
	return nil
}
