package cluster

// Keys gives worker jobs access to the broker, and takes it away.
type Keys interface {
	// Grant is called before a launch of that key is submitted, for its jobs.
	Grant(launch string, count int) error
	// Revoke is called when jobs have ended, before others hear of it, and when
	// they were not submitted after all. It may be called again for the same job.
	Revoke(jobs []Job) error
}

// revoke takes the access of jobs away. What fails is only logged: it keeps
// nothing from going on, for the jobs are gone.
func (c *Cluster) revoke(jobs []Job) {
	if c.o.Keys == nil || len(jobs) == 0 {
		return
	}
	if err := c.o.Keys.Revoke(jobs); err != nil {
		c.o.Logger.Error("keys of jobs that have ended not revoked", "jobs", len(jobs), "first", jobs[0].String(), "error", err)
	}
}

// forsake forgets a launch that has no jobs.
func (c *Cluster) forsake(l Launch) {
	c.mu.Lock()
	c.ledger.drop(l)
	c.mu.Unlock()
	jobs := make([]Job, l.Count)
	for i := range jobs {
		jobs[i] = Job{Launch: l, Index: i}
	}
	c.revoke(jobs)
}

// revokeEnded takes the access of jobs away that have ended for good. Those that
// wait again keep it.
func (c *Cluster) revokeEnded(ends []end) {
	var jobs []Job
	for _, e := range ends {
		if !e.requeued {
			jobs = append(jobs, e.Job)
		}
	}
	c.revoke(jobs)
}
