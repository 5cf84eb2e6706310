package slurm

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Snapshot is what Slurm listed at one time. A job that is not in it is in an unknown
// state, neither done nor failed: ended jobs vanish after MinJobAge, and tasks that
// are cancelled before they start vanish at once.
type Snapshot struct {
	Jobs     []Job
	Complete bool      // false: do not conclude anything from absence
	At       time.Time // before Slurm was asked
}

// nameRule is what a job name must be to survive every list and every filter.
var nameRule = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// maxNames bounds the bytes of names on a command line; the kernel's limit on one
// argument is 128 KiB. Beyond it, all jobs of this user are asked for.
const maxNames = 100 << 10

// List asks once for all jobs of this user that have one of these names, those that
// ended lately included. One listing runs at a time.
func (c *CLI) List(ctx context.Context, names []string) (Snapshot, error) {
	if len(names) == 0 {
		return Snapshot{Complete: true, At: time.Now()}, nil
	}
	wanted := make(map[string]bool, len(names))
	for _, name := range names {
		if err := checkName(name); err != nil {
			return Snapshot{}, err
		}
		wanted[name] = true
	}
	args := []string{"--noheader", "--array", "--states=all", "--me", "--format=" + listFormat}
	if joined := strings.Join(names, ","); len(joined) <= maxNames {
		args = append(args, "--name="+joined)
	}
	select {
	case c.listing <- struct{}{}:
		defer func() { <-c.listing }()
	case <-ctx.Done():
		return Snapshot{}, ctx.Err()
	}
	at := time.Now()
	text, err := c.read(ctx, "squeue", args...)
	if err != nil {
		return Snapshot{At: at}, err
	}
	all, unread := parseList(text)
	if unread > 0 {
		c.opts.Logger.Warn("squeue printed lines that are not understood", "lines", unread)
	}
	snapshot := Snapshot{Complete: unread == 0, At: at}
	for _, job := range all {
		if !wanted[job.Name] {
			continue
		}
		if job.State == Unknown {
			c.opts.Logger.Warn("Slurm has a job state that is not known here", "job", job.ID, "state", job.SlurmState)
		}
		snapshot.Jobs = append(snapshot.Jobs, job)
	}
	return snapshot, nil
}

// Find returns the jobs that were accepted under this name, ended ones included for
// as long as Slurm lists them. None is not proof that there was none: see [CLI.Adopt].
func (c *CLI) Find(ctx context.Context, name string) ([]Job, error) {
	snapshot, err := c.List(ctx, []string{name})
	if err != nil {
		return nil, err
	}
	if !snapshot.Complete {
		return nil, &Error{Kind: ErrTransient, Command: "squeue", Cause: fmt.Errorf("answer not understood")}
	}
	var found []Job
	for _, job := range snapshot.Jobs {
		if !job.neverAccepted() {
			found = append(found, job)
		}
	}
	return found, nil
}

func checkName(name string) error {
	if !nameRule.MatchString(name) {
		return fmt.Errorf("job name %q: want 1 to 64 letters, digits, dots, dashes or underscores", name)
	}
	return nil
}
