package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
	"github.com/ewoks-hpc/ewoks-hpc/campaign"
)

const defineHelp = `FILE.toml is a campaign file. Otherwise the table is a file of comma or tab separated
values, of JSON lines, or a TOML file with lists of values, or the files of --glob.
Without --map each column is the input of its own name, [NODE:]NAME.

The same again, with the same name, goes on with a campaign: rows that are done stay
done, and once it has ended those that failed are tried again.`

// definitionFlags say what a campaign is to do.
func definitionFlags() []cli.Flag {
	const category = "Campaign"
	return append([]cli.Flag{
		&cli.StringFlag{Name: "table", Category: category, Usage: "`TABLE` of parameters: .csv, .tsv, .jsonl or .toml"},
		&cli.StringFlag{Name: "glob", Category: category, Usage: "instead of a table: a row for each file that matches `PATTERN`, with its path in the column path"},
		&cli.StringFlag{Name: "name", Category: category, Usage: "`NAME` of the campaign; default: that of the campaign file"},
		&cli.StringSliceFlag{Name: "map", Category: category, Usage: "give a column to an input of the workflow, `[NODE:]INPUT=COLUMN`; may be repeated"},
		&cli.StringSliceFlag{Name: "set", Category: category, Usage: "a column made of others, `COLUMN=TEMPLATE`, like output={stem}_out.h5; may be repeated"},
		&cli.StringFlag{Name: "outputs", Category: category, Usage: "`WHICH` outputs of each row to keep: end, all, none, or a JSON list of selections; default: end"},
		&cli.StringFlag{Name: "granularity", Category: category, Usage: "`WHAT` a worker gets as a whole: row (all tasks of a row in one interpreter) or task; default: row"},
		&cli.IntFlag{Name: "max-in-flight", Category: category, Usage: "most rows (`N`) that run or wait for a worker at a time; 0 is as many as make sense"},
		&cli.IntFlag{Name: "max-failures", Category: category, Usage: "stop when `N` rows have failed; 0 is never"},
		&cli.IntFlag{Name: "retries", Category: category, Usage: "try a row that failed again up to `N` times"},
		&cli.IntFlag{Name: "priority", Category: category, Usage: "`N` among the campaigns of the cluster: the highest goes first"},
		&cli.StringFlag{Name: "chdir", Usage: "working `DIRECTORY` of tasks; default: the current one"},
		&cli.StringSliceFlag{Name: "setenv", Usage: "set a variable for tasks, `NAME=VALUE`"},
		&cli.DurationFlag{Name: "task-timeout", Usage: "end a task that takes longer than this `TIME`, like 90s or 10m"},
		&cli.BoolFlag{Name: "keep-going", Usage: "go on in other branches of a row after an error that no link handles; the row fails if no end node has ended"},
		&cli.StringFlag{Name: "python", Usage: "`COMMAND` of the Python interpreter"},
	}, ewoksTaskFlags()...)
}

// prepareCampaign reads the flags and what they name.
func prepareCampaign(ctx context.Context, cmd *cli.Command) (o app.CampaignOptions, sub app.CampaignSubmission, asJSON bool, err error) {
	if asJSON, err = wantsJSON(cmd); err != nil {
		return o, sub, asJSON, err
	}
	if o, err = describeCampaign(ctx, cmd); err == nil {
		sub, err = app.PrepareCampaign(ctx, o)
	}
	return o, sub, asJSON, err
}

// describeCampaign gathers what does not depend on where it runs.
func describeCampaign(ctx context.Context, cmd *cli.Command) (o app.CampaignOptions, err error) {
	if cmd.Args().Len() != 1 {
		return o, usageError{fmt.Errorf("%s takes one campaign file or workflow, got %d", cmd.FullName(), cmd.Args().Len()), "ewoks-hpc campaign run WORKFLOW --table TABLE --name NAME"}
	}
	if o.Definition, err = definition(cmd); err != nil {
		return o, err
	}
	if o.Run.Env, err = app.Environ(os.Environ(), cmp.Or(cmd.String("env"), "all")); err != nil {
		return o, err
	}
	o.Run.Set = cmd.StringSlice("setenv")
	if err = app.CheckVariables(o.Run.Set); err != nil {
		return o, err
	}
	if o.Run.Dir, err = app.WorkingDir(cmd.String("chdir")); err != nil {
		return o, err
	}
	o.Run.Python, o.Run.Limit, o.Run.KeepGoing = cmd.String("python"), cmd.Duration("task-timeout"), cmd.Bool("keep-going")
	if o.Run.Limit < 0 {
		return o, usageError{fmt.Errorf("--task-timeout %s", o.Run.Limit), "give a positive time, like 90s or 10m"}
	}
	o.Ewoks, err = ewoksOptions(cmd)
	return o, err
}

