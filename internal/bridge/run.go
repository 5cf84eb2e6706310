package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/app"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/pyhost"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// runArgs describe a run in the words of the Python package.
type runArgs struct {
	// Workflow is the number of one that was loaded.
	Workflow  uint64          `json:"workflow"`
	Outputs   json.RawMessage `json:"outputs"`
	Context   json.RawMessage `json:"context"`
	KeepGoing bool            `json:"keep_going"`
	Dir       string          `json:"dir"`
	Set       []string        `json:"set"`
	Prepare   json.RawMessage `json:"prepare"`
	// Python is the interpreter of the caller.
	Python string `json:"python"`
	// Limit bounds the time of each task, in seconds; zero means no limit.
	Limit float64 `json:"task_timeout"`
	// Retries is how often a task that raised an exception is tried again, RetryOn
	// are the exceptions, RetryDelay the seconds until the first of these attempts.
	Retries    int      `json:"retries"`
	RetryOn    []string `json:"retry_on"`
	RetryDelay float64  `json:"retry_delay"`

	// These are for a run without a cluster.
	Processes int   `json:"processes"`
	Lanes     []int `json:"lanes"`
	Template  int   `json:"template"`
}

// run prepares a run.
func (s *session) run(c call) (r app.Run, args runArgs, err error) {
	if err := json.Unmarshal(c.Args, &args); err != nil {
		return r, args, fmt.Errorf("arguments of %s: %w", c.Verb, err)
	}
	r = app.Run{
		Workflow: s.takeWorkflow(args.Workflow), Python: args.Python, Env: os.Environ(), Set: args.Set, Dir: args.Dir,
		Prepare: args.Prepare, Values: true, KeepGoing: args.KeepGoing, Context: args.Context,
		Limit: time.Duration(args.Limit * float64(time.Second)), Progress: s.progress(c), Logger: s.o.Logger,
	}
	if r.Retry = args.retry(); r.Retry != nil {
		if err := r.Retry.Check(); err != nil {
			return r, args, &app.InvalidError{Cause: err}
		}
	}
	if r.Workflow == nil {
		return r, args, fmt.Errorf("workflow number %d was not loaded", args.Workflow)
	}
	if len(args.Outputs) > 0 && string(args.Outputs) != "null" {
		r.Outputs = []workflow.OutputSelector{}
		if err := json.Unmarshal(args.Outputs, &r.Outputs); err != nil {
			return r, args, &app.InvalidError{Cause: fmt.Errorf("outputs: %w", err)}
		}
	}
	return r, args, nil
}

// retry is nil if nothing was asked for.
func (a *runArgs) retry() *engine.Retry {
	if a.Retries == 0 && len(a.RetryOn) == 0 && a.RetryDelay == 0 {
		return nil
	}
	return &engine.Retry{
		Lost: engine.DefaultLost, Exceptions: a.Retries, On: a.RetryOn, Delay: time.Duration(a.RetryDelay * float64(time.Second)),
	}
}

// runLocal executes a run with interpreters of this machine, or in the caller.
func (s *session) runLocal(ctx context.Context, c call) (any, error) {
	r, args, err := s.run(c)
	if err != nil {
		return nil, err
	}
	caller, err := args.caller()
	if err != nil {
		return nil, err
	}
	store, err := os.MkdirTemp("", "ewoks-hpc-values-")
	if err != nil {
		return nil, fmt.Errorf("directory for large values: %w", err)
	}
	defer os.RemoveAll(store)
	s.send(c.ID, "begin", store)
	outcome, err := app.RunLocal(ctx, r, app.Local{Processes: max(1, args.Processes), Threads: 1, Caller: caller, Store: store})
	if err != nil {
		return nil, err
	}
	s.outcome(c, r.Workflow, outcome)
	<-ctx.Done() // the store stays until the caller has read its values and leaves
	return nil, nil
}

// caller are the sockets that the caller takes part with, if it does.
func (a *runArgs) caller() (*pyhost.Caller, error) {
	if a.Lanes == nil && a.Template == 0 {
		return nil, nil
	}
	caller := &pyhost.Caller{}
	for _, fd := range a.Lanes {
		conn, err := socket(fd)
		if err != nil {
			return nil, err
		}
		caller.Lanes = append(caller.Lanes, conn)
	}
	if a.Template != 0 {
		conn, err := socket(a.Template)
		if err != nil {
			return nil, err
		}
		caller.Template = conn.(*net.UnixConn)
	}
	return caller, nil
}

func socket(fd int) (net.Conn, error) {
	file := os.NewFile(uintptr(fd), "caller")
	if file == nil {
		return nil, fmt.Errorf("descriptor %d of the calling process", fd)
	}
	defer file.Close()
	conn, err := net.FileConn(file)
	if err != nil {
		return nil, fmt.Errorf("socket of the calling process: %w", err)
	}
	return conn, nil
}

// progress passes on what tasks print.
func (s *session) progress(c call) func(app.Progress) {
	return func(p app.Progress) {
		if p.Stdout != "" || p.Stderr != "" {
			s.send(c.ID, "printed", []string{p.Node, p.Stdout, p.Stderr})
		}
	}
}
