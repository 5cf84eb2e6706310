package app

import (
	"context"
	"encoding/json"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/pyhost"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// EwoksOptions are what ewokscore is told with every task of a run.
type EwoksOptions struct {
	// VarInfo says where results are kept: root_uri and scheme.
	VarInfo map[string]string `json:"varinfo,omitempty"`
	// TaskOptions are more arguments for the constructor of each task.
	TaskOptions map[string]json.RawMessage `json:"task_options,omitempty"`
	// ExecInfo says to whom events are sent, as JSON; empty is nobody.
	ExecInfo json.RawMessage `json:"execinfo,omitempty"`
}

// Announced runs a workflow with these options. If they have an ExecInfo, the
// events of the job and of the workflow are sent before and after.
func (r *Run) Announced(ctx context.Context, o EwoksOptions, run func(Run) (engine.Outcome, error)) (engine.Outcome, error) {
	var announcer *pyhost.Announcer
	if o.ExecInfo != nil {
		python, err := pyhost.Find(r.Python, r.Env)
		if err != nil {
			return engine.Outcome{}, err
		}
		announcer, err = pyhost.Announce(context.WithoutCancel(ctx), pyhost.Options{Python: python, Env: r.environment(), Dir: r.Dir}, o.ExecInfo, r.Workflow.ID)
		if err != nil {
			return engine.Outcome{}, err
		}
		o.ExecInfo = announcer.ExecInfo
	}
	with := *r
	var err error
	if with.Context, err = o.context(); err != nil {
		return engine.Outcome{}, err
	}
	outcome, err := run(with)
	if announcer != nil {
		if ended := announcer.End(failure(outcome, err)); err == nil {
			err = ended
		}
	}
	return outcome, err
}

// context is what is sent with every task; nothing if there is nothing to tell.
func (o EwoksOptions) context() (json.RawMessage, error) {
	if o.VarInfo == nil && o.TaskOptions == nil && o.ExecInfo == nil {
		return nil, nil
	}
	return json.Marshal(o)
}

func failure(o engine.Outcome, err error) task.Failure {
	f := o.Failure
	if f.Message == "" && err != nil {
		f.Message = err.Error()
	}
	return f
}
