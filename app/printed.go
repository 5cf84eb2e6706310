package app

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/ewoks-hpc/ewoks-hpc/coordinator"
)

// printedLog keeps what tasks print: a file for each run, a line of JSON for
// each task.
type printedLog struct {
	dir    string
	logger *slog.Logger
}

func (l *printedLog) write(run string, p coordinator.Printed) {
	line, err := json.Marshal(p)
	if err == nil {
		err = l.append(run, append(line, '\n'))
	}
	if err != nil {
		l.logger.Warn("output of a task not kept", "run", run, "error", err)
	}
}

func (l *printedLog) append(run string, line []byte) error {
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(l.dir, run+".jsonl"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Write(line)
	return err
}
