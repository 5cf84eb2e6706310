package runner

import (
	"sync"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// outbox hands on results in a goroutine of its own: whoever takes them may bring them
// far before it returns, and meanwhile the next run is executed.
type outbox struct {
	give func([]task.Result)
	wake chan struct{}
	idle chan struct{} // closed at the end
	over sync.Once

	mu      sync.Mutex
	results []task.Result
}

func newOutbox(give func([]task.Result)) *outbox {
	o := &outbox{give: give, wake: make(chan struct{}, 1), idle: make(chan struct{})}
	go o.serve()
	return o
}

func (o *outbox) add(r task.Result) {
	o.mu.Lock()
	o.results = append(o.results, r)
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

func (o *outbox) serve() {
	defer close(o.idle)
	for range o.wake {
		o.mu.Lock()
		results := o.results
		o.results = nil
		o.mu.Unlock()
		if len(results) > 0 {
			o.give(results)
		}
	}
}

// close waits until all that was added is handed on. Nothing may be added any more.
func (o *outbox) close() {
	o.over.Do(func() { close(o.wake) })
	<-o.idle
}
