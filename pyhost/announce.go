package pyhost

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Announcer is a Python process that sends the events of one job and its
// workflow to the handlers that execinfo names (ewoks.md section 8).
type Announcer struct {
	// ExecInfo is what tasks need to send their events, as JSON.
	ExecInfo json.RawMessage

	cmd    *exec.Cmd
	in     io.WriteCloser
	stderr *strings.Builder
}

// Announce sends the start events.
//
// execinfo is that of ewoks, as JSON, and workflow the id of the graph.
func Announce(ctx context.Context, o Options, execinfo json.RawMessage, workflow string) (*Announcer, error) {
	o = o.withDefaults()
	a := &Announcer{cmd: exec.CommandContext(ctx, o.Python[0], append(o.Python[1:len(o.Python):len(o.Python)], "-c", source("announce"))...), stderr: &strings.Builder{}}
	a.cmd.Env, a.cmd.Dir, a.cmd.Stderr = o.Env, o.Dir, a.stderr
	// An interrupt from the terminal is for the launcher, which then tells.
	a.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	var err error
	if a.in, err = a.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := a.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := a.cmd.Start(); err != nil {
		return nil, &NotFoundError{strings.Join(o.Python, " "), err}
	}
	if err := json.NewEncoder(a.in).Encode(map[string]any{"execinfo": execinfo, "workflow": workflow}); err != nil {
		return nil, a.failed(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); { // imports may print
		if json.Valid(lines.Bytes()) {
			a.ExecInfo = append(json.RawMessage(nil), lines.Bytes()...)
			return a, nil
		}
	}
	return nil, a.failed(io.ErrUnexpectedEOF)
}

// End sends the end events; a failure without a message is none.
func (a *Announcer) End(f task.Failure) error {
	var message any = struct{}{}
	if f.Message != "" {
		message = map[string]string{"message": f.Message, "traceback": f.Traceback}
	}
	if err := json.NewEncoder(a.in).Encode(message); err != nil {
		return a.failed(err)
	}
	if err := a.cmd.Wait(); err != nil {
		return a.failed(err)
	}
	return nil
}

// failed tells why events could not be sent, and ends the process.
func (a *Announcer) failed(err error) error {
	_ = a.in.Close()
	_ = a.cmd.Wait()
	lines := strings.Split(strings.TrimSpace(a.stderr.String()), "\n")
	if last := lines[len(lines)-1]; last != "" {
		err = errors.New(last)
	}
	return fmt.Errorf("events of the run: %w", err)
}
