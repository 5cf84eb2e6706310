package workflow

import "fmt"

// innerEnds finds the nodes that a name means inside the subgraph of node at:
// all aliases with that id, else the node with that id.
func (v *level) innerEnds(at int, name ID, input bool) []end {
	sub, parent := v.subs[at], v.nodes[at].ID
	aliases, index := sub.outputs, sub.byOutput
	if input {
		aliases, index = sub.inputs, sub.byInput
	}
	matches := index[name]
	if len(matches) == 0 {
		inner, ok := sub.index[name]
		return []end{{at: v.base[at] + inner, id: name.Within(parent), found: ok}}
	}
	ends := make([]end, len(matches))
	for i, match := range matches {
		a := &aliases[match]
		position, ok := v.aliasTarget(at, *a)
		ends[i] = end{at: position, id: a.target().Within(parent), found: ok, defaults: &a.attrs}
	}
	return ends
}

// resolveAliases makes the aliases of this graph name nodes of the flat graph.
// An alias of an alias with several nodes becomes several aliases.
func (v *level) resolveAliases(aliases []alias, input bool) []alias {
	if !v.hasSubgraphs() {
		return aliases
	}
	resolved := make([]alias, 0, len(aliases))
	for _, a := range aliases {
		if a.has&hasNode == 0 {
			continue
		}
		parent, child, nested := a.target().split()
		if !nested {
			resolved = append(resolved, a)
			continue
		}
		at, known := v.index[parent]
		switch {
		case !known || v.subs[at] == nil:
			v.l.report.add(v.aliasProblem(KindSubgraph, a, input, fmt.Sprintf("%q is not a graph, so it has no node %q", parent, child)))
			continue
		case v.broken[at]:
			continue
		}
		for _, end := range v.innerEnds(at, child, input) {
			if !v.haveRoom(1) {
				return resolved
			}
			if !end.found { // an error only where the alias is used
				v.l.report.warn(v.aliasProblem(KindIgnored, a, input, fmt.Sprintf("the graph %q has no node %q", parent, child)))
			}
			resolved = append(resolved, a.resolve(end))
		}
	}
	return resolved
}

// resolve is the alias once its node is known. Its own link attributes win
// over those of the inner alias.
func (a alias) resolve(e end) alias {
	a.node, a.subNode = e.id, ""
	a.has &^= hasSubNode
	if e.defaults != nil {
		var attrs linkAttrs
		attrs.override(e.defaults)
		attrs.override(&a.attrs)
		a.attrs = attrs
	}
	return a
}

func (v *level) hasSubgraphs() bool {
	for _, sub := range v.subs {
		if sub != nil {
			return true
		}
	}
	return false
}

func (v *level) aliasProblem(kind Kind, a alias, input bool, message string) Problem {
	field := "output_nodes"
	if input {
		field = "input_nodes"
	}
	return v.problem(Problem{Kind: kind, Field: field, Message: fmt.Sprintf("%s %q: %s", field, a.id, message)})
}
