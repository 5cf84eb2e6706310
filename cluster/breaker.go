package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/slurm"
)

// maxSilent is how many jobs in a row may end before a worker said hello until a
// pool is stopped: what is wrong with them is wrong with the next one too. Those
// on a node that is excluded do not count: there it is the node.
const maxSilent = 3

// hastyTime is within which after the hello of its worker a job ends hastily.
const hastyTime = 10 * time.Second

// Stopped says why a pool submits nothing until somebody resumes it.
type Stopped struct {
	Since  time.Time
	Reason string // one sentence
	Hint   string // what to do about it; never empty
	Log    string // the last lines of a job's log; empty if they do not matter
}

// blame is what the end of a job tells about its pool and its node.
type blame int

const (
	nobody     blame = iota // it was taken away, or told to end
	well                    // it worked
	silent                  // it ended before a worker said hello
	hasty                   // it failed right after the hello, before any task
	nodeFailed              // Slurm says so
)

// blame judges the end of a job. Preemption, timeouts and cancellations, whoever
// did it, are nobody's fault.
func (e end) blame() blame {
	switch {
	case e.told || e.requeued || e.vanished || e.inherited || e.Outcome == Cancelled:
		return nobody
	case e.Outcome == string(slurm.NodeFail), e.Outcome == string(slurm.BootFail):
		return nodeFailed
	case e.Lost:
		return nobody
	case !e.Greeted:
		return silent
	case e.Outcome == Completed || e.worked || e.Since.Sub(e.hello) > hastyTime:
		return well
	}
	return hasty
}

// judge draws the consequences from the end of a job: a node that nothing is
// submitted to any more, or a pool that submits nothing.
func (c *Cluster) judge(ctx context.Context, e end, log string) {
	c.mu.Lock()
	p, now := c.pool(e.Pool), time.Now()
	b := e.blame()
	excluded := p.suspects.isExcluded(e.Nodes, now)
	deaths := p.suspects.note(e.Nodes, now, b, brief(e))
	if b == silent && !excluded {
		p.silent++
	}
	// With deaths elsewhere in the same row it is not this node.
	elsewhere := b == silent && p.silent >= maxSilent && p.silent > deaths
	c.mu.Unlock()
	only := false
	if !excluded && !elsewhere && deaths >= maxDeaths {
		excluded, only = c.exclude(ctx, p, e.Nodes)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case p.stopped != nil || excluded:
	case b == silent && p.silent >= maxSilent:
		c.stopPool(p, e, log, fmt.Sprintf("%d jobs in a row ended before a worker said hello", p.silent))
	case b == hasty && only && deaths >= maxSilent:
		c.stopPool(p, e, log, fmt.Sprintf("%d jobs on %s, the only node that is left, ended within seconds", deaths, e.Nodes))
	}
}

// stopPool opens the breaker of a pool. What was held against nodes is void: it
// was not them. The caller holds mu.
func (c *Cluster) stopPool(p *pool, e end, log, what string) {
	if log == "" && e.Nodes != "" {
		what += ", and the last left no log"
	}
	p.stopped = &Stopped{
		Since: time.Now(), Reason: what + "; the last: " + brief(e), Log: diagnosis(log),
		Hint: cmp.Or(remedy(log), remedyOf(e, log)),
	}
	p.suspects.forget()
	c.o.Logger.Error("pool stopped", "pool", p.Name, "reason", p.stopped.Reason, "log", log)
}

// lift closes the breaker of a pool. The caller holds mu.
func (p *pool) lift() { p.stopped, p.silent, p.retryAt = nil, 0, time.Time{} }

// Resumed is what a pool had against it until it was resumed.
type Resumed struct {
	Pool    string   `json:"pool"`
	Stopped bool     `json:"stopped,omitempty"`
	Nodes   []string `json:"nodes,omitempty"` // that it did not use
}

// Resume lets all pools submit jobs again, on all nodes, and returns those that did
// not. The error is a refusal.
func (c *Cluster) Resume(ctx context.Context) (resumed []Resumed, err error) {
	c.mu.Lock()
	for _, p := range c.pools {
		r := Resumed{p.Name, p.stopped != nil, p.suspects.names(time.Now())}
		if r.Stopped || len(r.Nodes) > 0 {
			resumed = append(resumed, r)
		}
		p.lift()
		p.suspects.forget()
	}
	c.mu.Unlock()
	return resumed, c.round(ctx)
}

// refuse stops a pool whose jobs Slurm refuses, in its words. The caller holds mu.
func (p *pool) refuse(err error) {
	now := time.Now()
	p.stopped = &Stopped{Since: now, Reason: err.Error(), Hint: cmp.Or(hintOf(err), "change the options of the pool")}
	if excluded := p.suspects.names(now); len(excluded) > 0 {
		p.stopped.Reason = fmt.Sprintf("jobs died fast on %s, and there may be no other nodes for them: %s", strings.Join(excluded, ", "), err)
		p.stopped.Hint = "see what the jobs say there with ewoks-hpc logs"
	}
	p.suspects.forget()
}

func hintOf(err error) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return hinted.Hint()
	}
	return ""
}
