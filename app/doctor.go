package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/ewoks-hpc/ewoks-hpc/slurm"
)

// Mark is how a check went.
type Mark string

// Marks of a check.
const (
	MarkOK      Mark = "ok"
	MarkWarning Mark = "warning" // it works, or may work; worth knowing
	MarkFailed  Mark = "fail"    // a cluster with these options cannot work
	MarkSkipped Mark = "skipped" // something it needs has failed
)

// Finding is what one check found.
type Finding struct {
	Check string `json:"check"`
	Mark  Mark   `json:"result"`
	Found string `json:"found"`
	// Hint is what to type or check; a failure always has one.
	Hint string `json:"hint,omitempty"`
}

// DoctorOptions say what Doctor looks at: the cluster that up would bring up with
// the same options.
type DoctorOptions struct {
	ClusterOptions
	// Probe submits one small job that looks around on a node, and ProbeTimeout
	// bounds the time until it has answered.
	Probe        bool
	ProbeTimeout time.Duration
	// Report gets each finding as soon as it is there, Notice what is waited for.
	Report func(Finding)
	Notice func(string)
}

// Names of the checks, which others need.
const (
	checkState      = "state directory"
	checkCommands   = "Slurm commands"
	checkMunge      = "munge"
	checkController = "controller"
	checkAccounting = "accounting"
	checkQueue      = "queue"
	checkSubmission = "submission"
	checkBroker     = "broker"
	checkPython     = "Python"
	checkEwokscore  = "ewokscore"
	checkProbe      = "probe job"
)

// doctor runs checks one after the other.
type doctor struct {
	o    DoctorOptions
	cli  *slurm.CLI
	info slurm.Info // once the controller has answered
	// blocked tells for the checks that failed, and for those that could not be made
	// because of them, which one failed.
	blocked map[string]string
}

// Doctor checks whether a cluster with these options would work. Its findings go to
// Report; its error says only that it was interrupted.
func Doctor(ctx context.Context, o DoctorOptions) error {
	if o.Logger == nil {
		o.Logger = discard
	}
	d := &doctor{o: o, cli: slurm.NewCLI(slurm.Options{Env: o.Env, Timeout: questionTime, Logger: o.Logger}), blocked: map[string]string{}}
	d.check(ctx, checkState, nil, d.stateDirectory)
	if !o.Local {
		d.slurm(ctx)
	}
	d.check(ctx, checkBroker, []string{checkState}, d.broker)
	d.python(ctx)
	if o.Probe {
		d.probe(ctx)
	}
	return context.Cause(ctx)
}

// questionTime bounds one question to Slurm.
const questionTime = 60 * time.Second

// check makes one finding, unless one that it needs has failed.
func (d *doctor) check(ctx context.Context, name string, needs []string, look func(context.Context) Finding) {
	for _, need := range needs {
		if culprit := d.blocked[need]; culprit != "" {
			d.say(ctx, name, skipped("not checked: see %s first", culprit))
			d.blocked[name] = culprit
			return
		}
	}
	if ctx.Err() == nil {
		d.say(ctx, name, look(ctx))
	}
}

// say reports a finding. What an interrupted check found is no finding.
func (d *doctor) say(ctx context.Context, name string, f Finding) {
	if ctx.Err() != nil {
		return
	}
	f.Check, f.Found, f.Hint = name, plain(f.Found), plain(f.Hint)
	if f.Mark == MarkFailed {
		d.blocked[name] = name
	}
	d.o.Report(f)
}

func found(format string, a ...any) Finding {
	return Finding{Mark: MarkOK, Found: fmt.Sprintf(format, a...)}
}

func skipped(format string, a ...any) Finding {
	return Finding{Mark: MarkSkipped, Found: fmt.Sprintf(format, a...)}
}

func warning(hint, format string, a ...any) Finding {
	return Finding{Mark: MarkWarning, Hint: hint, Found: fmt.Sprintf(format, a...)}
}

func failed(hint, format string, a ...any) Finding {
	return Finding{Mark: MarkFailed, Hint: hint, Found: fmt.Sprintf(format, a...)}
}

// broken is the finding that an error is; otherwise is its hint where the error has
// none of its own.
func broken(err error, otherwise string) Finding {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) && hinted.Hint() != "" {
		otherwise = hinted.Hint()
	}
	var said *slurm.Error
	if errors.As(err, &said) && said.Words != "" && said.Cause == nil {
		return failed(otherwise, "%s says: %s", said.Command, said.Words)
	}
	return failed(otherwise, "%v", err)
}

// mostText bounds the length of a line of a finding, in bytes.
const mostText = 600

// plain makes one line of text that nothing on a node, and no program, can use to
// control the terminal.
func plain(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if len(text) > mostText {
		return strings.ToValidUTF8(text[:mostText], "") + "..."
	}
	return text
}
