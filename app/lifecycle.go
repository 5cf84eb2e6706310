package app

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
)

var discard = slog.New(slog.DiscardHandler)

// teardown is the stack of what has been started, to be stopped in reverse.
type teardown struct {
	logger *slog.Logger
	once   sync.Once
	steps  []step
	err    error
}

type step struct {
	name string
	stop func() error
}

// push registers how to stop what has just been started.
func (t *teardown) push(name string, stop func() error) {
	t.steps = append(t.steps, step{name, stop})
}

// run stops everything, once; later calls return the outcome of the first.
func (t *teardown) run() error {
	t.once.Do(func() {
		var failures []error
		for i := len(t.steps) - 1; i >= 0; i-- {
			t.logger.Debug("stopping", "what", t.steps[i].name)
			if err := t.steps[i].stop(); err != nil {
				failures = append(failures, fmt.Errorf("stopping %s: %w", t.steps[i].name, err))
			}
		}
		t.err = errors.Join(failures...)
	})
	return t.err
}
