package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strconv"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/worker"
)

// work is the process with the workers, until its standard input ends.
func work(ctx context.Context, o options) error {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	all, ctx := errgroup.WithContext(ctx)
	for i := range o.workers {
		all.Go(func() error { return workOne(ctx, o, i) })
	}
	if err := all.Wait(); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func workOne(ctx context.Context, o options, index int) error {
	job := broker.JobName(o.launch, index)
	access, err := broker.ReadAccess(broker.JobAccess(o.access, job))
	if err != nil {
		return err
	}
	name := broker.WorkerName(job, "p")
	conn, err := broker.Connect(ctx, access, broker.ConnectOptions{Name: "worker " + name})
	if err != nil {
		return err
	}
	defer conn.Close()
	w := worker.New(worker.Options{
		Hello: task.Hello{Version: task.Version, Worker: name, Key: o.launch, Index: strconv.Itoa(index), Host: "here", Pid: os.Getpid(), Slots: 1},
		Conn:  conn,
		Start: func(seat worker.Seat) (worker.Executor, error) { return newInstant(seat.OnResults), nil },
	})
	return w.Run(ctx)
}

// instant executes nothing: it answers at once.
type instant struct {
	mu     sync.Mutex
	queue  []*task.Request
	wake   chan struct{}
	closed chan struct{}
}

func newInstant(onResults func([]task.Result)) *instant {
	x := &instant{wake: make(chan struct{}, 1), closed: make(chan struct{})}
	go func() {
		for {
			select {
			case <-x.closed:
				return
			case <-x.wake:
			}
			var results []task.Result
			for _, r := range x.take(func(*task.Request) bool { return true }) {
				results = append(results, task.Result{ID: r.ID, Attempt: r.Attempt})
			}
			if len(results) > 0 {
				onResults(results)
			}
		}
	}()
	return x
}

// take removes requests from the queue.
func (x *instant) take(match func(*task.Request) bool) (taken []*task.Request) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var rest []*task.Request
	for _, r := range x.queue {
		if match(r) {
			taken = append(taken, r)
		} else {
			rest = append(rest, r)
		}
	}
	x.queue = rest
	return taken
}

func (x *instant) Submit(requests []*task.Request) {
	x.mu.Lock()
	x.queue = append(x.queue, requests...)
	x.mu.Unlock()
	select {
	case x.wake <- struct{}{}:
	default:
	}
}

func (x *instant) Withdraw(match func(*task.Request) bool) (ids []task.ID) {
	for _, r := range x.take(match) {
		ids = append(ids, r.ID)
	}
	return ids
}

func (x *instant) Stop(ids []task.ID) {
	stopped := map[task.ID]bool{}
	for _, id := range ids {
		stopped[id] = true
	}
	x.take(func(r *task.Request) bool { return stopped[r.ID] })
}

func (x *instant) Forget(string) {}
func (x *instant) Close()        { close(x.closed) }
