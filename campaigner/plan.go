package campaigner

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// Plan is what a campaign is to do. It is the Definition in the header of the ledger.
type Plan struct {
	campaign.Definition
	// Columns are those of the table, without derived ones.
	Columns []string `json:"columns"`
	// Environment, Limit (of the time of each task; 0 is none), KeepGoing and Context
	// are those of every run.
	Environment task.Environment `json:"environment"`
	Limit       time.Duration    `json:"limit,omitempty"`
	KeepGoing   bool             `json:"keep_going,omitempty"`
	Context     json.RawMessage  `json:"context,omitempty"`
}

// recipe turns recorded rows into what is submitted.
type recipe struct {
	plan     Plan
	document json.RawMessage
	mapping  *campaign.Mapping
	outputs  []workflow.Selected
	user     string
	id       string // of the workflow with the cluster; empty: not registered yet
}

func newRecipe(p Plan, document json.RawMessage, user string) (*recipe, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if p.Limit < 0 {
		return nil, fmt.Errorf("time limit of %s for tasks", p.Limit)
	}
	wf := new(workflow.Workflow)
	if err := wf.UnmarshalJSON(document); err != nil { // unlike Parse it opens no file
		return nil, err
	}
	mapping, err := campaign.NewMapping(campaign.MappingOptions{Columns: p.Columns, Derived: p.Derived, Inputs: p.Inputs, Workflow: wf})
	if err != nil {
		return nil, err
	}
	selectors, err := p.OutputSelectors()
	if err != nil {
		return nil, err
	}
	return &recipe{plan: p, document: document, mapping: mapping, outputs: wf.SelectOutputs(selectors), user: user}, nil
}

// whole tells whether rows are executed in one interpreter each.
func (r *recipe) whole() bool { return r.plan.Granularity != campaign.ByTask }

// input is how ewoks writes an input of a graph.
type input struct {
	ID    *workflow.ID    `json:"id,omitempty"`
	Name  workflow.Arg    `json:"name"`
	Value json.RawMessage `json:"value"`
}

// row is an attempt at a recorded row.
func (r *recipe) row(run string, item campaign.Item) (Row, error) {
	row := Row{
		Run: run, Campaign: r.plan.Name, Number: item.Number, Workflow: r.id, Outputs: r.outputs,
		Whole: r.whole(), Priority: r.plan.Priority, Environment: r.plan.Environment,
		Limit: r.plan.Limit, KeepGoing: r.plan.KeepGoing, Context: r.plan.Context, User: r.user,
	}
	given, err := r.mapping.Inputs(item)
	if err != nil {
		return row, err
	}
	inputs := make([]input, len(given))
	for i, in := range given {
		inputs[i] = input{in.ID, in.Name, in.Value}
	}
	row.Inputs, err = json.Marshal(inputs)
	return row, err
}
