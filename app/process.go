package app

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// processBirth tells when a process of this machine began, in clock ticks since
// the boot: with the process id it names a process for ever (proc(5)). It is empty
// for a process that has ended, also when nobody has waited for it yet.
func processBirth(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The name, in parentheses, may hold anything; what follows it is simple.
	_, rest, ok := bytes.Cut(stat[bytes.LastIndexByte(stat, ')')+1:], []byte(" "))
	fields := strings.Fields(string(rest))
	if !ok || len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return ""
	}
	return fields[19]
}
