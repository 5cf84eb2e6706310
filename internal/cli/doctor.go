package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v3"
	"golang.org/x/term"

	"github.com/ewoks-hpc/ewoks-hpc/app"
)

func newDoctor(s Streams) *cli.Command {
	return &cli.Command{
		Name:  "doctor",
		Usage: "check whether a cluster would work here, and say what to do if not",
		Description: `Takes the options of up, and looks at what such a cluster needs: Slurm, munge, the
queue and its limits, the state directory, Python, the address of the broker. It
submits nothing, unless with --probe: one small job that looks around on a node and
tells what it sees there. What was made for it is taken away again.

   ewoks-hpc doctor --queue gpu --gres gpu:1 --walltime 00:20:00
   ewoks-hpc doctor --queue gpu --probe
   ewoks-hpc doctor --local

EXIT CODES: 0 nothing failed, 1 a check failed, 2 wrong usage, 130 interrupted.`,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "probe", Usage: "submit one small job that looks around on a node"},
			&cli.DurationFlag{Name: "probe-timeout", Usage: "give up when the job has not answered within this `TIME`", Value: 2 * time.Minute},
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "`FORMAT`: text or json", Value: "text"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print failures only"},
			&cli.BoolFlag{Name: "local", Usage: "check what a cluster of this machine needs, without Slurm"},
			&cli.IntFlag{Name: "n-workers", Usage: "number (`N`) of local workers; default: as many as CPUs"},
			&cli.IntFlag{Name: "threads-per-worker", Usage: "tasks (`N`) that a local worker executes at a time", Value: 1},
			&cli.StringFlag{Name: "env", Usage: "variables that tasks inherit: all, none or `NAME,...`", Value: "all"},
			&cli.StringFlag{Name: "chdir", Usage: "`DIRECTORY` where workers start; default: the current one"},
		}, clusterFlags()...),
		Action: func(ctx context.Context, cmd *cli.Command) error { return runDoctor(ctx, cmd, s) },
	}
}

func runDoctor(ctx context.Context, cmd *cli.Command, s Streams) error {
	o, err := doctorOptions(cmd)
	if err != nil {
		return err
	}
	quiet := cmd.Bool("quiet")
	c := consultation{OK: true, Checks: []app.Finding{}}
	text := cmd.String("output") == "text"
	paint := colours(s.Out)
	o.Report = func(f app.Finding) {
		c.add(f, quiet)
		if text && (!quiet || f.Mark == app.MarkFailed) {
			printFinding(s.Out, f, paint)
		}
	}
	if !quiet {
		o.Notice = func(notice string) { fmt.Fprintf(s.Err, "waiting: %s\n", notice) }
	}
	err = app.Doctor(ctx, o)
	switch {
	case !text:
		if failed := printJSON(s.Out, c); err == nil {
			err = failed
		}
	case err == nil && !quiet:
		fmt.Fprintln(s.Out, c.summary())
	}
	if err == nil && !c.OK {
		return failedError{exitFailed}
	}
	return err
}

func doctorOptions(cmd *cli.Command) (o app.DoctorOptions, err error) {
	if format := cmd.String("output"); format != "text" && format != "json" {
		return o, usageError{fmt.Errorf("--output %s", format), "choose text or json"}
	}
	if err := noArguments(cmd); err != nil {
		return o, err
	}
	workers := purpose{scheduler: "slurm", words: "without --local", advice: "leave it out, or give --local"}
	if cmd.Bool("local") {
		workers = purpose{scheduler: "cluster", words: "with --local", advice: "leave it out"}
		if cmd.Bool("probe") {
			return o, usageError{errors.New("--probe has no effect with --local"), "workers are processes of this machine: leave one of the two out"}
		}
	}
	if err := checkFlags(cmd, workers); err != nil {
		return o, err
	}
	o.Probe, o.ProbeTimeout = cmd.Bool("probe"), cmd.Duration("probe-timeout")
	switch {
	case o.ProbeTimeout < time.Second:
		return o, usageError{fmt.Errorf("--probe-timeout %s", o.ProbeTimeout), "give a time of at least a second, like 2m"}
	case cmd.IsSet("probe-timeout") && !o.Probe:
		return o, usageError{errors.New("--probe-timeout has no effect without --probe"), "give --probe, or leave it out"}
	}
	o.ClusterOptions, err = upOptions(cmd)
	return o, err
}

// consultation is all that was found, as JSON has it.
type consultation struct {
	OK      bool          `json:"ok"`
	Failed  int           `json:"failed"`
	Warned  int           `json:"warnings"`
	Skipped int           `json:"skipped"`
	Checks  []app.Finding `json:"checks"`
}

func (c *consultation) add(f app.Finding, quiet bool) {
	switch f.Mark {
	case app.MarkFailed:
		c.Failed, c.OK = c.Failed+1, false
	case app.MarkWarning:
		c.Warned++
	case app.MarkSkipped:
		c.Skipped++
	}
	if !quiet || f.Mark == app.MarkFailed {
		c.Checks = append(c.Checks, f)
	}
}

func (c *consultation) summary() string {
	parts := []string{"nothing failed"}
	if c.Failed > 0 {
		parts[0] = count(c.Failed, "check failed", "checks failed")
	}
	if c.Warned > 0 {
		parts = append(parts, count(c.Warned, "warning", "warnings"))
	}
	if c.Skipped > 0 {
		parts = append(parts, count(c.Skipped, "check was skipped", "checks were skipped"))
	}
	return strings.Join(parts, ", ")
}

// The columns of a finding.
const findingFormat = "%s%-7s%s  %-22s  %s\n"

func printFinding(w io.Writer, f app.Finding, paint bool) {
	mark, begin, end := string(f.Mark), "", ""
	if f.Mark == app.MarkFailed {
		mark = "FAIL"
	}
	if paint {
		begin, end = markColours[f.Mark], "\x1b[0m"
	}
	fmt.Fprintf(w, findingFormat, begin, mark, end, f.Check, f.Found)
	if f.Hint != "" {
		fmt.Fprintf(w, "         hint: %s\n", f.Hint)
	}
}

// markColours are those of ECMA-48: green, yellow, bold red, and dim.
var markColours = map[app.Mark]string{
	app.MarkOK: "\x1b[32m", app.MarkWarning: "\x1b[33m", app.MarkFailed: "\x1b[1;31m", app.MarkSkipped: "\x1b[2m",
}

// colours says whether to use colours: on a terminal that has them, unless the user
// wants none (no-color.org).
func colours(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
}

// newDoctorProbe is not for people: the job of doctor --probe runs it. It stands in the
// job script in place of the worker and so gets the arguments of one.
func newDoctorProbe(s Streams) *cli.Command {
	worker := newWorker(s)
	return &cli.Command{
		Name:   "doctor-probe",
		Hidden: true,
		Usage:  "look around on a node for ewoks-hpc doctor",
		Flags:  worker.Flags,
		Action: func(ctx context.Context, cmd *cli.Command) error {
			o := app.WorkerOptions{
				Access: cmd.String("access"), Python: cmd.String("python"),
				LocalDirectory: cmd.String("local-directory"), DeathTimeout: cmd.Duration("death-timeout"),
			}
			return app.RunDoctorProbe(ctx, o, cmd.Root().Version, s.Out)
		},
	}
}
