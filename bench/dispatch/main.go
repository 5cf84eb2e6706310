// Command dispatch measures what the launcher itself costs: a real broker and a real
// coordinator with its journal, over TLS, and workers in another process that take
// turns as real ones do but answer at once.
//
//	go run ./bench/dispatch -workers 100 -tasks 10000
//	go run ./bench/dispatch -queued 1000000
//
// It prints one line of JSON.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

type options struct {
	workers, tasks, queued, graph int
	profile                       string
	// of the process with the workers
	access, launch string
}

func main() {
	var o options
	flag.IntVar(&o.workers, "workers", 0, "number of simulated workers, of one slot each")
	flag.IntVar(&o.tasks, "tasks", 10_000, "tasks to dispatch to them")
	flag.IntVar(&o.queued, "queued", 0, "tasks to queue instead, without workers")
	flag.IntVar(&o.graph, "graph", 100_000, "most tasks of one run")
	flag.StringVar(&o.profile, "profile", "", "write a profile to this `file`: of the processor, or of the memory with -queued")
	flag.StringVar(&o.access, "access", "", "")
	flag.StringVar(&o.launch, "launch", "", "")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "dispatch:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if o.access != "" {
		return work(ctx, o)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	l, err := newLauncher()
	if err != nil {
		return err
	}
	defer l.close()
	var figures any
	if o.queued > 0 {
		figures, err = l.queue(ctx, o)
	} else {
		figures, err = l.dispatch(ctx, o)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(figures)
}
