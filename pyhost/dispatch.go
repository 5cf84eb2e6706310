package pyhost

import (
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// fill gives queued requests to threads that have room: first to those that are
// idle, then a few more to be read ahead.
func (p *Pool) fill() {
	if p.broken != nil {
		p.refuse()
		return
	}
	for _, ahead := range []bool{false, true} {
		for len(p.queue) > 0 {
			l := p.roomiest(p.queue[0], ahead)
			if l == nil {
				break
			}
			p.give(l)
		}
	}
	for _, i := range p.hosts {
		for _, l := range i.lanes {
			l.outbox.flush()
		}
	}
}

// roomiest is the lane with the fewest tasks among those that can take the
// entry now, or nil.
func (p *Pool) roomiest(e *entry, ahead bool) *lane {
	var best *lane
	for _, i := range p.hosts {
		if !p.open(i, e) {
			continue
		}
		for _, l := range i.lanes {
			if p.hasRoom(l, e, ahead) && (best == nil || len(l.given) < len(best.given)) {
				best = l
			}
		}
	}
	return best
}

// open tells whether the interpreter can take the entry beside what it has: a
// suspect must be alone.
func (p *Pool) open(i *interpreter, e *entry) bool {
	if e.suspect() {
		return i.idle()
	}
	for _, g := range i.running() {
		if g.suspect() {
			return false
		}
	}
	return true
}

func (p *Pool) hasRoom(l *lane, e *entry, ahead bool) bool {
	switch {
	case len(l.given) == 0:
		return true
	case !ahead || e.suspect():
		return false
	case p.Capacity() == 1:
		return len(l.given) < aheadTasksOnly
	default:
		return len(l.given) < aheadTasks && p.expected(l, e) < aheadTime
	}
}

// expected is how long the lane's tasks and this one will probably take.
func (p *Pool) expected(l *lane, e *entry) time.Duration {
	sum, known := p.known[e.request.Identifier]
	if !known {
		return aheadTime
	}
	for _, g := range l.given {
		d, known := p.known[g.request.Identifier]
		if !known {
			return aheadTime
		}
		sum += d
	}
	return sum
}

// give moves the head of the queue to a lane.
func (p *Pool) give(l *lane) {
	e := p.queue[0]
	p.queue[0] = nil
	p.queue = p.queue[1:]
	e.request.Batch = p.batch[e.request.Run]
	l.given = append(l.given, e)
	l.outbox.add(e.request)
}

// refuse answers all that is queued with the reason why nothing can be run.
func (p *Pool) refuse() {
	var results []task.Result
	for _, e := range p.queue {
		results = append(results, task.Result{
			ID: e.request.ID, Attempt: e.request.Attempt, Status: task.Failed,
			Failure: task.Failure{Cause: task.Died, Message: p.broken.Error()},
		})
	}
	p.queue = nil
	if len(results) > 0 {
		go p.o.OnResults(results)
	}
}
