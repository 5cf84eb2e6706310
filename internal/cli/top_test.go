package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/creack/pty"

	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
)

const sleepers = `graph: {id: sleepers}
nodes:
  - {id: a, task_type: method, task_identifier: time.sleep, default_inputs: [{name: 0, value: 1000}]}
  - {id: b, task_type: method, task_identifier: time.sleep, default_inputs: [{name: 0, value: 1000}]}
`

// terminal is a program in a pseudoterminal, with all that it has painted.
type terminal struct {
	t    *testing.T
	tty  *os.File
	cmd  *exec.Cmd
	mu   sync.Mutex
	text bytes.Buffer
	size pty.Winsize
}

func (x *terminal) Write(p []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.text.Write(p)
}

func openTerminal(t *testing.T, cmd *exec.Cmd) *terminal {
	t.Helper()
	x := &terminal{t: t, cmd: cmd, size: pty.Winsize{Cols: 100, Rows: 30}}
	tty, err := pty.StartWithSize(cmd, &x.size)
	if err != nil {
		t.Fatal(err)
	}
	x.tty = tty
	done := make(chan struct{})
	go func() {
		defer close(done)
		buffer := make([]byte, 4096)
		for {
			n, err := tty.Read(buffer) // fails when the program is gone
			_, _ = x.Write(buffer[:n])
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = tty.Close()
		<-done
	})
	return x
}

// shows waits until a word is painted. The terminal grows by a column, so that all is
// painted anew.
func (x *terminal) shows(want string) {
	x.t.Helper()
	x.mu.Lock()
	x.text.Reset()
	x.mu.Unlock()
	err := ewokstest.Wait(want, func() error {
		x.mu.Lock()
		defer x.mu.Unlock()
		if bytes.Contains(x.text.Bytes(), []byte(want)) {
			return nil
		}
		x.size.Cols ^= 1
		if err := pty.Setsize(x.tty, &x.size); err != nil {
			return err
		}
		return fmt.Errorf("the screen has\n%s", lastOf(ansi.Strip(x.text.String()), 3000))
	})
	if err != nil {
		x.t.Fatal(err)
	}
}

func lastOf(text string, most int) string { return text[max(0, len(text)-most):] }

func (x *terminal) press(keys string) {
	x.t.Helper()
	if _, err := x.tty.WriteString(keys); err != nil {
		x.t.Fatal(err)
	}
}

// The real program in a terminal, with a real cluster.
func TestTop(t *testing.T) {
	home := t.TempDir()
	bare := filepath.Join(home, "bare")
	ewokstest.BareVenv(t, bare)
	env := append(os.Environ(), "HOME="+home, "XDG_STATE_HOME="+filepath.Join(home, "state"), "XDG_CONFIG_HOME="+home,
		"PATH="+filepath.Join(bare, "bin")+":"+os.Getenv("PATH"), "TERM=xterm-256color", "LC_ALL=C.UTF-8")
	path := program(t)
	command := func(args ...string) *exec.Cmd {
		cmd := exec.Command(path, args...)
		cmd.Env, cmd.Dir = env, home
		return cmd
	}
	must := func(args ...string) string {
		t.Helper()
		out, err := command(args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	t.Cleanup(func() {
		if left := ewokstest.Left(home); len(left) > 0 {
			t.Errorf("processes are left: %v", left)
		}
	})
	write(t, filepath.Join(home, "sleepers.yaml"), sleepers)
	must("up", "--local", "--n-workers", "2", "--detach")
	run := command("run", "sleepers.yaml", "--cluster", "default")
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = run.Process.Kill(), run.Wait() })

	x := openTerminal(t, command("top"))
	x.shows("2 of 2 slots of 2 workers busy")
	x.shows("\x1b[38;5;33m") // blue
	x.press("2")
	x.shows("WORKFLOW")
	x.shows("sleepers")
	x.press("p")
	x.shows("‖ paused")
	x.press("p")
	x.shows("goes on")
	x.press("\r")
	x.shows("of 2 nodes done")
	x.press("cy")
	x.shows("cancelled by the user")

	// A launcher that is gone is told, and found again when it is back.
	if _, err := killLauncher(filepath.Join(home, "state", "ewoks-hpc", "default")); err != nil {
		t.Fatal(err)
	}
	x.shows("no answer since")
	must("up", "--local", "--n-workers", "1", "--detach")
	x.press("1")
	x.shows("0 of 1 slot of 1 worker busy")

	x.press("q")
	if err := x.cmd.Wait(); err != nil {
		t.Errorf("top ended with %v", err)
	}
	plain := command("top")
	plain.Env = append(plain.Env, "NO_COLOR=1", "LC_ALL=C")
	x = openTerminal(t, plain)
	x.shows("cluster")
	x.shows("-----")
	x.mu.Lock()
	if text := x.text.String(); strings.Contains(text, "38;5") || strings.ContainsAny(text, "█░─▶") {
		t.Errorf("colours, or more than ASCII: %q", text)
	}
	x.mu.Unlock()
	x.press("\x03")
	if err := x.cmd.Wait(); err != nil {
		t.Errorf("ctrl+c: %v", err)
	}
	must("down")
}

func killLauncher(dir string) (int, error) {
	pid, err := launcher(dir)
	if err == nil && pid <= 1 {
		err = errors.New("no launcher")
	}
	if err == nil {
		err = syscall.Kill(pid, syscall.SIGKILL)
	}
	return pid, err
}
