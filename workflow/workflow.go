// Package workflow holds ewoks workflow documents: loading them from JSON or
// YAML, flattening subgraphs, validating, analysing which nodes start and end
// a run and which links are required, and applying a run's inputs and outputs.
//
// A loaded Workflow is flat (no "graph" nodes are left) and valid. It is plain
// data: nothing in this package runs a task or asks an interpreter, and every
// function is linear in nodes plus links.
package workflow

import (
	"encoding/json"

	"github.com/ewoks-hpc/ewoks-hpc/resource"
)

// Workflow is a flat, validated ewoks graph.
type Workflow struct {
	// ID is the graph's identity, "notspecified" when the document has none.
	ID string
	// Label is the display name, equal to ID when the document has none.
	Label string
	// Nodes are in the order that decides input precedence and the merging of
	// outputs: top-level nodes in document order, then each subgraph's nodes.
	Nodes []Node
	// Links hold at most one link per ordered pair of nodes.
	Links []Link
	// Extra are the graph attributes that this program does not interpret.
	Extra map[string]json.RawMessage

	// Warnings are what Load noticed that is no error: deprecated forms and
	// parts of the document that have no effect.
	Warnings Problems

	index    map[ID]int
	outgoing [][]int
	incoming [][]int
	// inputNodes and outputNodes matter when this graph is embedded.
	inputNodes, outputNodes []alias
}

// Node is one task of the graph.
type Node struct {
	ID ID
	// Label is empty when the document has none; use Name for display.
	Label      string
	TaskType   string
	Identifier string
	Generator  string
	// DefaultInputs are the static inputs in document order, one per name.
	DefaultInputs []Input
	ForceStart    bool
	// ElseValue is conditions_else_value as JSON; nil means null.
	ElseValue json.RawMessage
	// VarInfo is the node's own varinfo mapping as JSON, or nil.
	VarInfo json.RawMessage
	// Resources are what the node asks for; see docs/pools.md.
	Resources resource.Need
	// Extra are the node attributes that this program does not interpret.
	Extra map[string]json.RawMessage
}

// Input is a named static value. Value is JSON.
type Input struct {
	Name  Arg
	Value json.RawMessage
}

// Link connects two nodes, given as positions in Workflow.Nodes.
type Link struct {
	Source, Target int
	DataMapping    []Mapping
	MapAll         bool
	Conditions     []Condition
	OnError        bool
	// Required is nil when the document does not say.
	Required        *bool
	CacheIfOptional bool
	// Extra are the link attributes that this program does not interpret.
	Extra map[string]json.RawMessage
}

// Mapping carries one output of the source to one input of the target.
type Mapping struct {
	// Output is empty for "all outputs as one value" (source_output null).
	Output Arg
	Input  Arg
}

// Condition is one comparison that must hold for a link to fire. Value is JSON.
type Condition struct {
	Output Arg
	Value  json.RawMessage
}

// Conditional reports whether the link fires only under some circumstances.
func (l *Link) Conditional() bool { return l.OnError || len(l.Conditions) > 0 }

// Name is what people call the node: its label, else its id.
func (n *Node) Name() string {
	if n.Label != "" {
		return n.Label
	}
	return n.ID.String()
}

// Node returns the position of the node with this id.
func (w *Workflow) Node(id ID) (int, bool) {
	i, ok := w.index[id]
	return i, ok
}

// Outgoing lists the positions in Links of the links that leave node i.
func (w *Workflow) Outgoing(i int) []int { return w.outgoing[i] }

// Incoming lists the positions in Links of the links that enter node i, in the
// order of their source nodes.
func (w *Workflow) Incoming(i int) []int { return w.incoming[i] }
