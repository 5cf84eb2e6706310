package cluster

import (
	"context"
	"time"
)

const (
	soonest = 2 * time.Second // between two looks, however often poked
	longest = time.Minute     // between two looks when nothing changes
	// attention is the time between two counts of what there is to do, which cost
	// the backend nothing.
	attention = 250 * time.Millisecond
)

// soonest is the time between two looks. A backend that tells its news costs nobody
// anything.
func (c *Cluster) soonest() time.Duration {
	if c.o.Backend.Changed() != nil {
		return min(attention, c.o.Interval)
	}
	return min(soonest, c.o.Interval)
}

// watch looks at the jobs again and again until ctx ends.
func (c *Cluster) watch(ctx context.Context, done chan<- struct{}) {
	defer close(done)
	count := time.NewTicker(attention)
	defer count.Stop()
	pace := pace{interval: c.o.Interval}
	due := time.Now().Add(pace.next(true))
	for {
		timer := time.NewTimer(time.Until(due))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-c.pokes:
			timer.Stop()
			due = earlier(due, c.earliest())
			continue
		case <-count.C:
			timer.Stop()
			if c.urgent() {
				due = earlier(due, c.earliest())
			}
			continue
		case <-c.o.Backend.Changed():
			timer.Stop()
		case <-timer.C:
		}
		changed, answered, _ := c.roundNews(ctx) // refusals are in Explain
		due = time.Now().Add(pace.next(changed && answered))
	}
}

// earliest is when the backend may be asked again.
func (c *Cluster) earliest() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.looked.Add(c.soonest())
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// pace says when to look again: often while something changes, more and more
// rarely when nothing does or when nobody answers.
type pace struct {
	interval time.Duration
	wait     time.Duration
}

func (p *pace) next(changed bool) time.Duration {
	if changed {
		p.wait = p.interval
	} else {
		p.wait = min(2*max(p.wait, p.interval/2), max(longest, p.interval))
	}
	return p.wait
}
