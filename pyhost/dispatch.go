package pyhost

import (
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// fill gives queued requests to interpreters that have room: first to those
// with an idle thread, then a few more to be read ahead.
func (p *Pool) fill() {
	if p.broken != nil {
		p.refuse()
		return
	}
	for _, ahead := range []bool{false, true} {
		for len(p.queue) > 0 {
			i := p.roomiest(p.queue[0], ahead)
			if i == nil {
				break
			}
			p.give(i)
		}
	}
	for _, i := range p.hosts {
		i.outbox.flush()
	}
}

// roomiest is the interpreter with the fewest tasks among those that can take
// the entry now, or nil.
func (p *Pool) roomiest(e *entry, ahead bool) *interpreter {
	var best *interpreter
	for _, i := range p.hosts {
		if p.hasRoom(i, e, ahead) && (best == nil || len(i.given) < len(best.given)) {
			best = i
		}
	}
	return best
}

func (p *Pool) hasRoom(i *interpreter, e *entry, ahead bool) bool {
	switch {
	case i.alone || e.suspect && len(i.given) > 0:
		return false
	case len(i.given) < p.o.Threads:
		return true
	case !ahead || e.suspect:
		return false
	case p.o.Processes == 1:
		return len(i.given) < aheadTasksOnly
	default:
		return len(i.given) < aheadTasks && p.expected(i, e) < aheadTime*time.Duration(p.o.Threads)
	}
}

// expected is how long the interpreter's tasks and this one will probably take.
func (p *Pool) expected(i *interpreter, e *entry) time.Duration {
	sum, known := p.known[e.request.Identifier]
	if !known {
		return aheadTime * time.Duration(p.o.Threads)
	}
	for _, g := range i.given {
		d, known := p.known[g.request.Identifier]
		if !known {
			return aheadTime * time.Duration(p.o.Threads)
		}
		sum += d
	}
	return sum
}

// give moves the head of the queue to an interpreter.
func (p *Pool) give(i *interpreter) {
	e := p.queue[0]
	p.queue[0] = nil
	p.queue = p.queue[1:]
	i.given = append(i.given, e)
	i.alone = e.suspect
	i.outbox.add(e.request)
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
