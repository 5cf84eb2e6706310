package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v3"
)

func newCampaignExport(s Streams) *cli.Command {
	return &cli.Command{
		Name:      "export",
		Usage:     "write the table of a campaign with what became of each row",
		ArgsUsage: "NAME",
		Description: `The columns are those of the table, and state, attempts, cause, worker, job, node,
started, ended, duration (seconds), memory (bytes), run, outputs, error, message, task, log
and key. CSV and JSON lines can be tables of other campaigns.` + whereHelp + exitHelp,
		Flags: append(reachFlags(), whereFlag(),
			&cli.StringFlag{Name: "output-file", Usage: "`FILE` to write; - is standard output", Value: "-"},
			&cli.StringFlag{Name: "format", Usage: "`FORMAT`: csv, jsonl or parquet; default: by the ending of the file, or csv"},
			&cli.BoolFlag{Name: "force", Usage: "replace the file"}),
		Action: func(ctx context.Context, cmd *cli.Command) error { return exportCampaign(ctx, cmd, s) },
	}
}

func exportCampaign(ctx context.Context, cmd *cli.Command, s Streams) error {
	name, err := campaignName(cmd)
	if err != nil {
		return err
	}
	path := cmd.String("output-file")
	format, err := exportFormat(cmd.String("format"), path)
	if err != nil {
		return err
	}
	f, err := findCampaign(ctx, cmd, name)
	if err != nil {
		return err
	}
	defer f.Close()
	if path == "-" {
		return f.Export(ctx, name, cmd.String("where"), format, s.Out)
	}
	if _, err := os.Stat(path); err == nil && !cmd.Bool("force") {
		return usageError{fmt.Errorf("%s exists", path), "choose another name, or replace it with --force"}
	}
	// The file is there as a whole or not at all.
	part, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return invalid(err)
	}
	err = f.Export(ctx, name, cmd.String("where"), format, part)
	err = errors.Join(err, part.Chmod(0o644), part.Close())
	if err == nil {
		err = os.Rename(part.Name(), path)
	}
	if err != nil {
		_ = os.Remove(part.Name())
	}
	return err
}

func exportFormat(format, path string) (string, error) {
	if format == "" {
		switch ending := strings.ToLower(strings.TrimPrefix(filepath.Ext(path), ".")); ending {
		case "jsonl", "parquet":
			format = ending
		default:
			format = "csv"
		}
	}
	switch format {
	case "csv", "jsonl", "parquet":
		return format, nil
	}
	return "", usageError{fmt.Errorf("--format %s", format), "choose csv, jsonl or parquet"}
}
