package cluster

import (
	"fmt"
	"strings"
)

// maxSilent is how many jobs in a row may end before a worker said hello until a
// pool is stopped: what is wrong with them is wrong with the next one too.
const maxSilent = 3

// Explain says in plain words why a pool has fewer workers than it should; it is
// empty when there is nothing to say.
func (c *Cluster) Explain() (lines []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.trouble != "" {
		lines = append(lines, "the state of jobs is not known at present: "+c.trouble)
	}
	for _, p := range c.pools {
		if p.stopped != "" {
			lines = append(lines, fmt.Sprintf("pool %s is stopped: %s", p.Name, p.stopped))
		} else if p.pending != "" {
			lines = append(lines, fmt.Sprintf("pool %s: jobs could not be submitted, it is tried again: %s", p.Name, p.pending))
		}
		jobs := c.ledger.live(p.Name)
		if p.Size.Adapts() && p.demand == 0 && len(jobs) == 0 {
			lines = append(lines, fmt.Sprintf("pool %s: no demand: it has no jobs because there is nothing to do", p.Name))
		}
		lines = append(lines, waiting(p.Name, jobs)...)
	}
	return lines
}

// waiting has one line for each reason that keeps jobs waiting.
func waiting(pool string, jobs []*record) (lines []string) {
	counts := map[string]int{}
	var order []string
	for _, r := range jobs {
		why := ""
		switch {
		case r.Phase == Unknown:
			why = "in an unknown state: " + r.Plain
		case r.Phase == Queued && r.Never:
			why = "never going to start: " + r.Plain
		case r.Phase == Queued:
			why = "queued: " + r.Plain
		case r.Phase == Running && !r.Greeted:
			why = "running, but no worker has said hello yet"
		default:
			continue
		}
		if r.Phase == Queued && r.Reason != "" {
			why += " (" + r.Reason + ")"
		}
		if counts[why] == 0 {
			order = append(order, why)
		}
		counts[why]++
	}
	for _, why := range order {
		lines = append(lines, fmt.Sprintf("pool %s: %s %s", pool, number(counts[why]), why))
	}
	return lines
}

func number(jobs int) string {
	if jobs == 1 {
		return "1 job is"
	}
	return fmt.Sprintf("%d jobs are", jobs)
}

// epitaph says why the workers of a job are gone.
func epitaph(e end, log string) string {
	if e.requeued {
		return e.Job.String() + " was taken from its node and waits to run again"
	}
	words := []string{"its", e.Job.String(), "ended:"}
	if e.SlurmState != "" {
		words = append(words, e.SlurmState+",")
	}
	words = append(words, e.Plain)
	if e.Nodes != "" {
		words = append(words, "on "+e.Nodes)
	}
	text := strings.Join(words, " ")
	if said := diagnosis(log); said != "" && e.Outcome != Completed && e.Outcome != Cancelled {
		text += "; its log ends with:\n" + said
	}
	return text
}

// verdict says why a pool is stopped.
func verdict(n int, e end, log string) string {
	text := fmt.Sprintf("%d jobs in a row ended before a worker said hello; the last: %s", n, epitaph(e, ""))
	if log == "" {
		return text + "; it left no log"
	}
	return text + "; its log ends with:\n" + log
}
