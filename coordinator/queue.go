package coordinator

import "github.com/ewoks-hpc/ewoks-hpc/task"

// waiter is a request that waits for a worker. Of two, the one of the lower turn
// came first.
type waiter struct {
	request *task.Request
	turn    int64
}

// queue holds requests in their order.
type queue struct {
	list []waiter
	head int
}

func (q *queue) len() int { return len(q.list) - q.head }

func (q *queue) push(w waiter) { q.list = append(q.list, w) }

// pushFront returns a request that was taken too early.
func (q *queue) pushFront(w waiter) {
	if q.head == 0 {
		q.head = 1 + len(q.list)/2 // room for more, so that each costs the same
		q.list = append(make([]waiter, q.head), q.list...)
	}
	q.head--
	q.list[q.head] = w
}

func (q *queue) peek() waiter { return q.list[q.head] }

func (q *queue) pop() waiter {
	w := q.list[q.head]
	q.list[q.head] = waiter{}
	if q.head++; q.head == len(q.list) {
		q.list, q.head = q.list[:0], 0
	}
	return w
}

func (q *queue) filter(keep func(waiter) bool) {
	kept := q.list[:0]
	for _, w := range q.list[q.head:] {
		if keep(w) {
			kept = append(kept, w)
		}
	}
	clear(q.list[len(kept):])
	q.list, q.head = kept, 0
}
