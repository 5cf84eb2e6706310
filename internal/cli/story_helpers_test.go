package cli_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
)

// The programs below are what stories use as commands; each returns its exit
// code.

func complain(err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, err)
	return 99 // none of ewoks-hpc
}

func await(files []string) int {
	return complain(waitForFiles(files))
}

func waitForFiles(files []string) error {
	return ewokstest.Wait(strings.Join(files, ", "), func() error {
		for _, f := range files {
			if _, err := os.Stat(f); err != nil {
				return err
			}
		}
		return nil
	})
}

func eventually(args []string) int {
	pattern := regexp.MustCompile("(?m)" + args[0])
	return complain(ewokstest.Wait(args[0], func() error {
		cmd := exec.Command(args[1], args[2:]...)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err == nil && !pattern.Match(out) {
			err = fmt.Errorf("no match in\n%s", out)
		}
		if err == nil {
			_, err = os.Stdout.Write(out)
		}
		return err
	}))
}

// child runs a command with the streams of this process.
func child(args []string) *exec.Cmd {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd
}

func interrupt(args []string) int {
	cmd := child(args[1:])
	if err := cmd.Start(); err != nil {
		return complain(err)
	}
	err := waitForFiles(args[:1])
	if err == nil {
		err = cmd.Process.Signal(syscall.SIGINT)
	}
	begun := time.Now()
	_ = cmd.Wait()
	if took := time.Since(begun); took > 10*time.Second {
		err = errors.Join(err, fmt.Errorf("interrupted, and ended %s later", took))
	}
	if err != nil {
		return complain(err)
	}
	return cmd.ProcessState.ExitCode()
}

func within(args []string) int {
	limit, err := time.ParseDuration(args[0])
	if err != nil {
		return complain(err)
	}
	cmd, begun := child(args[1:]), time.Now()
	err = cmd.Run()
	if took := time.Since(begun); took > limit {
		err = errors.Join(err, fmt.Errorf("took %s, more than %s", took, limit))
	}
	return complain(err)
}

func kill9(args []string) int {
	dir := filepath.Join(os.Getenv("STATE"), args[1])
	find := map[string]func(string) (int, error){"launcher": launcher, "worker": busyWorker}[args[0]]
	pid, err := find(dir)
	if err != nil {
		return complain(err)
	}
	fmt.Println(pid)
	return complain(syscall.Kill(pid, syscall.SIGKILL))
}

func launcher(dir string) (int, error) {
	text, err := os.ReadFile(filepath.Join(dir, "launcher.pid"))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

// busyWorker finds a worker that holds a task.
func busyWorker(dir string) (pid int, err error) {
	err = ewokstest.Wait("a worker that holds a task", func() error {
		out, err := exec.Command("ewoks-hpc", "status", "--cluster", filepath.Base(dir), "-o", "json").Output()
		if err != nil {
			return err
		}
		var o struct{ Workers []struct{ Pid, Holding int } }
		if err := json.NewDecoder(bytes.NewReader(out)).Decode(&o); err != nil {
			return err
		}
		for _, w := range o.Workers {
			if w.Holding > 0 {
				pid = w.Pid
				return nil
			}
		}
		return errors.New("none does")
	})
	return pid, err
}
