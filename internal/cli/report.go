package cli

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
	reports "github.com/ewoks-hpc/ewoks-hpc/report"
)

const reportHelp = `The cluster may be down: what became of the tasks is in its state directory.

html is one file that opens in any browser, also without network: totals, failures by
cause, the workflow with its figures, a timeline that zooms, durations per node, the use
of cores, waiting, the slowest. json is the data of it, see docs/reports.md.`

func newReport(s Streams) *cli.Command {
	return reportCommand(s, reportSubject{
		kind: reports.KindRun, usage: "write how a run went to one HTML file, or as JSON", argument: "RUN", find: findReportedRun,
	})
}

// newCampaignReport is a command of campaign.
func newCampaignReport(s Streams) *cli.Command {
	return reportCommand(s, reportSubject{
		kind: reports.KindCampaign, usage: "write how a campaign goes or went to one HTML file, or as JSON", argument: "NAME", find: findReportedCampaign,
	})
}

type reportSubject struct {
	kind, usage, argument string
	// find returns the state directory that has the records, and the whole name.
	find func(ctx context.Context, cmd *cli.Command, name string) (dir, whole string, err error)
}

func findReportedRun(_ context.Context, cmd *cli.Command, name string) (dir, whole string, err error) {
	if dir, err = app.FindCluster(cmd.String("state-dir"), cmp.Or(cmd.String("cluster"), "default")); err != nil {
		return "", "", err
	}
	whole, err = app.RecordedRun(dir, name)
	return dir, whole, err
}

func findReportedCampaign(ctx context.Context, cmd *cli.Command, name string) (dir, whole string, err error) {
	f, err := findCampaign(ctx, cmd, name)
	if err != nil {
		return "", "", err
	}
	defer f.Close()
	return f.StateDir(), name, nil
}

func reportCommand(s Streams, subject reportSubject) *cli.Command {
	return &cli.Command{
		Name: "report", Usage: subject.usage, ArgsUsage: subject.argument, Description: reportHelp + exitHelp,
		Flags: append(reachFlags(),
			&cli.StringFlag{Name: "format", Aliases: []string{"f"}, Usage: "`FORMAT`: html or json", Value: "html"},
			&cli.StringFlag{Name: "file", Usage: "`FILE` to write, - is standard output; default: report-" + subject.argument + ".html, or standard output for json"},
			&cli.BoolFlag{Name: "force", Usage: "replace the file if it exists"},
		),
		Action: func(ctx context.Context, cmd *cli.Command) error { return runReport(ctx, cmd, s, subject) },
	}
}

func runReport(ctx context.Context, cmd *cli.Command, s Streams, subject reportSubject) error {
	format := cmd.String("format")
	if format != "html" && format != "json" {
		return usageError{fmt.Errorf("--format %s", format), "choose html or json"}
	}
	if cmd.Args().Len() != 1 {
		return usageError{fmt.Errorf("report takes one %s, got %d", subject.kind, cmd.Args().Len()), "see " + cmd.FullName() + " --help"}
	}
	dir, name, err := subject.find(ctx, cmd, cmd.Args().First())
	if err != nil {
		return err
	}
	data, err := app.Report(ctx, app.ReportOptions{Dir: dir, Kind: subject.kind, Name: name, Program: cmd.Root().Version})
	if err != nil {
		return err
	}
	file := cmd.String("file")
	if format == "json" {
		return writeReport(s, data, cmp.Or(file, "-"), cmd.Bool("force"), func(w io.Writer) error { return printJSON(w, data) })
	}
	return writeReport(s, data, cmp.Or(file, "report-"+name+".html"), cmd.Bool("force"), data.WriteHTML)
}

// writeReport writes to a file, and then tells about it.
func writeReport(s Streams, data *reports.Data, file string, force bool, write func(io.Writer) error) error {
	if file == "-" {
		return write(s.Out)
	}
	var text bytes.Buffer
	if err := write(&text); err != nil {
		return err
	}
	if err := writeNew(file, text.Bytes(), force); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "%s\n%s\n", file, data.Summary())
	return nil
}
