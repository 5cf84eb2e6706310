package slurm

import (
	"context"
	"regexp"
	"slices"
	"strings"
)

// testOnlyHints are for words that only sbatch --test-only has.
var testOnlyHints = []struct{ text, hint string }{
	{"Required partition not available", "the queue takes no jobs at present; list the others with: sinfo -s"},
	{"Requested reservation is invalid", "list the reservations with: scontrol show reservation"},
	{"User's group not permitted", "your group may not use this queue; list the others with: sinfo -s"},
	{"Invalid account or account/partition combination", "your account may not use this queue; see: sacctmgr show assoc user=$USER"},
	{"Requested time limit is invalid", "lower the walltime; see the limits with: sinfo -o '%P %l'"},
}

// TestOnly asks whether Slurm would take the jobs of a submission, and when they
// could start, without submitting them. It returns Slurm's words: "Job 25 to start
// at ... on nodes n1". A refusal is an [Error] as from [CLI.Submit].
//
// It is no proof: with EnforcePartLimits=NO Slurm takes jobs that exceed the time
// limit of a partition and never starts them (seen with 22.05).
func (c *CLI) TestOnly(ctx context.Context, s Submission) (string, error) {
	if err := s.check(); err != nil {
		return "", &Error{Kind: ErrRejected, Command: "sbatch --test-only", Cause: err}
	}
	command := append(SubmitCommand(s), "--test-only")
	out := run(ctx, invocation{
		name: command[0], args: command[1:], stdin: s.Script, timeout: c.opts.Timeout,
		env: slices.Concat(c.opts.Env, withoutPrefixes(CleanEnv(s.Env), c.opts.ExtraSecretPrefixes)),
	})
	err := out.readError() // asking is harmless, so nothing is ambiguous
	if err == nil {
		return strings.TrimPrefix(out.words, "sbatch: "), nil
	}
	if e, ok := err.(*Error); ok {
		e.Words = testOnlyPrefix.ReplaceAllString(e.Words, "")
		for _, h := range testOnlyHints {
			if strings.Contains(e.Words, h.text) {
				e.hint = h.hint
			}
		}
	}
	return "", err
}

// testOnlyPrefix is how sbatch begins its lines here.
var testOnlyPrefix = regexp.MustCompile(`(?m)^(sbatch: error: |sbatch: |allocation failure: )+`)
