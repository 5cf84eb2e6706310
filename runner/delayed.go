package runner

import (
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// delayed are attempts that are to be begun later.
type delayed map[task.ID]*time.Timer

// delay begins an attempt when its time has come, unless it is removed before.
func (r *Runner) delay(s engine.Start) {
	id := s.Request.ID
	var timer *time.Timer
	timer = time.AfterFunc(s.After, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.delayed[id] == timer { // else it was removed while this waited
			delete(r.delayed, id)
			r.executor.Submit([]*task.Request{s.Request})
		}
	})
	r.delayed[id] = timer
}

func (d delayed) remove(id task.ID) {
	if timer := d[id]; timer != nil {
		timer.Stop()
		delete(d, id)
	}
}

func (d delayed) clear() {
	for id := range d {
		d.remove(id)
	}
}