// definition reads the campaign file, or makes one of the flags; flags beat the file.
func definition(cmd *cli.Command) (d campaign.Definition, err error) {
	path, tables := cmd.Args().First(), cmd.IsSet("table") || cmd.IsSet("glob")
	switch {
	case strings.EqualFold(filepath.Ext(path), ".toml") && tables:
		return d, usageError{fmt.Errorf("%s is a campaign file, which names its table", path), "leave --table and --glob out, or name a workflow"}
	case strings.EqualFold(filepath.Ext(path), ".toml"):
		if d, err = campaign.Load(path); err != nil {
			return d, invalid(err)
		}
	case !tables:
		return d, usageError{fmt.Errorf("there is no table for %s", path), "give --table TABLE or --glob PATTERN, or name a campaign file that ends in .toml"}
	case cmd.IsSet("table") && cmd.IsSet("glob"):
		return d, usageError{errors.New("--table and --glob contradict each other"), "give one of them"}
	case cmd.String("name") == "":
		return d, usageError{errors.New("the campaign has no name"), "give one with --name NAME: the same name goes on with the same campaign"}
	default:
		d.Workflow, d.Table = path, campaign.Spec{File: cmd.String("table"), Glob: cmd.String("glob")}
	}
	if err := applyFlags(cmd, &d); err != nil {
		return d, err
	}
	if err := d.Validate(); err != nil {
		return d, invalid(err)
	}
	return d, nil
}

func applyFlags(cmd *cli.Command, d *campaign.Definition) error {
	for name, field := range map[string]*int{"max-in-flight": &d.MaxInFlight, "max-failures": &d.MaxFailures, "retries": &d.Retries, "priority": &d.Priority} {
		if cmd.IsSet(name) {
			*field = cmd.Int(name)
		}
	}
	for name, field := range map[string]*string{"name": &d.Name, "granularity": (*string)(&d.Granularity), "cluster": &d.Cluster} {
		if cmd.IsSet(name) {
			*field = cmd.String(name)
		}
	}
	if cmd.IsSet("outputs") {
		d.Outputs = json.RawMessage(cmd.String("outputs"))
		if !json.Valid(d.Outputs) {
			d.Outputs, _ = json.Marshal(cmd.String("outputs"))
		}
	}
	return errors.Join(mapFlags(cmd, d), setFlags(cmd, d))
}

// mapFlags replace the inputs of a file.
func mapFlags(cmd *cli.Command, d *campaign.Definition) error {
	if cmd.IsSet("map") {
		d.Inputs = nil
	}
	for _, text := range cmd.StringSlice("map") {
		target, column, ok := strings.Cut(text, "=")
		if !ok || target == "" || column == "" {
			return usageError{fmt.Errorf("--map %q", text), "write --map [NODE:]INPUT=COLUMN"}
		}
		d.Inputs = append(d.Inputs, campaign.Assignment{Column: column, Target: target, Where: "--map " + text})
	}
	return nil
}

// setFlags replace derived columns of the same name, and come after the others.
func setFlags(cmd *cli.Command, d *campaign.Definition) error {
	for _, text := range cmd.StringSlice("set") {
		column, source, ok := strings.Cut(text, "=")
		if !ok || column == "" {
			return usageError{fmt.Errorf("--set %q", text), "write --set COLUMN=TEMPLATE, like --set output={stem}_out.h5"}
		}
		template, err := campaign.ParseTemplate(source)
		if err != nil {
			return invalid(fmt.Errorf("--set %s: %w", text, err))
		}
		d.Derived = slices.DeleteFunc(d.Derived, func(c campaign.Derived) bool { return c.Column == column })
		d.Derived = append(d.Derived, campaign.Derived{Column: column, Template: template, Where: "--set " + text})
	}
	return nil
}
