package workflow

import "fmt"

// level builds one graph of the nesting from its document and its subgraphs.
type level struct {
	l     *loader
	doc   *document
	scope string
	// nodes are the nodes of the document, one per id, graph nodes too.
	nodes []node
	index map[ID]int
	links []link
	// subs are the built subgraphs of graph nodes, nil for tasks.
	subs []*graph
	// broken marks graph nodes whose subgraph could not be loaded.
	broken []bool
	// base is where a node, or the first node of its subgraph, is in g.
	base []int
	g    *graph
}

// build resolves, flattens and validates one document. Problems go to the
// report; the graph is then incomplete.
func (l *loader) build(doc *document) *graph {
	v := &level{l: l, doc: doc, scope: l.scope, links: doc.links}
	v.collectNodes()
	for i := range v.nodes {
		v.resolveTask(&v.nodes[i])
	}
	v.loadSubgraphs()
	v.placeNodes()
	plain, toGraphs := v.collectLinks()
	v.addLinks(plain)
	v.embedLinks()
	v.g.inputs = v.resolveAliases(doc.inputs, true)
	v.g.outputs = v.resolveAliases(doc.outputs, false)
	v.pushAttributes()
	v.expandLinks(toGraphs)
	v.connectErrorHandlers()
	v.g.sortEdges()
	v.validate()
	v.g.byInput, v.g.byOutput = indexAliases(v.g.inputs), indexAliases(v.g.outputs)
	return v.g
}

// collectNodes merges the nodes that have the same id; the later one wins.
func (v *level) collectNodes() {
	v.nodes = v.doc.nodes[:0] // in place: a document is built once
	v.index = make(map[ID]int, len(v.doc.nodes))
	for i := range v.doc.nodes {
		n := &v.doc.nodes[i]
		at, ok := v.index[n.ID]
		if !ok {
			v.index[n.ID] = len(v.nodes)
			v.nodes = append(v.nodes, *n)
			continue
		}
		if v.nodes[at].intID != n.intID {
			v.nodeProblem(n, KindID, "id", "the id is used both as a number and as a string", "give each node its own id")
		}
		v.nodes[at].overrideAll(n)
	}
}

func (v *level) loadSubgraphs() {
	v.subs = make([]*graph, len(v.nodes))
	v.broken = make([]bool, len(v.nodes))
	for i := range v.nodes {
		n := &v.nodes[i]
		if n.TaskType != "graph" {
			continue
		}
		v.subs[i] = v.subgraph(n)
		if v.subs[i] == nil {
			v.broken[i], v.doc.badLinks = true, true
			v.subs[i] = &graph{}
		}
	}
}

// placeNodes lays out the flat graph: tasks first, then each subgraph's nodes.
func (v *level) placeNodes() {
	size := 0
	for i := range v.nodes {
		if sub := v.subs[i]; sub != nil {
			size += len(sub.nodes)
			v.l.elements += len(sub.nodes) + len(sub.edges)
		} else {
			size++
			v.l.elements++
		}
	}
	v.l.elements += len(v.links)
	v.g = &graph{id: v.doc.id, label: v.doc.label, extra: v.doc.extra, pairs: map[pair]int{}}
	if v.l.full() {
		v.tooLarge()
		v.nodes, v.subs, v.index, v.links, size = nil, nil, map[ID]int{}, nil, 0
	}
	v.base = make([]int, len(v.nodes))
	if !v.hasSubgraphs() {
		v.g.nodes, v.g.index = v.nodes, v.index
		for i := range v.base {
			v.base[i] = i
		}
		return
	}
	v.g.nodes = make([]node, 0, size)
	v.g.index = make(map[ID]int, size)
	for i := range v.nodes {
		if v.subs[i] == nil {
			v.base[i] = v.place(v.nodes[i])
		}
	}
	for i, sub := range v.subs {
		if sub == nil {
			continue
		}
		v.base[i] = len(v.g.nodes)
		parent := v.nodes[i].ID
		for _, n := range sub.nodes {
			n.ID = n.ID.Within(parent)
			n.Resources = n.Resources.Or(v.nodes[i].Resources)
			v.place(n)
		}
	}
}

func (l *loader) full() bool { return l.elements > l.opts.MaxElements }

func (v *level) tooLarge() {
	v.l.report.add(v.problem(Problem{Kind: KindLimit,
		Message: fmt.Sprintf("the flattened graph has more than %d nodes and links", v.l.opts.MaxElements)}))
}

func (v *level) place(n node) int {
	at := len(v.g.nodes)
	if _, ok := v.g.index[n.ID]; ok {
		v.nodeProblem(&n, KindID, "id", "the id is also that of a node in a subgraph", "give each node its own id")
	}
	v.g.index[n.ID] = at
	v.g.nodes = append(v.g.nodes, n)
	return at
}

// embedLinks copies the links inside the subgraphs.
func (v *level) embedLinks() {
	for i, sub := range v.subs {
		if sub == nil {
			continue
		}
		for _, e := range sub.edges {
			e.source += v.base[i]
			e.target += v.base[i]
			v.g.connect(e)
		}
	}
}

// pushAttributes gives some attributes of a graph node to the nodes that its
// subgraph names as inputs.
func (v *level) pushAttributes() {
	for i, sub := range v.subs {
		n := &v.nodes[i]
		if sub == nil || v.broken[i] || n.has&pushed == 0 {
			continue
		}
		for _, a := range sub.inputs {
			at, ok := v.aliasTarget(i, a)
			if !ok {
				v.nodeProblem(n, KindUnknown, "input_nodes", "the subgraph's input "+quote(a.id.String())+" names no node of it",
					"correct the \"node\" and \"sub_node\" of the entry in input_nodes")
				continue
			}
			v.g.nodes[at].override(n, pushed)
		}
	}
}

// aliasTarget is the position of the node that an alias of subgraph i means.
func (v *level) aliasTarget(i int, a alias) (int, bool) {
	inner, ok := v.subs[i].index[a.target()]
	return v.base[i] + inner, ok
}

// target is the node of an alias within its own graph.
func (a *alias) target() ID {
	if a.has&hasSubNode != 0 {
		return a.subNode.Within(a.node)
	}
	return a.node
}
