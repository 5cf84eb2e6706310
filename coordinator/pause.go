package coordinator

import "github.com/ewoks-hpc/ewoks-hpc/task"

// A run, or the whole cluster, may be paused: nothing new of it is given to workers.
// What they have goes on. A pause is in the journal, so that it outlives the launcher.

// clusterTopic is for what concerns all runs.
const clusterTopic = "cluster"

// parked are the requests of paused runs that wait, in their order.
type parked map[string][]*task.Request

func (p parked) count() (n int) {
	for _, list := range p {
		n += len(list)
	}
	return n
}

func (p parked) drop(id task.ID) {
	list := p[id.Run]
	for i, r := range list {
		if r.ID == id {
			p[id.Run] = append(list[:i:i], list[i+1:]...)
			return
		}
	}
}

// enqueue lets a request wait for a worker, behind all others.
func (c *Coordinator) enqueue(r *task.Request) {
	if r = c.enlarge(r); r == nil {
		return
	}
	if run := c.runs[r.Run]; run != nil && run.paused {
		c.parked[r.Run] = append(c.parked[r.Run], r)
		return
	}
	c.ready.push(r, c.rank(r))
}

// requeue lets a request wait that a worker had and has not begun, before all others.
func (c *Coordinator) requeue(r *task.Request) {
	if run := c.runs[r.Run]; run != nil && run.paused {
		c.parked[r.Run] = append([]*task.Request{r}, c.parked[r.Run]...)
		return
	}
	c.ready.pushFront(r, c.rank(r))
}

// Pause keeps what waits of a run from workers, or of all runs if it names none. It
// returns the runs that it named. What is paused stays so.
func (c *Coordinator) Pause(o Order) (Answer, error) {
	return c.ask(func() (Answer, error) { return c.setPaused(o, true) })
}

// Resume undoes Pause. To resume the cluster does not resume runs that were paused
// one by one.
func (c *Coordinator) Resume(o Order) (Answer, error) {
	return c.ask(func() (Answer, error) { return c.setPaused(o, false) })
}

func (c *Coordinator) setPaused(o Order, paused bool) (a Answer, err error) {
	if o.Run == "" {
		a.Changed = c.pauseCluster(paused)
		return a, nil
	}
	r, err := c.find(o.Run)
	if err != nil {
		return a, err
	}
	a.Changed = r.state != nil && r.paused != paused
	if a.Changed {
		c.note(runTopic + r.id).Pause = &paused
		c.pauseRun(r, paused)
		c.poke()
	}
	a.Runs = []RunStatus{r.status()}
	return a, nil
}

func (c *Coordinator) pauseCluster(paused bool) (changed bool) {
	if c.paused == paused {
		return false
	}
	c.note(clusterTopic).Pause = &paused
	c.paused = paused
	c.o.Logger.Info("cluster paused or resumed", "paused", paused)
	c.poke()
	return true
}

// pauseRun moves what waits of a run out of the queue, or back into it.
func (c *Coordinator) pauseRun(r *run, paused bool) {
	r.paused, r.changed = paused, true
	c.o.Logger.Info("run paused or resumed", "run", r.id, "paused", paused)
	if paused {
		c.parked[r.id] = append(c.parked[r.id], c.ready.remove(r.id)...)
		return
	}
	waiting := c.parked[r.id]
	delete(c.parked, r.id)
	for _, request := range waiting {
		c.ready.push(request, c.rank(request))
	}
}

// redoPause does a pause again that the journal tells of. What waits is sorted out
// when all is read.
func (c *Coordinator) redoPause(r *run, paused bool) {
	if r == nil {
		c.paused = paused
		return
	}
	r.paused = paused
}

// Unpause lets the cluster go on without a word: it is ending.
func (c *Coordinator) Unpause() {
	c.step(func() { c.pauseCluster(false) })
}
