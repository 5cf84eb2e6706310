// Package worker is the process that executes tasks for a cluster: it dials the
// broker, asks the coordinator for as many tasks as it has free slots, executes
// them in warm interpreters, and brings the results back.
//
// All exchange happens in turns (package task). There is at most one turn under
// way; whatever ends meanwhile goes with the next.
package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Executor executes requests in one environment and hands the results to the
// function that it was made with.
type Executor interface {
	Submit([]*task.Request)
	// Withdraw takes back requests that have not been begun.
	Withdraw(func(*task.Request) bool) []task.ID
	// Stop ends tasks at once, also those that are being executed.
	Stop([]task.ID)
	// Forget drops all that is known of a run that is over.
	Forget(run string)
	Close()
}

// Conn is the part of a broker connection that a worker needs.
type Conn interface {
	Request(ctx context.Context, subject string, data []byte) ([]byte, error)
	Subscribe(subject string, handler func(broker.Msg)) (func(), error)
}

// Options configure a Worker.
type Options struct {
	// Hello is how the worker introduces itself.
	Hello task.Hello
	Conn  Conn
	// GPUs are the names of those that the worker has, as CUDA_VISIBLE_DEVICES lists
	// them.
	GPUs []string
	// Start makes an executor.
	Start func(Seat) (Executor, error)
	// Warm is the environment to start before there are tasks; nil is none.
	Warm *task.Environment
	// Silence is how long the coordinator may be away before the worker gives
	// up. Defaults to 10 min.
	Silence time.Duration
	Logger  *slog.Logger
}

// Worker is a service that ends by itself, when it is told to leave.
type Worker struct {
	o       Options
	welcome task.Welcome
	ctx     context.Context // of Run: turns are taken in goroutines of executors too
	wake    chan struct{}
	turning sync.Mutex // held during a turn

	mu        sync.Mutex
	executors []*executor
	holding   map[task.ID]*held
	results   []task.Result
	returned  []task.ID
	pace      pace
	known     averages
	leaving   bool
	ending    bool        // at a time that is not ours to choose
	deadline  *time.Timer // gives up what is still running
	turn      uint64
	heard     time.Time // last time the coordinator answered
	done      bool      // there is nothing left to do, or err says why to stop
	err       error
}

// held is a task that the worker has and has no result of.
type held struct {
	executor *executor
	request  *task.Request
	since    time.Time // when it got there
	crashed  bool      // its interpreter has ended, see mayBeOurEnd
}

// New prepares a worker.
func New(o Options) *Worker {
	if o.Silence == 0 {
		o.Silence = 10 * time.Minute
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Hello.Version = task.Version
	return &Worker{
		o: o, wake: make(chan struct{}, 1),
		holding: map[task.ID]*held{}, known: averages{},
	}
}

// Run works until the coordinator tells the worker to leave, or ctx ends: then
// what has not been begun is given back and what is running is ended.
func (w *Worker) Run(ctx context.Context) error {
	defer w.closeExecutors()
	w.ctx = ctx
	for _, subject := range []string{broker.CtlSubject(w.o.Hello.Worker), broker.CtlWorkers} {
		undo, err := w.o.Conn.Subscribe(subject, func(broker.Msg) { w.poke() })
		if err != nil {
			return err
		}
		defer undo()
	}
	if err := w.sayHello(ctx); err != nil {
		return err
	}
	if w.o.Warm != nil {
		w.mu.Lock()
		w.seat(&task.Request{}, *w.o.Warm)
		w.mu.Unlock()
	}
	defer w.retireInTime()()
	err := w.loop(ctx)
	if !errors.Is(context.Cause(ctx), ErrAlone) {
		w.sayBye()
	}
	return err
}

// ErrAlone is the cause of the end of a worker whose launcher is gone for ever: there is
// nobody to bring results to.
var ErrAlone = errors.New("the launcher has ended")

func (w *Worker) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *Worker) sayHello(ctx context.Context) error {
	subject := broker.WorkSubject(w.o.Hello.Worker, broker.Hello)
	for wait := 200 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		ask, cancel := context.WithTimeout(ctx, 10*time.Second)
		data, err := w.o.Conn.Request(ask, subject, task.EncodeJSON(w.o.Hello))
		cancel()
		if err == nil {
			if err = task.DecodeJSON(data, &w.welcome); err == nil {
				break
			}
		}
		w.o.Logger.Warn("hello not answered", "error", err)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(wait):
		}
	}
	if w.welcome.Refused != "" {
		return fmt.Errorf("the launcher refused the worker: %s", w.welcome.Refused)
	}
	w.mu.Lock()
	w.heard = time.Now()
	w.mu.Unlock()
	return nil
}

func (w *Worker) sayBye() {
	w.mu.Lock()
	w.giveBack()
	t := w.takeTurn()
	w.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if _, err := w.o.Conn.Request(ctx, broker.WorkSubject(w.o.Hello.Worker, broker.Bye), task.EncodeTurn(t)); err != nil {
		w.o.Logger.Warn("bye not answered", "error", err)
	}
}
