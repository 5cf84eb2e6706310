package slurm

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// What a failure means for the caller; test with [errors.Is].
var (
	// ErrAmbiguous: the submission may or may not have arrived. Look for its name with
	// [CLI.Adopt] before submitting again.
	ErrAmbiguous = errors.New("the job may or may not have been submitted")
	// ErrTransient: nothing happened; the same may work later.
	ErrTransient = errors.New("Slurm cannot do that at present")
	// ErrLimit: a limit on jobs is reached; it works when some of them have ended.
	ErrLimit = errors.New("a Slurm limit is reached")
	// ErrRejected: nothing happened, and the same will be refused again.
	ErrRejected = errors.New("Slurm refuses")
	// ErrUnsupported: this machine or this Slurm cannot do that.
	ErrUnsupported = errors.New("not possible here")
)

// Error is a failed Slurm command.
type Error struct {
	Kind    error  // ErrAmbiguous, ErrTransient, ErrLimit, ErrRejected or ErrUnsupported
	Command string // the program
	Words   string // what it said on standard error, verbatim
	Exit    int    // its exit code, if it had one
	Cause   error  // why there is no exit code, or nil
	hint    string
}

func (e *Error) Error() string {
	what := e.Words
	if e.Cause != nil {
		what = strings.TrimSpace(e.Cause.Error() + "\n" + what)
	}
	if what == "" {
		what = fmt.Sprintf("exit code %d and not a word", e.Exit)
	}
	return fmt.Sprintf("%s: %v: %s", e.Command, e.Kind, what)
}

// Unwrap gives the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Cause}
}

// Hint says what a person may do about it; it may be empty.
func (e *Error) Hint() string { return e.hint }

// messages classifies Slurm's own words (slurm_errno.c), the most dangerous first:
// several may be on standard error at once.
var messages = []struct {
	text string
	kind error
	hint string
}{
	{"Socket timed out", ErrAmbiguous, hintBusy},
	{"send failure", ErrAmbiguous, hintBusy},
	{"receive failure", ErrAmbiguous, hintBusy},
	{"shutdown failure", ErrAmbiguous, hintBusy},
	{"Unexpected message received", ErrAmbiguous, hintBusy},
	{"Zero Bytes were transmitted", ErrAmbiguous, hintBusy},

	{"Unable to contact slurm controller", ErrTransient, hintDown},
	{"standby mode", ErrTransient, hintDown},
	{"cannot stat file", ErrTransient, hintConf},
	{"configuration source", ErrTransient, hintConf},
	{"Protocol authentication error", ErrTransient, hintMunge},
	{"Failed to connect to authentication agent", ErrTransient, hintMunge},
	{"Invalid authentication credential", ErrTransient, hintMunge},
	{"temporarily unable to accept job", ErrTransient, hintFull},
	{"job queue full", ErrTransient, hintFull},
	{"Job creation temporarily disabled", ErrTransient, hintFull},

	{"Job violates accounting/QOS policy", ErrLimit, hintLimit},
	{"MaxSubmitJob", ErrLimit, hintLimit},

	{"Invalid partition", ErrRejected, "list the partitions with: sinfo -s"},
	{"Invalid account", ErrRejected, "list your accounts with: sacctmgr show assoc user=$USER"},
	{"Invalid qos", ErrRejected, "list your QOS with: sacctmgr show assoc user=$USER format=qos"},
	{"Invalid feature", ErrRejected, "list the features with: sinfo -o '%P %f'"},
	{"Invalid generic resource", ErrRejected, "list the GPUs with: sinfo -o '%P %G'"},
	{"Requested node configuration is not available", ErrRejected, "no node has that much memory, CPUs or GPUs; see: sinfo -o '%P %c %m %G'"},
	{"Invalid job array specification", ErrRejected, "see MaxArraySize in: scontrol show config"},
	{"Requested time limit is invalid", ErrRejected, "see the limits with: sinfo -o '%P %l'"},
	{"mutually exclusive", ErrRejected, "give one of the memory options only"},
}

const (
	hintBusy  = "the controller is busy; see: scontrol ping"
	hintConf  = "this host must know the cluster: its slurm.conf is in /etc/slurm, or SLURM_CONF names it"
	hintDown  = "see whether the controller is up with: scontrol ping"
	hintMunge = "check munge and the clock of this host: munge -n | unmunge"
	hintFull  = "Slurm's queue is full for everybody; see MaxJobCount in: scontrol show config"
	hintLimit = "wait for jobs to end, or lower the size of the pool"
)

// classify finds the kind of a failure from what the command said.
func classify(words string) (kind error, hint string) {
	lower := strings.ToLower(words)
	for _, m := range messages {
		if strings.Contains(lower, strings.ToLower(m.text)) {
			return m.kind, m.hint
		}
	}
	return ErrRejected, ""
}

// submitError explains a submission that did not yield a job id, or is nil.
func (o outcome) submitError() error {
	if o.err == nil && o.exit == 0 {
		return nil
	}
	e := &Error{Command: o.command, Words: o.words, Exit: o.exit, Cause: o.err}
	e.Kind, e.hint = classify(o.words)
	switch {
	case notStarted(o.err):
		e.Kind, e.hint = ErrUnsupported, hintNoCommands
	case o.err != nil, o.words == "":
		e.Kind, e.hint = ErrAmbiguous, hintBusy // killed on its way, or nobody knows
	}
	return e
}

// readError explains a failed command that may be repeated, or is nil.
func (o outcome) readError() error {
	err := o.submitError()
	if e, ok := err.(*Error); ok && e.Kind == ErrAmbiguous {
		e.Kind = ErrTransient
	}
	return err
}

const hintNoCommands = "Slurm's commands must be in the PATH; run this on a login node of the cluster"

func notStarted(err error) bool {
	var start *exec.Error
	return errors.As(err, &start)
}
