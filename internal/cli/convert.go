package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

func newConvert(s Streams) *cli.Command {
	return &cli.Command{
		Name:        "convert",
		Usage:       "flatten a workflow, and turn JSON into YAML and back",
		ArgsUsage:   "WORKFLOW DESTINATION",
		Description: "The ending of DESTINATION says what is written: .json, .yaml or .yml. - writes JSON to\nstandard output. A file that exists is not replaced without --force." + exitHelp,
		Flags:       []cli.Flag{&cli.BoolFlag{Name: "force", Usage: "replace the destination"}},
		Action: func(_ context.Context, cmd *cli.Command) error {
			if cmd.Args().Len() != 2 {
				return usageError{fmt.Errorf("convert takes a workflow and a destination"), "ewoks-hpc convert WORKFLOW DESTINATION"}
			}
			wf, err := workflow.LoadFile(cmd.Args().First(), workflow.LoadOptions{})
			if err != nil {
				return invalid(err)
			}
			destination := cmd.Args().Get(1)
			data, err := encodeFor(wf, destination)
			if err != nil {
				return err
			}
			if destination == "-" {
				_, err = s.Out.Write(data)
				return err
			}
			return writeNew(destination, data, cmd.Bool("force"))
		},
	}
}

func encodeFor(wf *workflow.Workflow, destination string) ([]byte, error) {
	switch strings.ToLower(filepath.Ext(destination)) {
	case ".json":
		data, err := wf.Document()
		return append(data, '\n'), err
	case ".yaml", ".yml":
		return wf.YAML()
	}
	if destination == "-" {
		data, err := wf.Document()
		return append(data, '\n'), err
	}
	return nil, usageError{fmt.Errorf("%s: unknown ending", destination), "name a file that ends in .json, .yaml or .yml"}
}

// writeNew writes a file, which must not exist unless force says so.
func writeNew(path string, data []byte, force bool) error {
	mode := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		mode = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(path, mode, 0o666)
	if errors.Is(err, os.ErrExist) {
		return usageError{fmt.Errorf("%s exists", path), "choose another name, or replace it with --force"}
	}
	if err != nil {
		return invalid(err)
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
