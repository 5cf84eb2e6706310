package pyhost

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// spawn starts a fresh interpreter, or a template, in a process group of its own.
func spawn(o Options, r role) (process, net.Conn, error) {
	p, ours, theirs, err := ends()
	if err != nil {
		return process{}, nil, err
	}
	defer theirs.Close()
	cmd := exec.Command(o.Python[0], append(o.Python[1:len(o.Python):len(o.Python)], "-c", source("bootstrap"))...)
	cmd.Env, cmd.Dir = o.Env, o.Dir
	cmd.Stdin, cmd.Stdout, cmd.Stderr = theirs, p.out, p.err
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		_ = ours.Close()
		_ = p.out.Close()
		_ = p.err.Close()
		return process{}, nil, &NotFoundError{strings.Join(o.Python, " "), err}
	}
	p.pid = cmd.Process.Pid
	p.end = func() { terminate(p.pid) }
	if r.Role == "template" {
		p.end = func() { kill(p.pid) }
	}
	p.wait = func() string {
		_ = cmd.Wait()
		return cmd.ProcessState.String()
	}
	if _, err := ours.Write(firstMessage(r)); err != nil {
		p.end()
		status := p.wait()
		i := interpreter{process: p}
		_ = ours.Close()
		defer i.close()
		return process{}, nil, &StartError{o.Python, fmt.Errorf("%s%s", status, i.lastWords())}
	}
	return p, ours, nil
}

// terminate makes the keeper of an interpreter end it, with all that its tasks
// have started; see keeper.py.
func terminate(pid int) { _ = syscall.Kill(-pid, syscall.SIGTERM) }

// kill ends a process and its process group.
func kill(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }

// ends makes what connects a new interpreter with us: a process without an id
// but with the files for its output, and the two ends of its socket.
func ends() (p process, ours net.Conn, theirs *os.File, err error) {
	if ours, theirs, err = socketpair(); err != nil {
		return p, nil, nil, err
	}
	if p, err = captureFiles(); err != nil {
		_ = ours.Close()
		_ = theirs.Close()
	}
	return p, ours, theirs, err
}

func socketpair() (net.Conn, *os.File, error) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("socket for a python interpreter: %w", err)
	}
	theirs := os.NewFile(uintptr(fds[1]), "interpreter")
	file := os.NewFile(uintptr(fds[0]), "launcher")
	defer file.Close()
	ours, err := net.FileConn(file)
	if err != nil {
		_ = theirs.Close()
		return nil, nil, fmt.Errorf("socket for a python interpreter: %w", err)
	}
	return ours, theirs, nil
}

// captureFiles makes the two files, without a name, that take what tasks print.
func captureFiles() (process, error) {
	out, err := unnamedFile()
	if err != nil {
		return process{}, err
	}
	errs, err := unnamedFile()
	if err != nil {
		_ = out.Close()
		return process{}, err
	}
	return process{out: out, err: errs}, nil
}

func unnamedFile() (*os.File, error) {
	f, err := os.CreateTemp("", "ewoks-hpc-*.out")
	if err != nil {
		return nil, fmt.Errorf("file for the output of tasks: %w", err)
	}
	defer f.Close()
	defer os.Remove(f.Name())
	return os.OpenFile(f.Name(), os.O_RDWR|os.O_APPEND, 0)
}
