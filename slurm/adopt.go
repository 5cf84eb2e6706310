package slurm

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Adopt finds the job array that a submission of unknown fate created under a name
// that no other submission has. It says that there is none only after the controller
// has been answering for twice its MessageTimeout: what was sent before may still wait
// in its queue. It is [ErrAmbiguous] if that stays open until ctx ends or for
// Options.AdoptTimeout.
//
// A launcher that restarts calls it for each submission it had begun.
func (c *CLI) Adopt(ctx context.Context, name string) (id string, found bool, err error) {
	if err := checkName(name); err != nil {
		return "", false, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.opts.AdoptTimeout)
	defer cancel()
	var answering time.Time // since when the controller answers
	for pause := 250 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		asked := time.Now()
		jobs, err := c.Find(ctx, name)
		switch {
		case err == nil && len(jobs) > 0:
			return c.pick(name, jobs), true, nil
		case err == nil && answering.IsZero():
			answering = asked
		case err == nil && asked.Sub(answering) >= 2*c.messageTimeout(ctx):
			return "", false, nil
		case err != nil && !errors.Is(err, ErrTransient) && ctx.Err() == nil:
			return "", false, err
		case err != nil:
			answering = time.Time{}
		}
		if sleep(ctx, pause) != nil {
			return "", false, &Error{Kind: ErrAmbiguous, Command: "adopt",
				Cause: fmt.Errorf("looking for job %s: %w", name, errors.Join(ctx.Err(), asCauseOf(err))), hint: hintDown}
		}
	}
}

func asCauseOf(err error) error {
	if err == nil {
		return nil
	}
	return asCause{err}
}

// pick chooses among the arrays of one name; there is more than one only if somebody
// else uses our names.
func (c *CLI) pick(name string, jobs []Job) string {
	id := jobs[0].ID
	for _, job := range jobs {
		if job.ID != id {
			c.opts.Logger.Warn("two job arrays have the same name", "name", name, "one", id, "other", job.ID)
		}
	}
	return id
}
