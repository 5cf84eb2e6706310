package slurmtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// ErrMissing says that the machine has no Slurm to start.
var ErrMissing = errors.New("Slurm is not installed here")

// daemon is one child process that should live as long as the cluster.
type daemon struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended and was waited for
}

// startDaemon runs program until it is killed or this process ends, however it ends.
func startDaemon(logFile string, env []string, program string, args ...string) (*daemon, error) {
	out, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	d := &daemon{cmd: exec.Command(program, args...), done: make(chan struct{})}
	d.cmd.Env = env
	d.cmd.Stdout, d.cmd.Stderr = out, out
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	started := make(chan error)
	go func() {
		// Pdeathsig is about the thread that started the child, so that thread must
		// live as long as the child.
		runtime.LockOSThread()
		err := d.cmd.Start()
		started <- err
		if err == nil {
			_ = d.cmd.Wait() // how it ended is in its log
		}
		close(d.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", filepath.Base(program), err)
	}
	return d, nil
}

func (d *daemon) pid() int { return d.cmd.Process.Pid }

func (d *daemon) alive() bool {
	if d == nil {
		return false
	}
	select {
	case <-d.done:
		return false
	default:
		return true
	}
}

func (d *daemon) signal(sig syscall.Signal) error {
	if !d.alive() {
		return os.ErrProcessDone
	}
	return d.cmd.Process.Signal(sig)
}

// kill ends the process and its helpers (slurmctld has one) at once, and waits until
// it has ended. SIGKILL also ends a stopped process.
func (d *daemon) kill() {
	if d.alive() {
		_ = syscall.Kill(-d.pid(), syscall.SIGKILL) // it leads its process group
		<-d.done
	}
}

// waitFor calls ready until it says yes, the daemon has ended, or too long has passed.
func (d *daemon) waitFor(what string, ready func() bool) error {
	deadline := time.Now().Add(startTimeout)
	for !ready() {
		if !d.alive() {
			return fmt.Errorf("%s: it ended: %v", what, d.cmd.ProcessState)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: not ready after %v", what, startTimeout)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil
}

// findPrograms looks for what a cluster needs; daemons live where the PATH of an
// ordinary user does not lead.
func findPrograms() (map[string]string, error) {
	found := map[string]string{}
	var missing []string
	for _, name := range []string{"munged", "slurmctld", "slurmd", "scontrol", "sinfo", "sbatch", "squeue"} {
		path, err := exec.LookPath(name)
		for _, dir := range []string{"/usr/sbin", "/sbin", "/usr/local/sbin"} {
			if err == nil {
				break
			}
			path, err = exec.LookPath(filepath.Join(dir, name))
		}
		if err != nil {
			missing = append(missing, name)
			continue
		}
		found[name] = path
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("%w: no %s (Debian packages: slurm-wlm, munge)", ErrMissing, strings.Join(missing, ", "))
	}
	return found, nil
}
