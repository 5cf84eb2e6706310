package slurm

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// chunkSize is how many jobs go into one command; a giant one times out.
const chunkSize = 100

// CancelOptions narrows what a cancellation does. The zero value ends jobs.
type CancelOptions struct {
	PendingOnly bool   // leave alone what has started
	Signal      string // send this, such as USR1, instead of ending the job
	BatchOnly   bool   // with Signal: to the batch script and not to its steps
}

// idRule is an array id, or one of its jobs: 12, 12_3.
var idRule = regexp.MustCompile(`^[0-9]{1,10}(_[0-9]{1,10})?$`)

// Cancel cancels or signals jobs by id: "12" for all of an array, "12_3" for one of
// it. Ids that Slurm no longer knows are no error. Success says only that Slurm
// was told; [CLI.List] confirms, or use [CLI.CancelAndWait].
func (c *CLI) Cancel(ctx context.Context, ids []string, opts CancelOptions) error {
	for _, id := range ids {
		if !idRule.MatchString(id) {
			return fmt.Errorf("job id %q: want a number, or number_index", id)
		}
	}
	var flags []string
	if opts.PendingOnly {
		flags = append(flags, "--state=PENDING")
	}
	if opts.Signal != "" {
		flags = append(flags, "--signal="+opts.Signal)
	}
	if opts.BatchOnly {
		flags = append(flags, "--batch")
	}
	var failed []error
	for chunk := range slices.Chunk(ids, chunkSize) {
		// Later chunks are tried all the same: each that gets through frees nodes.
		if _, err := c.read(ctx, "scancel", slices.Concat(flags, chunk)...); err != nil && !alreadyGone(err) {
			failed = append(failed, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(failed...)
}

// gone are scancel's complaints about jobs that need no cancelling.
var gone = regexp.MustCompile(`(?m)^.*(Invalid job id specified|already completing or completed).*$\n?`)

// alreadyGone says whether nothing but that was wrong.
func alreadyGone(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Cause == nil && e.Words != "" && gone.ReplaceAllString(e.Words, "") == ""
}

// cancelAgain is how long a cancelled job may look as before until Slurm is told
// again.
const cancelAgain = 10 * time.Second

// CancelAndWait cancels jobs and lists those of these names every poll until none of
// the ids is left in the queue. It returns the jobs that were still there when ctx
// ended or an error came that waiting does not cure.
func (c *CLI) CancelAndWait(ctx context.Context, names, ids []string, poll time.Duration) (left []Job, err error) {
	var told time.Time
	for {
		if time.Since(told) > max(cancelAgain, poll) {
			err := c.Cancel(ctx, ids, CancelOptions{})
			if err == nil {
				told = time.Now()
			} else if !errors.Is(err, ErrTransient) && ctx.Err() == nil {
				return left, err
			}
		}
		snapshot, err := c.List(ctx, names)
		switch {
		case err == nil:
			left = stillThere(snapshot.Jobs, ids)
			if len(left) == 0 && snapshot.Complete {
				return nil, nil
			}
		case !errors.Is(err, ErrTransient) && ctx.Err() == nil:
			return left, err
		}
		if err := sleep(ctx, poll); err != nil {
			return left, fmt.Errorf("cancelled jobs are not confirmed gone: %w", err)
		}
	}
}

func stillThere(jobs []Job, ids []string) (left []Job) {
	for _, job := range jobs {
		one := fmt.Sprintf("%s_%d", job.ID, job.Index)
		if job.State != Ended && (slices.Contains(ids, job.ID) || slices.Contains(ids, one)) {
			left = append(left, job)
		}
	}
	return left
}
