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
		Usage:       "print the sbatch scripts that up would submit, and submit nothing",
		Description: "Takes the options of up. There is a script for each pool, or each that --pool names. It goes to\nstandard output, the sbatch command that would get it on its standard input to standard error." + exitHelp,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "chdir", Usage: "`DIRECTORY` where workers start; default: the current one"},
		}, clusterFlags()...),
		Action: func(_ context.Context, cmd *cli.Command) error {
			if err := noArguments(cmd); err != nil {
				return err
			}
			o, err := clusterOptions(cmd)
			if err != nil {
				return err
			}
			if o.Dir, err = app.WorkingDir(cmd.String("chdir")); err != nil {
				return err
			}
			return printScripts(s, o)
		},
	}
}

// printScripts prints nothing unless all scripts can be made.
func printScripts(s Streams, o app.ClusterOptions) error {
	var scripts, commands []string
	for _, one := range o.EachPool() {
		text, command, err := app.JobScript(one)
		if err != nil {
			return err
		}
		scripts = append(scripts, strings.TrimRight(text, "\n")+"\n")
		commands = append(commands, "# "+strings.Join(command, " "))
	}
	fmt.Fprintln(s.Err, strings.Join(commands, "\n"))
	_, err := fmt.Fprint(s.Out, strings.Join(scripts, "\n"))
	return err
}
