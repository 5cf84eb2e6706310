package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
)

func newJobScript(s Streams) *cli.Command {
	return &cli.Command{
		Name:        "job-script",
		Usage:       "print the sbatch script that up would submit, and submit nothing",
		Description: "Takes the options of up. The script goes to standard output, the sbatch command that\nwould get it on its standard input to standard error. Of several pools the first is shown:\nname another with --pool." + exitHelp,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "chdir", Usage: "`DIRECTORY` where workers start; default: the current one"},
		}, clusterFlags()...),
		Action: func(_ context.Context, cmd *cli.Command) error {
			if err := noArguments(cmd); err != nil {
				return err
			}
			o, err := clusterOptionsOf(cmd, 1)
			if err != nil {
				return err
			}
			if o.Dir, err = app.WorkingDir(cmd.String("chdir")); err != nil {
				return err
			}
			text, command, err := app.JobScript(o)
			if err != nil {
				return err
			}
			fmt.Fprintln(s.Err, "#", strings.Join(command, " "))
			fmt.Fprintln(s.Out, strings.TrimRight(text, "\n"))
			return nil
		},
	}
}
