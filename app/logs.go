package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/ewoks-hpc/ewoks-hpc/coordinator"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Logs finds the logs of a cluster, which may be down, in its state directory.
type Logs struct{ Dir string }

// LogPrinter prints logs.
type LogPrinter struct {
	Logs
	Out io.Writer
	// List adds to the log of the launcher the names of those of worker jobs.
	List bool
	// Notice is told what is not part of a log; nil is nobody.
	Notice func(string)
	// JSON prints an object for every line: of a run what one task printed, see
	// [coordinator.Printed], else {"line": ...}.
	JSON bool
	// Follow goes on with what comes, until nothing more can.
	Follow bool
}

// Launcher prints the log of the launcher.
func (l LogPrinter) Launcher(ctx context.Context) error {
	path := LogFile(l.Dir)
	if _, err := os.Stat(path); err != nil {
		return &NotUpError{Name: filepath.Base(l.Dir)}
	}
	if err := l.copy(ctx, path, func() bool { return !l.launcherRuns() }); err != nil || l.Follow || !l.List {
		return err
	}
	files, err := filepath.Glob(filepath.Join(l.Dir, jobLogsDir, "*.log"))
	if err != nil || len(files) == 0 {
		return err
	}
	_, err = fmt.Fprintf(l.Out, "\nlogs of worker jobs:\n  %s\n", strings.Join(files, "\n  "))
	return err
}

// launcherRuns tells whether the launcher may write more. Of another machine it is
// known only when it went down in order.
func (l LogPrinter) launcherRuns() bool {
	info, err := ReadInfo(l.Dir)
	running, known := info.Running()
	return err == nil && (running || !known)
}

func (l LogPrinter) notice(text string) {
	if l.Notice != nil {
		l.Notice(text)
	}
}

var jobPattern = regexp.MustCompile(`^([0-9]{1,20}(_[0-9]+)?|[0-9A-Z]{26}_[0-9]+)$`)

// Find prints the log of a worker job, or what tasks of a run printed; node may
// be empty. A run may be named by the beginning of its id, or as last.
func (l LogPrinter) Find(ctx context.Context, name, node string) error {
	if jobPattern.MatchString(name) {
		if node != "" {
			return &InvalidError{Cause: fmt.Errorf("%s is a job: it has no node %q", name, node), Advice: "name a run, or leave the node out"}
		}
		return l.job(ctx, name)
	}
	if strings.ContainsAny(name, `/\`) {
		return &InvalidError{Cause: fmt.Errorf("%q is neither a job nor a run", name), Advice: "take one of those that ewoks-hpc status shows"}
	}
	return l.run(ctx, name, node)
}

// job prints the logs of a job.
func (l LogPrinter) job(ctx context.Context, name string) error {
	files, err := l.jobFiles(name)
	if err != nil {
		return err
	}
	if l.Follow {
		return l.followJob(ctx, name, files)
	}
	if len(files) == 0 {
		return &InvalidError{Cause: fmt.Errorf("no log of job %s in %s", name, filepath.Join(l.Dir, jobLogsDir)), Advice: "a job has none before it starts, and elsewhere if log_directory says so"}
	}
	for _, f := range files {
		if err := l.copy(ctx, f, func() bool { return true }); err != nil {
			return err
		}
	}
	return nil
}

// jobFiles are the logs of a job, or of one task of an array.
func (l Logs) jobFiles(name string) ([]string, error) {
	if !jobPattern.MatchString(name) {
		return nil, nil
	}
	pattern := name
	if id, index, ok := strings.Cut(name, "_"); !ok {
		pattern = id + "_*"
	} else if len(id) == len(task.NewKey()) { // a process of this machine
		pattern = id + "-" + index
	}
	return filepath.Glob(filepath.Join(l.Dir, jobLogsDir, "*-"+pattern+".log"))
}

// copy prints a text file, and what comes if it is to be followed.
func (l LogPrinter) copy(ctx context.Context, path string, over func() bool) error {
	if !l.Follow {
		over = func() bool { return true }
	}
	return tail(ctx, func() (string, error) { return path, nil }, over, l.line)
}

// line prints a line of a text file.
func (l LogPrinter) line(line []byte) error {
	if !l.JSON {
		_, err := fmt.Fprintf(l.Out, "%s\n", line)
		return err
	}
	return l.object(struct {
		Line string `json:"line"`
	}{string(line)})
}

func (l LogPrinter) object(v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := l.Out.Write(b.Bytes())
	return err
}

// printed prints what one task printed, if it is of the node or of any.
func (l LogPrinter) printed(node string) func([]byte) error {
	return func(line []byte) error {
		var p coordinator.Printed
		if err := json.Unmarshal(line, &p); err != nil || node != "" && p.Node != node {
			return nil // a line that was cut off when the machine crashed
		}
		if l.JSON {
			return l.object(p)
		}
		return writePrinted(l.Out, p)
	}
}

// writePrinted writes what a task printed, with its node before each line.
func writePrinted(w io.Writer, p coordinator.Printed) error {
	for _, text := range []string{p.Stdout, p.Stderr} {
		for line := range strings.Lines(text) {
			if _, err := fmt.Fprintf(w, "[%s] %s\n", p.Node, strings.TrimRight(line, "\r\n")); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l LogPrinter) printedFile(run string) string {
	return filepath.Join(l.Dir, printedDir, run+".jsonl")
}

// run prints what tasks of a run printed.
func (l LogPrinter) run(ctx context.Context, name, node string) error {
	if l.Follow {
		return l.followRun(ctx, name, node)
	}
	id, err := l.findRun(ctx, name, node)
	if err != nil {
		return err
	}
	path := l.printedFile(id)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		l.notice("the tasks of run " + id + " have printed nothing")
	}
	return tail(ctx, func() (string, error) { return path, nil }, func() bool { return true }, l.printed(node))
}

// findRun returns the id of a run. The cluster knows best; when it is down there are
// the files.
func (l LogPrinter) findRun(ctx context.Context, name, node string) (string, error) {
	if _, err := os.Stat(l.printedFile(name)); err == nil {
		return name, nil
	}
	if client, err := Connect(ctx, l.Dir); err == nil {
		defer client.Close()
		e, err := client.Explain(ctx, name, node)
		return e.Run.Run, err
	}
	files, err := filepath.Glob(l.printedFile("*"))
	if err != nil {
		return "", err
	}
	var found []string
	for _, f := range files {
		if id := strings.TrimSuffix(filepath.Base(f), ".jsonl"); strings.HasPrefix(id, name) && name != "" {
			found = append(found, id)
		}
	}
	slices.Sort(found)
	switch len(found) {
	case 0:
		return "", &InvalidError{Cause: fmt.Errorf("nothing is kept of a run %s: it printed nothing, or there is no such run", name), Advice: "ewoks-hpc status shows the runs"}
	case 1:
		return found[0], nil
	}
	return "", &InvalidError{Cause: fmt.Errorf("%d runs begin with %s", len(found), name), Advice: "give more of the id; the last two are " + strings.Join(found[len(found)-2:], " and ")}
}
