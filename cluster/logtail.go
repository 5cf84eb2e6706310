package cluster

import (
	"io"
	"os"
	"strings"
	"syscall"
	"unicode"
)

const (
	logLines = 20
	logBytes = 16 << 10
	saidMost = 5 // lines of a diagnosis
)

// tail returns the last lines of a log; nothing if it cannot be read. Characters
// that steer a terminal are taken out: jobs write what they want.
func tail(path string, lines int) string {
	if path == "" {
		return ""
	}
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return ""
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return ""
	}
	start := max(0, info.Size()-logBytes)
	text, err := io.ReadAll(io.NewSectionReader(file, start, logBytes))
	if err != nil {
		return ""
	}
	all := strings.Split(strings.TrimSpace(printable(string(text))), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(text, "?"))
}

// diagnosis picks the lines of Slurm itself, which know of memory limits and
// signals, or else the last ones.
func diagnosis(log string) string {
	if log == "" {
		return ""
	}
	lines := strings.Split(log, "\n")
	var slurms []string
	for _, line := range lines {
		if strings.Contains(line, "slurmstepd:") || strings.Contains(line, "srun: error") {
			slurms = append(slurms, line)
		}
	}
	if len(slurms) > 0 {
		lines = slurms
	}
	return strings.Join(lines[max(0, len(lines)-saidMost):], "\n")
}
