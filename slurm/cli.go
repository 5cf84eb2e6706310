// Package slurm drives Slurm through its commands. It is the only home of their
// names. Slurm answers one question: is capacity coming, here, or gone, and why.
//
// The rules behind it were learnt from live clusters: a submission that failed may
// have arrived, a cancellation that succeeded may not have, and a job that is not
// listed is in an unknown state, never a successful one.
package slurm

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// Options says how to drive Slurm. The zero value uses this process's environment
// and waits long enough for a busy controller.
type Options struct {
	// Env is the environment in which to look for Slurm and, cleaned, that of submitted
	// jobs; nil means that of this process. See [CleanEnv].
	Env []string
	// ExtraSecretPrefixes strips further variables whose names begin so from Env.
	ExtraSecretPrefixes []string
	// SubmitTimeout bounds one submission; default 180 s, since a full queue makes sbatch
	// wait 120 s by itself.
	SubmitTimeout time.Duration
	// Timeout bounds every other command; default 60 s, since rate limits make commands
	// wait without a word.
	Timeout time.Duration
	// AdoptTimeout bounds how long Submit looks for a job that may have arrived;
	// default 10 min.
	AdoptTimeout time.Duration
	// Logger gets what Slurm says beside its answers; nil is silence.
	Logger *slog.Logger
}

// CLI drives Slurm with its commands. Its methods are safe for concurrent use.
type CLI struct {
	opts    Options
	submits *rate.Limiter
	listing chan struct{} // holds a token while one squeue runs
	patient atomic.Int64  // MessageTimeout once known, as a time.Duration
}

// defaultMessageTimeout is Slurm's own default.
const defaultMessageTimeout = 10 * time.Second

// NewCLI makes a driver; it runs nothing yet.
func NewCLI(opts Options) *CLI {
	if opts.Env == nil {
		opts.Env = os.Environ()
	}
	opts.Env = withoutPrefixes(CleanEnv(opts.Env), opts.ExtraSecretPrefixes)
	opts.SubmitTimeout = cmp.Or(opts.SubmitTimeout, 180*time.Second)
	opts.Timeout = cmp.Or(opts.Timeout, 60*time.Second)
	opts.AdoptTimeout = cmp.Or(opts.AdoptTimeout, 10*time.Minute)
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	return &CLI{
		opts: opts,
		// Sites ask for this much politeness: a burst of 5, then one a second.
		submits: rate.NewLimiter(rate.Every(time.Second), 5),
		listing: make(chan struct{}, 1),
	}
}

// read runs a command that only asks, or may be repeated, and returns its answer.
// Failures that say nothing about the request are [ErrTransient].
func (c *CLI) read(ctx context.Context, name string, args ...string) (string, error) {
	out := run(ctx, invocation{
		name: name, args: args, timeout: c.opts.Timeout,
		env: slices.Concat(c.opts.Env, readEnv),
	})
	if err := out.readError(); err != nil {
		return "", err
	}
	return out.stdout, nil
}

// sleep waits, or returns the context's error.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
