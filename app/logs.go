package app

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/ewoks-hpc/ewoks-hpc/coordinator"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Logs reads the logs of a cluster, which may be down.
type Logs struct{ Dir string }

// Launcher copies the log of the launcher and lists those of worker jobs.
func (l Logs) Launcher(w io.Writer) error {
	if err := copyFile(w, LogFile(l.Dir)); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(l.Dir, jobLogsDir, "*.log"))
	if err != nil || len(files) == 0 {
		return err
	}
	fmt.Fprintln(w, "\nlogs of worker jobs:")
	for _, f := range files {
		fmt.Fprintln(w, " ", f)
	}
	return nil
}

var jobPattern = regexp.MustCompile(`^([0-9]{1,20}(_[0-9]+)?|[0-9A-Z]{26}_[0-9]+)$`)

// Find copies the log of a worker job, or what tasks of a run printed; node may
// be empty.
func (l Logs) Find(w io.Writer, name, node string) error {
	if jobPattern.MatchString(name) {
		return l.job(w, name)
	}
	if strings.ContainsAny(name, `/\`) {
		return &InvalidError{Cause: fmt.Errorf("%q is neither a job nor a run", name), Advice: "take one of those that ewoks-hpc status shows"}
	}
	f, err := os.Open(filepath.Join(l.Dir, printedDir, name+".jsonl"))
	if errors.Is(err, os.ErrNotExist) {
		return &InvalidError{Cause: fmt.Errorf("nothing is kept of a run %s: it printed nothing, or there is no such run", name), Advice: "ewoks-hpc status shows the runs"}
	}
	if err != nil {
		return err
	}
	defer f.Close()
	return printPrinted(w, f, node)
}

func (l Logs) job(w io.Writer, name string) error {
	pattern := name
	if id, index, ok := strings.Cut(name, "_"); !ok {
		pattern = id + "_*"
	} else if len(id) == len(task.NewKey()) { // a process of this machine
		pattern = id + "-" + index
	}
	files, err := filepath.Glob(filepath.Join(l.Dir, jobLogsDir, "*-"+pattern+".log"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return &InvalidError{Cause: fmt.Errorf("no log of job %s in %s", name, filepath.Join(l.Dir, jobLogsDir)), Advice: "a job has none before it starts, and elsewhere if log_directory says so"}
	}
	for _, f := range files {
		if err := copyFile(w, f); err != nil {
			return err
		}
	}
	return nil
}

func printPrinted(w io.Writer, r io.Reader, node string) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var p coordinator.Printed
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil || node != "" && p.Node != node {
			continue
		}
		for _, text := range []string{p.Stdout, p.Stderr} {
			for line := range strings.Lines(text) {
				fmt.Fprintf(w, "[%s] %s\n", p.Node, strings.TrimRight(line, "\r\n"))
			}
		}
	}
	return lines.Err()
}

func copyFile(w io.Writer, path string) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return &NotUpError{Name: filepath.Base(filepath.Dir(path))}
	}
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}
