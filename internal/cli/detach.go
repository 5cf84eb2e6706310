package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"github.com/ewoks-hpc/ewoks-hpc/app"
)

// news is what a detached launcher tells the one who started it, once.
type news struct {
	Summary string `json:"summary,omitempty"`
	Error   string `json:"error,omitempty"`
	Hint    string `json:"hint,omitempty"`
	Code    int    `json:"code,omitempty"`
}

// teller passes on whether the launcher came up.
type teller struct {
	pipe *os.File // nil in the foreground
	s    Streams
}

func newTeller(fd int, s Streams) *teller {
	if fd <= 2 {
		return &teller{s: s}
	}
	syscall.CloseOnExec(fd)
	return &teller{os.NewFile(uintptr(fd), "ready"), s}
}

func (t *teller) up(summary string) {
	if t.pipe == nil {
		fmt.Fprint(t.s.Out, summary)
		return
	}
	t.send(news{Summary: summary})
}

func (t *teller) failed(err error) error {
	if t.pipe != nil {
		n := news{Error: err.Error(), Code: exitCode(err)}
		var hinted interface{ Hint() string }
		if errors.As(err, &hinted) {
			n.Hint = hinted.Hint()
		}
		t.send(n)
	}
	return err
}

func (t *teller) send(n news) {
	_ = json.NewEncoder(t.pipe).Encode(n)
	_ = t.pipe.Close()
}

// detach starts this program once more, in a session of its own, and waits
// until it is up or has failed.
func detach(ctx context.Context, s Streams, o app.ClusterOptions) error {
	if err := os.MkdirAll(o.StateDir, 0o700); err != nil {
		return fmt.Errorf("state directory: %w", err)
	}
	log, err := os.OpenFile(app.LogFile(o.StateDir), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("log of the launcher: %w", err)
	}
	defer log.Close()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	cmd := exec.Command(self, launcherArgs(os.Args[1:])...)
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = log, log, []*os.File{w}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	_ = w.Close()
	if err != nil {
		return fmt.Errorf("launcher not started: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(syscall.SIGTERM) })
	defer stop()
	return hear(ctx, r, s, cmd, o)
}

// hear waits for the news of the launcher.
func hear(ctx context.Context, r io.Reader, s Streams, cmd *exec.Cmd, o app.ClusterOptions) error {
	var n news
	if err := json.NewDecoder(r).Decode(&n); err != nil {
		_ = cmd.Wait()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return remoteError{fmt.Sprintf("the launcher ended before it was up (%s)", cmd.ProcessState), "see " + app.LogFile(o.StateDir), exitInfra}
	}
	if n.Error != "" {
		_ = cmd.Wait()
		return remoteError{n.Error, n.Hint, n.Code}
	}
	fmt.Fprint(s.Out, n.Summary)
	return cmd.Process.Release()
}

// remoteError is an error of the launcher, with its exit code.
type remoteError struct {
	text, hint string
	code       int
}

func (e remoteError) Error() string { return e.text }
func (e remoteError) Hint() string  { return e.hint }

// launcherArgs are the arguments of the launcher in the background: the same,
// but in the foreground and with a descriptor to tell the news on.
func launcherArgs(args []string) []string {
	out := []string{}
	for _, a := range args {
		if a != "--detach" && a != "-d" && a != "--detach=true" {
			out = append(out, a)
		}
	}
	return append(out, "--ready-fd", "3")
}
