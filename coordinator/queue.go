package coordinator

import "github.com/ewoks-hpc/ewoks-hpc/task"

// queue holds the requests that wait for a worker, first come first served.
type queue struct {
	list []*task.Request
	head int
}

func (q *queue) len() int { return len(q.list) - q.head }

func (q *queue) push(r *task.Request) { q.list = append(q.list, r) }

// pushFront returns a request that was taken too early.
func (q *queue) pushFront(r *task.Request) {
	if q.head == 0 {
		q.list = append([]*task.Request{nil}, q.list...)
		q.head = 1
	}
	q.head--
	q.list[q.head] = r
}

func (q *queue) peek() *task.Request { return q.list[q.head] }

func (q *queue) pop() *task.Request {
	r := q.list[q.head]
	q.list[q.head] = nil
	if q.head++; q.head == len(q.list) {
		q.list, q.head = q.list[:0], 0
	}
	return r
}

// remove takes out the requests of a run.
func (q *queue) remove(run string) {
	kept := q.list[:0]
	for _, r := range q.list[q.head:] {
		if r.Run != run {
			kept = append(kept, r)
		}
	}
	clear(q.list[len(kept):])
	q.list, q.head = kept, 0
}
