// Package cli is the command line of ewoks-hpc: one file per command, what is
// printed, and which error ends in which exit code.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v3"
)

// Exit codes, as every help text lists them.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInfra       = 3
	exitInterrupted = 130
)

const exitHelp = `

EXIT CODES: 0 all went well, 1 a task failed, 2 wrong usage or an invalid
workflow, 3 infrastructure (Python, broker or Slurm), 130 interrupted.`

// Streams are where a command reads and writes.
type Streams struct {
	Out, Err io.Writer
}

// Main runs the command line and returns the exit code.
func Main(args []string, version string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	s := Streams{Out: os.Stdout, Err: os.Stderr}
	err := root(s, version).Run(ctx, args)
	if ctx.Err() != nil && err != nil {
		fmt.Fprintln(s.Err, "ewoks-hpc: interrupted")
		return exitInterrupted
	}
	return report(s.Err, err)
}

func root(s Streams, version string) *cli.Command {
	return &cli.Command{
		Name:    "ewoks-hpc",
		Usage:   "run ewoks workflows on this machine and on Slurm clusters",
		Version: version,
		Description: `Run a workflow here:       ewoks-hpc run workflow.json
Bring a cluster up:        ewoks-hpc up --queue gpu --gres gpu:1 --jobs 2 --detach
Run a workflow on it:      ewoks-hpc run workflow.json --cluster default
See it, and end it:        ewoks-hpc status, ewoks-hpc down` + exitHelp,
		Writer: s.Out, ErrWriter: s.Err,
		ExitErrHandler:        func(context.Context, *cli.Command, error) {},
		OnUsageError:          usageErrorOf,
		EnableShellCompletion: true,
		Suggest:               true,
		Commands: []*cli.Command{
			newRun(s), newUp(s), newStatus(s), newScale(s), newLogs(s), newDown(s),
			newJobScript(s), newConfig(s), newWorker(s),
		},
	}
}

// usageError is a command line that makes no sense.
type usageError struct {
	error
	hint string
}

func (e usageError) Hint() string { return e.hint }

func usageErrorOf(_ context.Context, cmd *cli.Command, err error, _ bool) error {
	return usageError{err, fmt.Sprintf("see: %s --help", cmd.FullName())}
}

// failedError says that a run ended without success, after it was reported.
type failedError struct{ code int }

func (e failedError) Error() string { return "the run did not succeed" }

// report prints an error in two lines, what happened and what to do, and
// returns the exit code that belongs to it.
func report(w io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	var failed failedError
	if errors.As(err, &failed) {
		return failed.code
	}
	fmt.Fprintf(w, "ewoks-hpc: %v\n", err)
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) && hinted.Hint() != "" {
		fmt.Fprintf(w, "  hint: %s\n", hinted.Hint())
	}
	return exitCode(err)
}
