// Package ewokstest is what the tests of the whole program share: finding the
// repository and its Python, the processes that a test has started, and waiting
// for conditions. Only tests import it.
package ewokstest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Process is one process of this machine.
type Process struct {
	PID int
	// Args and Environ are as in /proc, with zero bytes between the items.
	Args, Environ []byte
	Dir           string
}

// String shows the process in one line.
func (p Process) String() string {
	args := strings.Join(strings.Fields(string(bytes.ReplaceAll(p.Args, []byte{0}, []byte{' '}))), " ")
	return fmt.Sprintf("%d in %s: %.200s", p.PID, p.Dir, args)
}

// Processes returns those that run in the folder, or have its path in their
// arguments or environment: a test that keeps home, state and temporary files
// in one folder finds whatever it has started, children of children included.
func Processes(folder string) (found []Process) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		p := Process{PID: pid}
		p.Args, _ = os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		p.Environ, _ = os.ReadFile(filepath.Join("/proc", e.Name(), "environ"))
		p.Dir, _ = os.Readlink(filepath.Join("/proc", e.Name(), "cwd"))
		mark := []byte(folder)
		inside := p.Dir == folder || strings.HasPrefix(p.Dir, folder+"/")
		if inside || bytes.Contains(p.Args, mark) || bytes.Contains(p.Environ, mark) {
			found = append(found, p)
		}
	}
	return found
}

// grace is how long a process that was told to end may take to vanish.
const grace = 3 * time.Second

// Left returns the processes of a folder that do not end by themselves within a
// moment, and kills them.
func Left(folder string) []Process {
	left := Processes(folder)
	for deadline := time.Now().Add(grace); len(left) > 0 && time.Now().Before(deadline); left = Processes(folder) {
		time.Sleep(20 * time.Millisecond)
	}
	for _, p := range left {
		_ = syscall.Kill(p.PID, syscall.SIGKILL)
	}
	return left
}
