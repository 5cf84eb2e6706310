package slurm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

const (
	maxAnswer = 256 << 20 // bytes of stdout; a line of the job list has about 100
	maxWords  = 64 << 10  // bytes of stderr
)

type invocation struct {
	name    string
	args    []string
	env     []string
	stdin   string
	timeout time.Duration
}

// outcome is what a command did. Exactly one of these holds: err is nil and the exit
// code is 0; err is nil and it is not; err says why there is no exit code to trust.
type outcome struct {
	command string
	stdout  string
	words   string // stderr, verbatim but for surrounding white space
	exit    int
	err     error
}

func run(ctx context.Context, in invocation) outcome {
	ctx, cancel := context.WithTimeoutCause(ctx, in.timeout, fmt.Errorf("no answer in %v: %w", in.timeout, context.DeadlineExceeded))
	defer cancel()
	stdout, stderr := bounded{max: maxAnswer}, bounded{max: maxWords}
	cmd := exec.CommandContext(ctx, in.name, in.args...)
	cmd.Env = in.env
	cmd.Stdin = strings.NewReader(in.stdin)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = 2 * time.Second
	err := cmd.Run()

	out := outcome{command: in.name, stdout: stdout.String(), words: strings.TrimSpace(stderr.String())}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil && err != nil:
		out.err = context.Cause(ctx)
	case errors.As(err, &exit) && exit.Exited():
		out.exit = exit.ExitCode()
	case err != nil:
		out.err = err
	case stdout.cut:
		out.err = fmt.Errorf("answer of more than %d bytes", maxAnswer)
	}
	return out
}

// bounded keeps the beginning of what is written to it.
type bounded struct {
	bytes.Buffer
	max int
	cut bool
}

func (b *bounded) Write(p []byte) (int, error) {
	room := b.max - b.Len()
	if len(p) > room {
		b.cut = true
		b.Buffer.Write(p[:room])
		return len(p), nil
	}
	return b.Buffer.Write(p)
}
