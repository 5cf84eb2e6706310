package engine_test

import (
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// The outputs are saved by one more task, and kept until then.
func TestSave(t *testing.T) {
	wf := parse(t, two)
	plan := engine.NewPlan(wf, engine.PlanOptions{Outputs: wf.SelectOutputs(nil), Keep: true, Save: "out.pkl"})
	s := engine.New(plan, engine.Options{Run: "r", Retry: engine.Retry{Lost: 1}})
	held := func(r *task.Request, name string) task.Named {
		return task.Named{Name: name, Value: task.Value{Kind: task.Held, Seq: r.Seq, Output: name}}
	}
	a := started(t, engine.Step(s, engine.Begin{}))
	b := started(t, engine.Step(s, ended(a, task.Succeeded, held(a, "return_value"))))
	if !b.Wanted.Keep || b.Wanted.None {
		t.Errorf("the outputs to be saved are %+v", b.Wanted)
	}
	actions := engine.Step(s, ended(b, task.Succeeded, held(b, "return_value")))
	save := started(t, actions)
	for _, action := range actions {
		if r, ok := action.(engine.Release); ok && r.ID == b.ID {
			t.Error("the outputs were released before they are saved")
		}
	}
	if save.Type != task.SaveType || save.Identifier != "out.pkl" || len(save.Inputs) != 1 || save.Inputs[0].Value.Seq != b.Seq {
		t.Errorf("request %+v", save)
	}
	again := started(t, engine.Step(s, ended(save, task.Lost)))
	if o := finished(t, engine.Step(s, ended(again, task.Succeeded))); o.Status != engine.Succeeded || len(o.Outputs) != 1 {
		t.Errorf("outcome %+v", o)
	}
}
