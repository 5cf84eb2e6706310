package engine

import (
	"slices"

	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// Plan is what follows from a workflow before it runs. It does not change, and
// may be shared.
type Plan struct {
	wf       *workflow.Workflow
	required []bool // per link
	slot     []int  // per link: its position among the links into its target
	nodes    []nodePlan
	start    []int
	outputs  []workflow.Selected
	selected []bool // per node
	end      []bool // per node
	keep     bool
	save     string
	apart    bool
	values   bool
	ordered  bool // outputs are merged in topological order, not as nodes end
}

// nodePlan is what follows for one node.
type nodePlan struct {
	defaults []task.Named
	required int // number of required incoming links
	wanted   task.Wanted
	tests    []task.Test
	fatal    bool // no link handles an error of the node
	// then is the link to the node that may follow by itself, or -1.
	then int
	// once: nothing can trigger the node again after its first execution.
	once bool
}

// PlanOptions say what a run of the workflow is for.
type PlanOptions struct {
	// Outputs are the outputs to return.
	Outputs []workflow.Selected
	// Save is the file for the pickled outputs of the run, on the machine where
	// tasks are executed; empty means none. Apart keeps the outputs of each node
	// in a mapping of their own.
	Save  string
	Apart bool
	// Values returns the outputs of the run, and the exception that ended it, as
	// values for a Python program; else they are shown as JSON.
	Values bool
	// Keep says that one interpreter executes all tasks, so that values can
	// stay in it.
	Keep bool
}

// NewPlan analyses a workflow. Its cost is linear in nodes plus links.
func NewPlan(wf *workflow.Workflow, o PlanOptions) *Plan {
	p := &Plan{
		wf: wf, required: wf.RequiredLinks(), nodes: make([]nodePlan, len(wf.Nodes)),
		start: wf.StartNodes(nil), outputs: o.Outputs, selected: make([]bool, len(wf.Nodes)), end: make([]bool, len(wf.Nodes)), keep: o.Keep,
		save: o.Save, apart: o.Apart, values: o.Values,
	}
	for _, i := range wf.EndNodes() {
		p.end[i] = true
	}
	for _, s := range o.Outputs {
		p.selected[s.Node] = true
	}
	p.slot = make([]int, len(wf.Links))
	for i := range wf.Nodes {
		for position, l := range wf.Incoming(i) {
			p.slot[l] = position
		}
	}
	order, err := wf.TopologicalOrder()
	p.ordered = err == nil
	for i := range wf.Links {
		p.ordered = p.ordered && !wf.Links[i].Conditional()
	}
	if p.ordered {
		p.outputs = slices.Clone(o.Outputs)
		rank := make([]int, len(wf.Nodes))
		for position, i := range order {
			rank[i] = position
		}
		slices.SortStableFunc(p.outputs, func(a, b workflow.Selected) int { return rank[a.Node] - rank[b.Node] })
	}
	for i := range wf.Nodes {
		p.nodes[i] = p.node(i, err == nil)
	}
	for _, i := range order { // sources come first
		p.nodes[i].once = p.once(i)
	}
	return p
}

// once tells whether a node waits for all its links, and each delivers only once.
func (p *Plan) once(i int) bool {
	return !slices.ContainsFunc(p.wf.Incoming(i), func(l int) bool {
		return !p.required[l] || !p.nodes[p.wf.Links[l].Source].once
	})
}

func (p *Plan) node(i int, acyclic bool) nodePlan {
	n := nodePlan{fatal: true}
	for _, in := range p.wf.Nodes[i].DefaultInputs {
		value := task.Value{Kind: task.Literal, JSON: in.Value}
		n.defaults = append(n.defaults, task.Named{Name: string(in.Name), Value: value})
	}
	for _, l := range p.wf.Incoming(i) {
		if p.required[l] {
			n.required++
		}
	}
	used, handled := false, false
	for _, l := range p.wf.Outgoing(i) {
		link := &p.wf.Links[l]
		data := link.MapAll || len(link.DataMapping) > 0
		if link.OnError {
			n.fatal = false
			handled = handled || data
			continue
		}
		used = used || data
		if len(link.Conditions) > 0 {
			n.tests = append(n.tests, test(l, link))
		}
	}
	used = used || p.retains() && p.selected[i]
	n.then = p.then(i, acyclic)
	n.wanted = task.Wanted{
		None: !used, Show: p.selected[i] && !p.values, Error: handled || p.values,
		Keep: p.keep && (used || handled || p.values),
	}
	return n
}

// retains tells whether the selected outputs are kept until the end of the run.
func (p *Plan) retains() bool { return p.save != "" || p.values }

// then finds a link whose target waits for nothing but node i, and gets nothing
// but named outputs of it.
func (p *Plan) then(i int, acyclic bool) int {
	for _, l := range p.wf.Outgoing(i) {
		link := &p.wf.Links[l]
		unnamed := slices.ContainsFunc(link.DataMapping, func(m workflow.Mapping) bool { return m.Output == "" })
		if acyclic && p.required[l] && len(p.wf.Incoming(link.Target)) == 1 &&
			!link.Conditional() && !link.MapAll && !unnamed && !p.wf.Nodes[link.Target].ForceStart {
			return l
		}
	}
	return -1
}

func test(l int, link *workflow.Link) task.Test {
	t := task.Test{Link: l}
	for _, c := range link.Conditions {
		t.Conditions = append(t.Conditions, task.Condition{Output: string(c.Output), Value: c.Value})
	}
	return t
}
