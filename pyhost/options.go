package pyhost

import (
	"encoding/json"
	"log/slog"
	"os"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Options say which interpreters a pool has and what they find around them.
type Options struct {
	// OnResults takes the results of tasks, in the order in which they end; it
	// may be called by several goroutines at a time. It may call the pool, but
	// not Close.
	OnResults func([]task.Result)
	// Python is the command of the interpreter, see Find.
	Python []string
	// Env is the environment of the interpreters, NAME=VALUE; nil means that of
	// this process.
	Env []string
	// Dir is the working directory; its modules can be imported.
	Dir string
	// Processes is the number of interpreters. Defaults to 1.
	Processes int
	// Threads is the number of tasks that each executes at a time. Defaults to 1.
	Threads int
	// Fork makes the interpreters copies of one process in which the modules of
	// Preload are imported once.
	Fork bool
	// Preload are task identifiers whose modules are imported before forking.
	Preload []string
	// Caller is a Python process that takes part, instead of one that is started.
	Caller *Caller
	// Prepare is what fresh interpreters do first, as multiprocessing does: data
	// for multiprocessing.spawn.prepare, as JSON. It may be empty.
	Prepare json.RawMessage
	// Store is the directory for values that are too large for a message.
	Store string
	// StartTimeout bounds the start of one interpreter. Defaults to 60 s.
	StartTimeout time.Duration
	// Starvations are shared by pools whose interpreters share a memory; nil is for
	// pools of their own.
	Starvations *Starvations
	// Logger takes what is worth knowing afterwards. Defaults to none.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Caller != nil && o.Caller.Lanes != nil {
		o.Processes, o.Threads = 1, len(o.Caller.Lanes)
	}
	o.Processes = max(1, o.Processes)
	o.Threads = max(1, o.Threads)
	if o.StartTimeout == 0 {
		o.StartTimeout = time.Minute
	}
	if o.Starvations == nil {
		o.Starvations = new(Starvations)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Env == nil {
		o.Env = os.Environ()
	}
	return o
}
