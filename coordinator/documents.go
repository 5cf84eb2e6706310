package coordinator

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/resource"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// document is a workflow that many rows share.
type document struct {
	identifier string
	workflow   *workflow.Workflow
	// need is what a row takes that is executed as a whole, unless that fails.
	need    resource.Need
	needErr error
	row     *workflow.Workflow // of one node, which executes all of them
}

// KeepDocument keeps the flat document of a workflow where workers find it, and
// returns its identifier, see [task.DocumentIdentifier]. A workflow of which no pool can
// run the nodes, or no worker a whole row, is an error that is a mistake of the user.
func (c *Coordinator) KeepDocument(text []byte, whole bool) (identifier string, err error) {
	if c.o.Store == "" {
		return "", errors.New("a workflow for many rows needs a value store")
	}
	identifier = task.DocumentIdentifier(text)
	path, err := task.DocumentPath(c.o.Store, identifier)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("value store: %w", err)
	}
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return "", fmt.Errorf("value store: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return "", fmt.Errorf("value store: %w", err)
	}
	d, err := c.document(identifier)
	if err == nil && whole {
		err = d.needErr
	}
	return identifier, err
}

// document finds a workflow by its identifier.
func (c *Coordinator) document(identifier string) (*document, error) {
	c.documentsMu.Lock()
	defer c.documentsMu.Unlock()
	if d := c.documents[identifier]; d != nil {
		return d, nil
	}
	path, err := task.DocumentPath(c.o.Store, identifier)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the workflow of the row is gone: %w", err)
	}
	d := &document{identifier: identifier, workflow: new(workflow.Workflow)}
	if err := d.workflow.UnmarshalJSON(text); err != nil {
		return nil, err
	}
	if err := c.place(identifier, d.workflow); err != nil {
		return nil, err
	}
	d.need, d.needErr = c.together(d.workflow)
	if d.row, err = oneNode(identifier); err != nil {
		return nil, err
	}
	if len(c.documents) >= maxDocuments {
		clear(c.documents)
	}
	c.documents[identifier] = d
	return d, nil
}

// maxDocuments bounds the workflows that are kept in memory for their rows.
const maxDocuments = 100

// together is what all nodes need that one interpreter executes, one after the other,
// and the pool that has it. A pool that was only chosen for a node binds no other.
func (c *Coordinator) together(wf *workflow.Workflow) (n resource.Need, err error) {
	for i := range wf.Nodes {
		of := wf.Nodes[i].Resources
		n.Cores, n.GPUs, n.Memory, n.Nodes = max(n.Cores, of.Cores), max(n.GPUs, of.GPUs), max(n.Memory, of.Memory), max(n.Nodes, of.Nodes)
		n.TimeLimit += of.TimeLimit
		switch {
		case of.Pool == "" || of.Chosen || of.Pool == n.Pool:
		case n.Pool == "":
			n.Pool = of.Pool
		default:
			return n, granularityError{fmt.Errorf("node '%s' goes to pool %s, others to pool %s", wf.Nodes[i].ID, of.Pool, n.Pool)}
		}
	}
	placed, unfit := resource.Router{Pools: c.o.Router.Pools}.Place(resource.Subject{Node: "all together"}, n)
	switch {
	case unfit == nil:
		return placed, nil
	case c.waiting != nil: // for a launcher that has its pool, see place
		return n, nil
	}
	return n, granularityError{fmt.Errorf("no pool can run a whole row: %w", unfit)}
}

// granularityError is a workflow that no worker can execute as a whole.
type granularityError struct{ error }

// Mistake tells that the user must change something.
func (granularityError) Mistake() bool { return true }

// Hint tells what.
func (e granularityError) Hint() string {
	return `spread the tasks of each row: --granularity task, or granularity = "task" in the campaign's file`
}

// plan is that of one row.
func (d *document) plan(s *Submission) (*engine.Plan, error) {
	if s.Row.Whole {
		return d.whole(s)
	}
	wf := d.workflow.Clone()
	if len(s.Row.Inputs) > 0 {
		var inputs []workflow.GraphInput
		if err := json.Unmarshal(s.Row.Inputs, &inputs); err != nil {
			return nil, err
		}
		if err := wf.ApplyInputs(inputs, nil); err != nil {
			return nil, err
		}
	}
	selected, err := s.selected(wf)
	if err != nil {
		return nil, err
	}
	return engine.NewPlan(wf, engine.PlanOptions{Outputs: selected}), nil
}

// whole is a plan of one node, which executes all of them.
func (d *document) whole(s *Submission) (*engine.Plan, error) {
	if d.needErr != nil {
		return nil, d.needErr
	}
	if _, err := s.selected(d.workflow); err != nil {
		return nil, err
	}
	outputs, err := json.Marshal(s.Outputs)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(task.Whole{Inputs: s.Row.Inputs, Outputs: outputs, Limit: s.Limit, KeepGoing: s.KeepGoing})
	if err != nil {
		return nil, err
	}
	wf := d.row.Clone()
	wf.Nodes[0].Resources = d.need
	wf.Nodes[0].DefaultInputs = []workflow.Input{{Name: task.WholeInput, Value: text}}
	return engine.NewPlan(wf, engine.PlanOptions{Outputs: wf.SelectOutputs(nil)}), nil
}

// oneNode is the workflow of a row that is executed as a whole.
func oneNode(identifier string) (*workflow.Workflow, error) {
	wf := new(workflow.Workflow)
	return wf, wf.UnmarshalJSON(fmt.Appendf(nil, `{"graph":{"id":"row"},"nodes":[{"id":"row","task_type":%q,"task_identifier":%q}]}`, task.RunType, identifier))
}
