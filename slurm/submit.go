package slurm

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Submission is one batch of like jobs. It becomes a job array even if it is a single
// job, so that every job is named by an array id and an index.
type Submission struct {
	Name   string   // unique among all submissions ever; the key to find it again
	Script string   // text of the batch script, beginning with #!
	Args   []string // further options, each one word: --partition=debug
	Array  int      // how many jobs; 0 means 1
	Env    []string // added to Options.Env for the jobs, cleaned likewise
	Dir    string   // where the jobs start; "" is the directory of this process
}

// SubmitCommand returns the command that Submit runs, with the script on its
// standard input.
func SubmitCommand(s Submission) []string {
	command := []string{"sbatch", "--parsable", "--export=ALL"}
	if s.Dir != "" {
		command = append(command, "--chdir="+s.Dir)
	}
	command = append(command, s.Args...)
	// The last of two equal options wins, and nothing may change these.
	return append(command, "--job-name="+s.Name, fmt.Sprintf("--array=0-%d", max(s.Array, 1)-1))
}

// Submit hands a batch of jobs to Slurm and returns the id of the job array. At most
// one a second is sent, after a burst of 5.
//
// Failures are an [Error] of kind [ErrRejected], [ErrLimit], [ErrTransient] or
// [ErrAmbiguous]. When the answer got lost, Submit looks for the jobs by their name as
// [CLI.Adopt] does, so that ErrTransient means they are not there; only when that too
// stays open, or ctx ends, is it ErrAmbiguous.
func (c *CLI) Submit(ctx context.Context, s Submission) (string, error) {
	if err := s.check(); err != nil {
		return "", &Error{Kind: ErrRejected, Command: "submit", Cause: err}
	}
	if err := c.submits.Wait(ctx); err != nil {
		return "", &Error{Kind: ErrTransient, Command: "submit", Cause: err, hint: "it was not sent yet"}
	}
	id, err := c.submitOnce(ctx, s)
	if !errors.Is(err, ErrAmbiguous) {
		return id, err
	}
	c.opts.Logger.Warn("the answer to a submission got lost; looking for the job", "name", s.Name, "error", err)
	id, found, adoptErr := c.Adopt(ctx, s.Name)
	var lost *Error
	switch {
	case found:
		return id, nil
	case adoptErr != nil:
		return "", fmt.Errorf("%w\nlooking for it: %w", err, asCause{adoptErr})
	case errors.As(err, &lost):
		lost.Kind, lost.hint = ErrTransient, "the job did not arrive; submitting it again is safe"
	}
	return "", err
}

// asCause hides the kind of an error, which would contradict that of another.
type asCause struct{ error }

func (c *CLI) submitOnce(ctx context.Context, s Submission) (string, error) {
	command := SubmitCommand(s)
	out := run(ctx, invocation{
		name: command[0], args: command[1:], stdin: s.Script, timeout: c.opts.SubmitTimeout,
		env: slices.Concat(c.opts.Env, withoutPrefixes(CleanEnv(s.Env), c.opts.ExtraSecretPrefixes)),
	})
	if err := out.submitError(); err != nil {
		return "", err
	}
	if out.words != "" {
		c.opts.Logger.Info("Slurm says", "name", s.Name, "message", out.words) // site policies speak here
	}
	id, ok := parseSubmitted(out.stdout)
	if !ok {
		return "", &Error{Kind: ErrAmbiguous, Command: command[0], Words: out.words,
			Cause: fmt.Errorf("no job id in its answer %.200q", out.stdout)}
	}
	return id, nil
}

// submitted is the last line of an answer: 12, or 12;cluster.
var submitted = regexp.MustCompile(`^([0-9]{1,10})(;\S+)?$`)

func parseSubmitted(text string) (id string, ok bool) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	match := submitted.FindStringSubmatch(strings.TrimSpace(lines[len(lines)-1]))
	if match == nil {
		return "", false
	}
	return match[1], true
}

// unusable options would end what Submit promises: an id at once, of jobs that are
// in the default cluster and run the script.
var unusable = []string{"--wrap", "--test-only", "--wait", "-W", "--clusters", "-M", "--array", "-a", "--job-name", "-J", "--help", "--version", "-V", "-h"}

func (s Submission) check() error {
	if err := checkName(s.Name); err != nil {
		return err
	}
	if s.Array < 0 {
		return fmt.Errorf("array of %d jobs", s.Array)
	}
	if !strings.HasPrefix(s.Script, "#!") {
		return fmt.Errorf("the script of %s does not begin with #!", s.Name)
	}
	for _, arg := range s.Args {
		name, _, _ := strings.Cut(arg, "=")
		if len(arg) < 2 || arg[0] != '-' || arg == "--" {
			return fmt.Errorf("option %q: want one word such as --partition=debug", arg)
		}
		if slices.Contains(unusable, name) || !strings.HasPrefix(arg, "--") && slices.Contains(unusable, arg[:2]) {
			return fmt.Errorf("option %q cannot be used here", arg)
		}
	}
	return nil
}
