package cluster

import (
	"fmt"
	"strings"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/slurm"
)

// Explain says in plain words why a pool has fewer workers than it should, and what
// to do about it; it is empty when there is nothing to say. A line may go on with
// the end of a log.
func (c *Cluster) Explain() (lines []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if c.trouble != "" {
		lines = append(lines, fmt.Sprintf("the state of jobs is not known at present, since %s: %s", c.troubled.Format("15:04:05"), c.trouble))
	}
	for _, p := range c.pools {
		jobs := c.ledger.live(p.Name)
		for _, line := range append(c.barred(p, now), c.demanded(p, jobs)...) {
			lines = append(lines, "pool "+p.Name+line)
		}
		for _, line := range waiting(jobs) {
			lines = append(lines, "pool "+p.Name+": "+line)
		}
	}
	return lines
}

// command is how to do something with the cluster.
func (c *Cluster) command(words string) string {
	if c.o.Name == "" || c.o.Name == "default" {
		return "ewoks-hpc " + words
	}
	return "ewoks-hpc " + words + " --cluster " + c.o.Name
}

// scaling is how to change the size of a pool.
func (c *Cluster) scaling(p *pool, flags string) string {
	if len(c.pools) > 1 {
		flags += " --pool " + p.Name
	}
	return c.command("scale" + flags)
}

// barred says what keeps a pool from submitting jobs.
func (c *Cluster) barred(p *pool, now time.Time) (lines []string) {
	switch {
	case p.stopped != nil:
		line := fmt.Sprintf(" is stopped since %s: %s. What to do: %s; then %s tries again",
			p.stopped.Since.Format("15:04:05"), p.stopped.Reason, p.stopped.Hint, c.command("resume"))
		if p.stopped.Log != "" {
			line += ". Its log ends with:\n" + p.stopped.Log
		}
		lines = append(lines, line)
	case p.pending != "":
		lines = append(lines, ": jobs could not be submitted, it is tried again: "+p.pending)
	}
	for _, x := range p.suspects.list(now) {
		lines = append(lines, fmt.Sprintf(": node %s is not used until %s: %s; %s uses it again",
			x.Node, x.Until.Format("15:04:05"), x.Reason, c.command("resume")))
	}
	return lines
}

// demanded says how the number of jobs relates to what there is to do.
func (c *Cluster) demanded(p *pool, jobs []*record) []string {
	at, slots := 0, 0
	for _, r := range jobs {
		if r.Greeted {
			at++
			slots += p.Slots
		}
	}
	switch {
	case p.stopped != nil:
	case p.Size.Max == 0 && len(jobs) == 0:
		return []string{": no jobs are wanted; " + c.scaling(p, " --jobs N") + " asks for some"}
	case p.Size.Adapts() && p.demand == 0 && len(jobs) == 0:
		return []string{": no demand: it has no jobs because there is nothing to do; they come with the next run"}
	case p.demand > slots && at == len(jobs) && at >= p.Size.Max:
		return []string{fmt.Sprintf(": all %s are there (the most that are wanted), and all slots are taken: %d more tasks wait for one; %s asks for more",
			count(at, "job", "jobs"), p.demand-slots, c.scaling(p, ""))}
	}
	return nil
}

// hurdle is what several jobs wait for.
type hurdle struct {
	jobs      int
	why, todo string
}

// waiting has one line for each reason that keeps jobs waiting.
func waiting(jobs []*record) (lines []string) {
	var hurdles []*hurdle
	known := map[string]*hurdle{}
	for _, r := range jobs {
		why, todo := r.hurdle()
		if why == "" {
			continue
		}
		if known[why] == nil {
			known[why] = &hurdle{why: why, todo: todo}
			hurdles = append(hurdles, known[why])
		}
		known[why].jobs++
	}
	for _, h := range hurdles {
		line := count(h.jobs, "job is", "jobs are") + " " + h.why
		if h.todo != "" {
			line += "; " + h.todo
		}
		lines = append(lines, line)
	}
	return lines
}

// hurdle says why no worker of the job is there, and what to do about it.
func (r *record) hurdle() (why, todo string) {
	switch {
	case r.Phase == Unknown:
		return "in an unknown state: " + r.Plain, ""
	case r.Phase == Running && !r.Greeted:
		return "running, but no worker has said hello yet", "the log tells how far it is: ewoks-hpc logs " + jobID(r.Job)
	case r.Phase != Queued:
		return "", ""
	case r.Never:
		why = "never going to start: " + r.Plain
	default:
		why = "queued: " + r.Plain
	}
	if r.Reason != "" {
		why += " (" + r.Reason + ")"
		todo = slurm.Advise(r.Reason)
	}
	return why, todo
}

// jobID is the job as status and logs name it.
func jobID(j Job) string { return fmt.Sprintf("%s_%d", j.ID, j.Index) }

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// advised is an error with what to do about it, in one line.
func advised(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	if hint := hintOf(err); hint != "" {
		text += "; " + hint
	}
	return text
}

// brief says in one line how a job ended.
func brief(e end) string {
	words := []string{e.Job.String(), "ended:"}
	if e.SlurmState != "" {
		words = append(words, e.SlurmState+",")
	}
	words = append(words, e.Plain)
	if e.Nodes != "" {
		words = append(words, "on "+e.Nodes)
	}
	return strings.Join(words, " ")
}

// epitaph says why the workers of a job are gone.
func epitaph(e end, log string) string {
	if e.requeued {
		return e.Job.String() + " was taken from its node and waits to run again"
	}
	text := "its " + brief(e)
	if said := diagnosis(log); said != "" && e.Outcome != Completed && e.Outcome != Cancelled {
		text += "; its log ends with:\n" + said
	}
	return text
}
