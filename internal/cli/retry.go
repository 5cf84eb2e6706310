package cli

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
)

// retryFlags say how often attempts at a task are made again.
func retryFlags() []cli.Flag {
	const category = "Retries"
	return []cli.Flag{
		&cli.IntFlag{Name: "retries", Category: category, Usage: "try a task again up to `N` times after an exception, or a crash of its interpreter"},
		&cli.StringSliceFlag{Name: "retry-on", Category: category, Usage: "--retries is for exceptions of these classes only, `TYPE,...`: names without module, not those of base classes"},
		&cli.IntFlag{Name: "timeout-retries", Category: category, Usage: "try a task again up to `N` times after it exceeded its time, like --task-timeout"},
		&cli.IntFlag{Name: "oom-retries", Category: category, Usage: "try a task again up to `N` times after it ran out of memory"},
		&cli.FloatFlag{Name: "oom-memory", Category: category, Usage: "with --oom-retries on a cluster, ask for `FACTOR` times as much memory each time, up to what a worker has; a task that has not said how much it needs gets a worker for itself; 1: the same again", Value: engine.DefaultGrowth},
		&cli.DurationFlag{Name: "retry-delay", Category: category, Usage: "`TIME` before a failed task is tried again; doubles with every failure, up to 10m"},
		&cli.IntFlag{Name: "max-lost", Category: category, Usage: "a task that was lost with its worker runs again, up to `N` times", Value: engine.DefaultLost},
	}
}

// className is the name of a Python class, without that of its module.
var className = regexp.MustCompile(`^[\pL_][\pL\pN_]*$`)

// retryOptions reads the flags.
func retryOptions(cmd *cli.Command) (*engine.Retry, error) {
	for _, name := range []string{"retries", "timeout-retries", "oom-retries", "max-lost"} {
		if n := cmd.Int(name); n < 0 {
			return nil, usageError{fmt.Errorf("--%s %d", name, n), "give 0 or more"}
		}
	}
	o := &engine.Retry{
		Lost: cmd.Int("max-lost"), Exceptions: cmd.Int("retries"), Timeouts: cmd.Int("timeout-retries"), OutOfMemory: cmd.Int("oom-retries"),
		Memory: cmd.Float("oom-memory"), Delay: cmd.Duration("retry-delay"),
	}
	if !(1 <= o.Memory && o.Memory <= engine.MaxGrowth) { // NaN is neither
		return nil, usageError{fmt.Errorf("--oom-memory %v", o.Memory), fmt.Sprintf("give 1 to %d, like 1.5 or 2", engine.MaxGrowth)}
	}
	if o.Delay < 0 {
		return nil, usageError{fmt.Errorf("--retry-delay %s", o.Delay), "give a positive time, like 10s or 1m"}
	}
	for _, list := range cmd.StringSlice("retry-on") {
		for name := range strings.SplitSeq(list, ",") {
			if name = strings.TrimSpace(name); !className.MatchString(name) {
				return nil, usageError{fmt.Errorf("--retry-on %q is not the name of a class", name), "give it without its module, like OSError"}
			}
			o.On = append(o.On, name)
		}
	}
	return o, retryEffects(cmd, o)
}

// retryEffects refuses flags that would be without effect.
func retryEffects(cmd *cli.Command, o *engine.Retry) error {
	switch {
	case len(o.On) > 0 && o.Exceptions == 0:
		return usageError{fmt.Errorf("--retry-on %s has no effect without --retries", strings.Join(o.On, ",")), "say how often: --retries N"}
	case cmd.IsSet("oom-memory") && o.OutOfMemory == 0:
		return usageError{fmt.Errorf("--oom-memory %v has no effect without --oom-retries", o.Memory), "say how often: --oom-retries N"}
	case o.Delay > 0 && o.Exceptions+o.Timeouts+o.OutOfMemory == 0:
		return usageError{fmt.Errorf("--retry-delay %s has no effect without retries", o.Delay), "say how often: --retries, --timeout-retries or --oom-retries N"}
	}
	return nil
}
