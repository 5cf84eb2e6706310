package pyhost

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// oomKills is the file in which the kernel counts the processes of a memory cgroup
// that it has killed for want of memory; empty if there is none.
//
// It is memory.events of version 2, see Documentation/admin-guide/cgroup-v2.rst of
// Linux, or memory.oom_control of version 1, see cgroup-v1/memory.rst.
type oomKills string

// findOOMKills finds the file for the memory cgroup of a process.
func findOOMKills(pid int) oomKills {
	groups, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return ""
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return ""
	}
	return oomKills(oomFile(groups, mounts))
}

// read tells how many were killed, if that is known.
func (f oomKills) read() (n uint64, known bool) {
	if f == "" {
		return 0, false
	}
	text, err := os.ReadFile(string(f))
	if err != nil {
		return 0, false
	}
	return countOOMKills(text)
}

// limit is the memory in bytes that the cgroup may use, 0 if that is not known: the
// least of its own limit and of those around it.
func (f oomKills) limit() (least int64) {
	if f == "" {
		return 0
	}
	name := "memory.max"
	if filepath.Base(string(f)) == "memory.oom_control" {
		name = "memory.limit_in_bytes"
	}
	for dir := filepath.Dir(string(f)); dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil { // outside of the hierarchy, or at its root, which has no limit
			break
		}
		n, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64)
		if err == nil && n < unlimited && (least == 0 || n < least) { // "max" is no number
			least = n
		}
	}
	return least
}

// unlimited is below the limit of version 1 that stands for none.
const unlimited = 1 << 60

func countOOMKills(text []byte) (n uint64, known bool) {
	for line := range bytes.Lines(text) {
		if value, ok := bytes.CutPrefix(line, []byte("oom_kill ")); ok {
			n, err := strconv.ParseUint(string(bytes.TrimSpace(value)), 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}

// oomFile finds the file from the texts of /proc/PID/cgroup and
// /proc/PID/mountinfo.
func oomFile(groups, mounts []byte) string {
	second := ""
	for line := range bytes.Lines(groups) {
		parts := strings.SplitN(strings.TrimRight(string(line), "\n"), ":", 3)
		switch {
		case len(parts) < 3:
		case slices.Contains(strings.Split(parts[1], ","), "memory"):
			return cgroupFile(mounts, parts[2], "memory.oom_control", func(kind, options string) bool {
				return kind == "cgroup" && slices.Contains(strings.Split(options, ","), "memory")
			})
		case parts[0] == "0":
			second = parts[2]
		}
	}
	if second == "" {
		return ""
	}
	return cgroupFile(mounts, second, "memory.events", func(kind, _ string) bool { return kind == "cgroup2" })
}

// cgroupFile is the path of a file of a cgroup, in the first mounted hierarchy of
// the kind that shows it.
func cgroupFile(mounts []byte, group, name string, wanted func(kind, options string) bool) string {
	if slices.Contains(strings.Split(group, "/"), "..") {
		return "" // it is outside of what can be seen here
	}
	for lines := bufio.NewScanner(bytes.NewReader(mounts)); lines.Scan(); {
		before, after, ok := strings.Cut(lines.Text(), " - ")
		fields, rest := strings.Fields(before), strings.Fields(after)
		if !ok || len(fields) < 5 || len(rest) < 3 || !wanted(rest[0], rest[2]) {
			continue
		}
		root, mountPoint := unescape(fields[3]), unescape(fields[4])
		if inside, err := filepath.Rel(root, group); err == nil && filepath.IsLocal(inside) {
			return filepath.Join(mountPoint, inside, name)
		}
	}
	return ""
}

// unescape reads a path of mountinfo, see proc(5).
func unescape(path string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(path)
}
