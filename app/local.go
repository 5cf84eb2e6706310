package app

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/pyhost"
	"github.com/ewoks-hpc/ewoks-hpc/runner"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// Local are the ways to run a workflow on this machine without a cluster.
type Local struct {
	// Processes and Threads are the number of interpreters, and of tasks that
	// each executes at a time.
	Processes, Threads int
	// Fork makes the interpreters copies of one warm process.
	Fork bool
	// Caller is the Python process that asked for the run, if it takes part.
	Caller *pyhost.Caller
	// Store is the directory for large values; by default a new one, which goes
	// when the run is over.
	Store string
}

// Run describes one run, however it is executed.
type Run struct {
	Workflow *workflow.Workflow
	// Python is the command of the interpreter; empty means that of Env.
	Python string
	// Env is the environment of tasks, NAME=VALUE, and Set are variables laid
	// over it.
	Env, Set []string
	// Dir is the working directory of tasks.
	Dir string
	// Outputs select what the run returns; nil means the outputs of the end nodes.
	Outputs []workflow.OutputSelector
	// Save is the file for the pickled outputs; empty means none. Apart keeps the
	// outputs of each node in a mapping of their own there.
	Save  string
	Apart bool
	// Values returns outputs and exceptions as values, for a Python program.
	Values bool
	// Limit bounds the time of each task; zero means no limit.
	Limit time.Duration
	// Retry says how often attempts that do not succeed are made again; nil is
	// only what is lost, engine.DefaultLost times.
	Retry *engine.Retry
	// KeepGoing lets other branches go on after an error that is not handled.
	KeepGoing bool
	// Context is what ewokscore is told with every task, see task.Request, and
	// Prepare what fresh interpreters do first, see task.Environment.
	Context, Prepare json.RawMessage
	// Progress is told how far the run is and what tasks printed. It may be nil.
	Progress func(Progress)
	Logger   *slog.Logger
}

// Progress is one piece of news of a run.
type Progress struct {
	Counts engine.Counts
	// Notice says why nothing is executed yet.
	Notice string
	// Node, Stdout and Stderr are of a task that printed something.
	Node, Stdout, Stderr string
}

// RunLocal runs a workflow with interpreters of this machine.
func RunLocal(ctx context.Context, r Run, l Local) (engine.Outcome, error) {
	o := pyhost.Options{
		Env: r.environment(), Dir: r.Dir, Prepare: r.Prepare, Caller: l.Caller,
		Processes: l.Processes, Threads: l.Threads, Fork: l.Fork, Preload: preload(r.Workflow),
		Store: l.Store, Logger: r.Logger,
	}
	if l.Caller == nil {
		var err error
		if o.Python, err = pyhost.Find(r.Python, r.Env); err != nil {
			return engine.Outcome{}, err
		}
	}
	if o.Store == "" {
		store, err := os.MkdirTemp("", "ewoks-hpc-values-")
		if err != nil {
			return engine.Outcome{}, fmt.Errorf("directory for large values: %w", err)
		}
		defer os.RemoveAll(store)
		o.Store = store
	}
	plan := engine.NewPlan(r.Workflow, engine.PlanOptions{
		Outputs: r.Workflow.SelectOutputs(r.Outputs), Keep: l.keep(r), Save: r.Save, Apart: r.Apart, Values: r.Values,
	})
	state := engine.New(plan, engine.Options{
		Run: task.NewKey(), Retry: r.retry(), Limit: r.Limit, Strict: l.Processes*l.Threads == 1,
		KeepGoing: r.KeepGoing, Context: r.Context,
	})
	run := runner.New(state, func(result task.Result, node string, c engine.Counts) {
		if r.Progress != nil {
			r.Progress(Progress{Counts: c, Node: node, Stdout: result.Stdout, Stderr: result.Stderr})
		}
	})
	o.OnResults = run.OnResults
	pool, err := pyhost.Start(o)
	if err != nil {
		return engine.Outcome{}, err
	}
	defer pool.Close()
	return run.Run(ctx, pool), nil
}

// keep tells whether values can stay where they are made: there is one
// interpreter, it is the calling program if that is who wants them, and no task
// is tried again after its interpreter has ended.
func (l Local) keep(r Run) bool {
	here := l.Caller != nil && l.Caller.Lanes != nil
	return l.Processes == 1 && (here || !r.Values) && !r.retry().AfterEnd()
}

func (r Run) retry() engine.Retry {
	if r.Retry == nil {
		return engine.Retry{Lost: engine.DefaultLost}
	}
	return *r.Retry
}

// RequiredInputs asks the interpreter of the run for the required inputs of a
// task class.
func (r Run) RequiredInputs(ctx context.Context) workflow.RequiredInputs {
	return func(identifier string) ([]string, bool) {
		python, err := pyhost.Find(r.Python, r.Env)
		if err != nil {
			return nil, false
		}
		found, err := pyhost.RequiredInputs(ctx, pyhost.Options{Python: python, Env: r.environment(), Dir: r.Dir}, []string{identifier})
		names, ok := found[identifier]
		return names, ok && err == nil
	}
}

// environment is that of interpreters on this machine.
func (r Run) environment() []string { return append(r.Env[:len(r.Env):len(r.Env)], r.Set...) }

// preload lists the identifiers whose modules are worth importing once.
func preload(wf *workflow.Workflow) []string {
	var list []string
	seen := map[string]bool{}
	add := func(identifier string) {
		if !seen[identifier] {
			seen[identifier] = true
			list = append(list, identifier)
		}
	}
	for i := range wf.Nodes {
		switch n := &wf.Nodes[i]; n.TaskType {
		case "method", "ppfmethod":
			add(n.Identifier)
		case "script", "ppfport":
		default:
			add("ewokscore.inittask.instantiate_task")
			add(n.Identifier)
		}
	}
	return list
}
