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
	"strings"
	"syscall"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/workflow"
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
		var reported failedError
		switch {
		case errors.As(err, &reported):
		case errors.Is(err, context.Canceled):
			fmt.Fprintln(s.Err, "ewoks-hpc: interrupted")
		default:
			report(s.Err, err)
		}
		return exitInterrupted
	}
	return report(s.Err, err)
}

const rootHelp = `   ewoks-hpc run workflow.json                      run a workflow on this machine
   ewoks-hpc up --cores 4 --max-jobs 10 --detach    bring a cluster up on Slurm
   ewoks-hpc run workflow.json --cluster default    run a workflow on it
   ewoks-hpc top                                    watch it
   ewoks-hpc campaign run workflow.json --table scans.csv --name scans
   ewoks-hpc explain last                           why is my run not running?
   ewoks-hpc down                                   end it

ewoks-hpc COMMAND --help tells all about a command.`

// group is a heading of the help text with its commands.
type group struct {
	name     string
	commands []*cli.Command
}

// groups are all commands, in the order in which people need them.
func groups(s Streams) []group {
	return []group{
		{"Run workflows", []*cli.Command{newRun(s), newCancel(s), newPause(s), newResume(s)}},
		{"Look", []*cli.Command{newTop(s), newStatus(s), newRuns(s), newWorkers(s), newJobs(s), newExplain(s), newLogs(s), newReport(s)}},
		{"Clusters", []*cli.Command{newUp(s), newDown(s), newScale(s), newDoctor(s), newConfig(s), newJobScript(s), newWorker(s), newDoctorProbe(s), newBridge(s)}},
		{"Campaigns", []*cli.Command{newCampaign(s)}},
		{"Documents", []*cli.Command{newValidate(s), newShow(s), newConvert(s)}},
		{"This program", []*cli.Command{newCompletion(s), newComplete(s), newMan(s), newReference(s)}},
	}
}

func root(s Streams, version string) *cli.Command {
	root := &cli.Command{
		Name:        "ewoks-hpc",
		Usage:       "run ewoks workflows on this machine and on Slurm clusters",
		Version:     version,
		Description: rootHelp + exitHelp,
		Writer:      s.Out, ErrWriter: s.Err,
		ExitErrHandler: func(context.Context, *cli.Command, error) {},
		Action:         noCommand,
	}
	for _, g := range groups(s) {
		for _, c := range g.commands {
			c.Category = g.name
		}
		root.Commands = append(root.Commands, g.commands...)
	}
	root.CustomRootCommandHelpTemplate = rootTemplate(groups(s))
	_ = root.Walk(func(cmd *cli.Command) error {
		cmd.OnUsageError = usageErrorOf
		// Values may hold commas, as in -p x=[1,2]: a flag is repeated instead.
		cmd.DisableSliceFlagSeparator = true
		cmd.HideHelpCommand = len(cmd.Commands) == 0 // else help, or h, could not be the name of anything
		for _, f := range cmd.Flags {
			if f, ok := f.(cli.StringerSetter); ok {
				f.SetStringer(flagText)
			}
		}
		return nil
	})
	return root
}

// noCommand is what happens without a command, or with one that does not exist.
func noCommand(_ context.Context, cmd *cli.Command) error {
	if !cmd.Args().Present() {
		return cli.ShowRootCommandHelp(cmd)
	}
	var names []string
	for _, c := range cmd.VisibleCommands() {
		names = append(names, c.Name)
	}
	return usageError{fmt.Errorf("there is no command %q", cmd.Args().First()), "there are " + strings.Join(names, ", ")}
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

// shownProblems bounds what is printed of a workflow with many problems.
const shownProblems = 20

// reportProblems prints the problems of a workflow, each with its hint.
func reportProblems(w io.Writer, problems workflow.Problems) int {
	for _, p := range problems[:min(shownProblems, len(problems))] {
		fmt.Fprintf(w, "ewoks-hpc: %v\n", p)
		if p.Hint != "" {
			fmt.Fprintf(w, "  hint: %s\n", p.Hint)
		}
	}
	if more := len(problems) - shownProblems; more > 0 {
		fmt.Fprintf(w, "ewoks-hpc: and %d more problems\n", more)
	}
	return exitUsage
}

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
	var problems workflow.Problems
	if errors.As(err, &problems) && len(problems) > 1 {
		return reportProblems(w, problems)
	}
	fmt.Fprintf(w, "ewoks-hpc: %v\n", err)
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) && hinted.Hint() != "" {
		fmt.Fprintf(w, "  hint: %s\n", hinted.Hint())
	}
	return exitCode(err)
}
