package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

func newValidate(s Streams) *cli.Command {
	return &cli.Command{
		Name:        "validate",
		Usage:       "look for all problems of workflows at once",
		ArgsUsage:   "WORKFLOW...",
		Description: "Loads each workflow with its subgraphs and reports every problem with its node and\nlink. Tasks are not imported." + exitHelp,
		Flags:       []cli.Flag{outputFlag(), quietFlag("print problems only")},
		Action: func(_ context.Context, cmd *cli.Command) error {
			asJSON, err := wantsJSON(cmd)
			if err != nil {
				return err
			}
			if !cmd.Args().Present() {
				return usageError{errors.New("validate takes at least one workflow"), "ewoks-hpc validate WORKFLOW..."}
			}
			verdicts, code := []verdict{}, exitOK
			for _, path := range cmd.Args().Slice() {
				wf, err := workflow.LoadFile(path, workflow.LoadOptions{})
				switch {
				case asJSON:
					verdicts = append(verdicts, judged(path, wf, err))
				case err != nil:
					report(s.Err, invalid(err))
				default:
					printValid(s, cmd.Bool("quiet"), path, wf)
				}
				if err != nil {
					code = exitCode(invalid(err))
				}
			}
			if asJSON {
				if err := printJSON(s.Out, verdicts); err != nil {
					return err
				}
			}
			if code != exitOK {
				return failedError{code}
			}
			return nil
		},
	}
}

func printValid(s Streams, quiet bool, path string, wf *workflow.Workflow) {
	for _, w := range wf.Warnings {
		fmt.Fprintf(s.Err, "ewoks-hpc: warning: %v\n", w)
	}
	if !quiet {
		fmt.Fprintf(s.Out, "%s: valid, %s, %s\n", path, count(len(wf.Nodes), "node", "nodes"), count(len(wf.Links), "link", "links"))
	}
}

// verdict is what is found about a workflow, as JSON has it.
type verdict struct {
	File     string    `json:"file"`
	Valid    bool      `json:"valid"`
	Nodes    int       `json:"nodes"`
	Links    int       `json:"links"`
	Problems []problem `json:"problems"`
	Warnings []string  `json:"warnings"`
}

type problem struct {
	Message string `json:"message"`
	File    string `json:"file,omitempty"`
	Node    string `json:"node,omitempty"`
	Link    string `json:"link,omitempty"`
	Field   string `json:"field,omitempty"`
	Hint    string `json:"hint,omitempty"`
}

func judged(path string, wf *workflow.Workflow, err error) verdict {
	v := verdict{File: path, Valid: err == nil, Problems: []problem{}, Warnings: []string{}}
	var problems workflow.Problems
	switch {
	case err == nil:
		v.Nodes, v.Links = len(wf.Nodes), len(wf.Links)
		for _, w := range wf.Warnings {
			v.Warnings = append(v.Warnings, fmt.Sprint(w))
		}
	case errors.As(err, &problems):
		for _, p := range problems {
			v.Problems = append(v.Problems, problem{p.Message, p.File, p.Node, p.Link, p.Field, p.Hint})
		}
	default:
		v.Problems = []problem{{Message: err.Error()}}
	}
	return v
}
