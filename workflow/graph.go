package workflow

import (
	"encoding/json"
	"slices"
)

// graph is a flat graph. Once built it is not changed, so that it can be
// embedded several times.
type graph struct {
	id, label       string
	extra           map[string]json.RawMessage
	inputs, outputs []alias
	nodes           []node
	edges           []edge
	index           map[ID]int
	// pairs finds the edge between two nodes.
	pairs map[pair]int
	// byInput and byOutput list the aliases with an id.
	byInput, byOutput map[ID][]int
}

// connect adds an edge, or overrides the attributes of the one there is.
func (g *graph) connect(e edge) {
	key := pair{e.source, e.target}
	if i, ok := g.pairs[key]; ok {
		g.edges[i].override(&e.linkAttrs)
		g.edges[i].checked = false
		return
	}
	g.pairs[key] = len(g.edges)
	g.edges = append(g.edges, e)
}

// sortEdges groups the edges by source node, as a graph library would list
// them, and keeps the order within a source.
func (g *graph) sortEdges() {
	bySource := func(a, b edge) int { return a.source - b.source }
	if !slices.IsSortedFunc(g.edges, bySource) {
		slices.SortStableFunc(g.edges, bySource)
	}
	g.pairs = nil
}

func indexAliases(aliases []alias) map[ID][]int {
	index := make(map[ID][]int, len(aliases))
	for i, a := range aliases {
		if a.has&hasID != 0 {
			index[a.id] = append(index[a.id], i)
		}
	}
	return index
}

// adjacency lists, for each of n nodes, the positions of the edges whose key is
// that node, in the order of the edges.
func adjacency(n, edges int, key func(i int) int) [][]int {
	count := make([]int, n)
	for i := range edges {
		count[key(i)]++
	}
	backing := make([]int, edges)
	lists := make([][]int, n)
	at := 0
	for i, c := range count {
		lists[i] = backing[at : at : at+c]
		at += c
	}
	for i := range edges {
		k := key(i)
		lists[k] = append(lists[k], i)
	}
	return lists
}

// workflow is the public form of a valid graph.
func (g *graph) workflow(warnings Problems) *Workflow {
	w := &Workflow{
		ID: g.id, Label: g.label, Extra: g.extra, Warnings: warnings,
		Nodes: make([]Node, len(g.nodes)), Links: make([]Link, len(g.edges)),
		index: g.index, inputNodes: g.inputs, outputNodes: g.outputs,
	}
	if w.ID == "" {
		w.ID = "notspecified"
	}
	if w.Label == "" {
		w.Label = w.ID
	}
	for i := range g.nodes {
		w.Nodes[i] = g.nodes[i].Node
	}
	for i := range g.edges {
		e := &g.edges[i]
		w.Links[i] = Link{
			Source: e.source, Target: e.target, DataMapping: e.dataMapping, MapAll: e.mapAll, Conditions: e.conditions,
			OnError: e.onError, Required: e.required, CacheIfOptional: e.cache, Extra: e.extra,
		}
	}
	w.outgoing = adjacency(len(w.Nodes), len(w.Links), func(i int) int { return w.Links[i].Source })
	w.incoming = adjacency(len(w.Nodes), len(w.Links), func(i int) int { return w.Links[i].Target })
	return w
}
