package slurmtest

// KillMunge ends munged at once: no command can say any more who sends it.
func (c *Cluster) KillMunge() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.munge.kill()
}
