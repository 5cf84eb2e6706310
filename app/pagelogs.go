package app

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
	"github.com/ewoks-hpc/ewoks-hpc/coordinator"
	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
)

// Log implements [dashboard.Logs].
func (l Logs) Log(_ context.Context, r dashboard.LogRequest) (dashboard.LogPart, error) {
	path, err := l.path(r)
	if err != nil {
		return dashboard.LogPart{}, err
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return dashboard.LogPart{}, fmt.Errorf("log of %s %s: %w", r.Kind, r.Name, dashboard.ErrNotFound)
	}
	if err != nil {
		return dashboard.LogPart{}, err
	}
	defer f.Close()
	if r.Kind == dashboard.RunLog {
		r.Most = max(r.Most, maxPrintedLine)
	}
	part, err := readPart(f, r.Offset, r.Most)
	if err == nil && r.Kind == dashboard.RunLog {
		part.Text = printedText(part.Text, r.Node)
	}
	return part, err
}

func (l Logs) path(r dashboard.LogRequest) (string, error) {
	switch r.Kind {
	case dashboard.LauncherLog:
		return LogFile(l.Dir), nil
	case dashboard.RunLog:
		if err := broker.CheckToken(r.Name); err != nil {
			return "", fmt.Errorf("run %.80q: %w", r.Name, dashboard.ErrNotFound)
		}
		return filepath.Join(l.Dir, printedDir, r.Name+".jsonl"), nil
	}
	files, err := l.jobFiles(r.Name)
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("job %.80q: %w", r.Name, dashboard.ErrNotFound)
	}
	if err != nil {
		return "", err
	}
	return files[len(files)-1], nil
}

// readPart reads whole lines from an offset on. A line that is longer than what may
// be returned is cut.
func readPart(f *os.File, offset int64, most int) (part dashboard.LogPart, err error) {
	info, err := f.Stat()
	if err != nil {
		return part, err
	}
	part.Size = info.Size()
	switch {
	case offset == dashboard.Tail:
		offset = max(0, part.Size-int64(most))
		if offset > 0 {
			offset = nextLine(f, offset-1)
		}
	case offset > part.Size:
		offset = 0 // the file was begun again
	}
	text := make([]byte, min(int64(most), part.Size-offset))
	n, err := f.ReadAt(text, offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return part, err
	}
	text = text[:n]
	if end := bytes.LastIndexByte(text, '\n'); end >= 0 {
		text = text[:end+1]
	} else if n < most { // the line is still being written
		text = nil
	}
	part.Text, part.Start, part.Next = strings.ToValidUTF8(string(text), "\uFFFD"), offset, offset+int64(len(text))
	return part, nil
}

// nextLine is where the line after an offset begins.
func nextLine(f *os.File, offset int64) int64 {
	r := bufio.NewReader(io.NewSectionReader(f, offset, 1<<62))
	line, _ := r.ReadSlice('\n')
	return offset + int64(len(line))
}

// printedText turns lines of a run's file into what its tasks printed.
func printedText(lines, node string) string {
	var text strings.Builder
	for line := range strings.Lines(lines) {
		var p coordinator.Printed
		if json.Unmarshal([]byte(line), &p) == nil && (node == "" || p.Node == node) {
			writePrinted(&text, p)
		}
	}
	return text.String()
}

// maxPrintedLine is more than a line of what a task printed can have: both its streams,
// each cut to 64 KiB, as JSON.
const maxPrintedLine = 1 << 20
