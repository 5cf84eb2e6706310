package cli

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

const ewoksCategory = "Ewoks"

// ewoksFlags are what ewokscore is told with every task of a run, in the words of the
// ewoks command.
func ewoksFlags() []cli.Flag {
	return append(ewoksTaskFlags(),
		&cli.StringFlag{Name: "sqlite3", Category: ewoksCategory, Usage: "write the events of the run to this SQLite database, a path or `URI`"},
		&cli.StringFlag{Name: "jobid", Category: ewoksCategory, Usage: "`ID` of the job in events; default: a new one"})
}

// ewoksTaskFlags are those that a row of a campaign has, too.
func ewoksTaskFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "data-root-uri", Category: ewoksCategory, Usage: "keep the results of tasks under `URI`, and skip tasks whose results are there"},
		&cli.StringFlag{Name: "data-scheme", Category: ewoksCategory, Usage: "how results are kept: nexus or `json`", Value: "nexus"},
		&cli.StringSliceFlag{Name: "task-option", Aliases: []string{"t"}, Category: ewoksCategory, Usage: "argument for the constructor of each task, `NAME=VALUE`: VALUE is JSON or else text"},
	}
}

// ewoksOptions reads these flags.
func ewoksOptions(cmd *cli.Command) (o app.EwoksOptions, err error) {
	scheme, root := cmd.String("data-scheme"), cmd.String("data-root-uri")
	switch {
	case scheme != "nexus" && scheme != "json":
		return o, usageError{fmt.Errorf("--data-scheme %s", scheme), "choose nexus or json"}
	case root != "":
		o.VarInfo = map[string]string{"root_uri": absoluteURI(root), "scheme": scheme}
	case cmd.IsSet("data-scheme"):
		return o, usageError{fmt.Errorf("--data-scheme %s without --data-root-uri has no effect", scheme), "say where results are kept with --data-root-uri"}
	}
	for _, text := range cmd.StringSlice("task-option") {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return o, usageError{fmt.Errorf("--task-option %q has no value", text), "write --task-option NAME=VALUE"}
		}
		if o.TaskOptions == nil {
			o.TaskOptions = map[string]json.RawMessage{}
		}
		o.TaskOptions[name] = jsonOrText(value)
	}
	if database := cmd.String("sqlite3"); database != "" {
		o.ExecInfo, err = execInfo(absoluteURI(database), cmd.String("jobid"))
	} else if cmd.IsSet("jobid") {
		return o, usageError{fmt.Errorf("--jobid %s without --sqlite3 has no effect", cmd.String("jobid")), "say where events go with --sqlite3"}
	}
	return o, err
}

// execInfo sends events to a SQLite database (ewoks.md section 8.4).
func execInfo(database, job string) (json.RawMessage, error) {
	if job == "" {
		job = strings.ToLower(task.NewKey())
	}
	return json.Marshal(map[string]any{
		"job_id": job,
		"handlers": []any{map[string]any{
			"class":        "ewokscore.events.handlers.Sqlite3EwoksEventHandler",
			"arguments":    []any{map[string]string{"name": "uri", "value": database}},
			"asynchronous": false,
		}},
	})
}

// absoluteURI makes a relative path mean the same in every working directory.
func absoluteURI(uri string) string {
	if strings.HasPrefix(uri, "file:") {
		return uri
	}
	if abs, err := filepath.Abs(uri); err == nil {
		return abs
	}
	return uri
}

func jsonOrText(text string) json.RawMessage {
	if json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	quoted, _ := json.Marshal(text) // a string: cannot fail
	return quoted
}
