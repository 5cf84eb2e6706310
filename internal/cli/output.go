package cli

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v3"
)

// outputFlag chooses how an answer is printed.
func outputFlag() cli.Flag {
	return &cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "`FORMAT`: text or json", Value: "text"}
}

// quietFlag leaves out what only people need; usage says what is printed still.
func quietFlag(usage string) cli.Flag {
	return &cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: usage}
}

// errorsOnly is what --quiet prints of a command that prints what it did.
const errorsOnly = "print errors only"

// wantsJSON reads the flag. JSON is for programs, so it cannot be quiet too.
func wantsJSON(cmd *cli.Command) (bool, error) {
	switch format := cmd.String("output"); format {
	case "text":
		return false, nil
	case "json":
		if cmd.Bool("quiet") {
			return false, usageError{errors.New("--output json and --quiet contradict each other"), "give one of them"}
		}
		return true, nil
	default:
		return false, usageError{fmt.Errorf("--output %s", format), "choose text or json"}
	}
}

// say prints what a command did, as people or programs want it.
func say(cmd *cli.Command, s Streams, value any, text string) error {
	asJSON, err := wantsJSON(cmd)
	switch {
	case err != nil:
		return err
	case asJSON:
		return printJSON(s.Out, value)
	case !cmd.Bool("quiet"):
		_, err = fmt.Fprintln(s.Out, text)
	}
	return err
}
