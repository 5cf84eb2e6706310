package local

import (
	"errors"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ewoks-hpc/ewoks-hpc/cluster"
)

// process is a worker that was started. Its pid is its own process group.
type process struct {
	cmd   *exec.Cmd
	index int

	mu        sync.Mutex
	since     time.Time
	ended     bool // and the pid may be somebody else's
	cancelled bool
	timer     *time.Timer // ends the grace
}

// watch waits for the end of the process. What it leaves behind in its group is
// killed before the pid is given back, so that it cannot hit anybody else.
func (p *process) watch(news func()) {
	for {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_PID, p.cmd.Process.Pid, &info, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	p.mu.Lock()
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	_ = p.cmd.Wait() // the error is in ProcessState
	p.ended, p.since = true, time.Now()
	if p.timer != nil {
		p.timer.Stop()
	}
	p.mu.Unlock()
	news()
}

// cancel asks the process to end, and makes it after the grace.
func (p *process) cancel(grace time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return
	}
	if !p.cancelled {
		p.cancelled, p.since = true, time.Now()
		p.timer = time.AfterFunc(grace, func() { p.signal(syscall.SIGKILL) })
	}
	_ = syscall.Kill(p.cmd.Process.Pid, syscall.SIGTERM) // it ends its own children
}

// signal sends a signal to the group, if it is still there.
func (p *process) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ended {
		_ = syscall.Kill(-p.cmd.Process.Pid, s)
	}
}

func (p *process) describe(l cluster.Launch) cluster.Job {
	p.mu.Lock()
	defer p.mu.Unlock()
	host, _ := os.Hostname()
	j := cluster.Job{Launch: l, Index: p.index, Phase: cluster.Running, Pid: p.cmd.Process.Pid, Nodes: host, Since: p.since}
	switch {
	case !p.ended && p.cancelled:
		j.Phase, j.Plain = cluster.Ending, "it was told to end"
	case p.ended:
		j.Phase, j.Reason = cluster.Ended, p.cmd.ProcessState.String()
		j.Outcome = cluster.Failed
		switch {
		case p.cancelled:
			j.Outcome = cluster.Cancelled
		case p.cmd.ProcessState.Success():
			j.Outcome = cluster.Completed
		}
		j.Plain = j.Reason
	}
	return j
}
