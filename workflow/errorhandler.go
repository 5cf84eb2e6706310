package workflow

// connectErrorHandlers links every node that has no error handler to all
// default error handlers, or removes the handlers when nothing needs them.
func (v *level) connectErrorHandlers() {
	g := v.g
	var handlers []int
	isHandler := make([]bool, len(g.nodes))
	for i := range g.nodes {
		if g.nodes[i].errorNode {
			handlers = append(handlers, i)
			isHandler[i] = true
		}
	}
	if len(handlers) == 0 {
		return
	}
	handled := append([]bool(nil), isHandler...)
	for i := range g.edges {
		if g.edges[i].onError {
			handled[g.edges[i].source] = true
		}
	}
	for i, below := range g.reachable(handlers) {
		handled[i] = handled[i] || below
	}
	attrs := make([]linkAttrs, len(handlers))
	for i, h := range handlers {
		attrs[i] = g.nodes[h].takeErrorAttributes()
	}
	needed := false
	for i := range g.nodes {
		if handled[i] {
			continue
		}
		needed = true
		if !v.haveRoom(len(handlers)) {
			return
		}
		for k, h := range handlers {
			g.connect(edge{linkAttrs: attrs[k], source: i, target: h})
		}
	}
	if !needed {
		g.removeUnused(handlers)
	}
}

// takeErrorAttributes removes the handler's role from the node and returns the
// attributes of links to it.
func (n *node) takeErrorAttributes() linkAttrs {
	var attrs linkAttrs
	if n.errorAttrs != nil {
		attrs = *n.errorAttrs
	}
	n.errorNode, n.errorAttrs = false, nil
	attrs.onError = true
	attrs.has |= hasOnError
	if attrs.has&(hasMapAll|hasDataMapping) == 0 {
		attrs.mapAll = true
		attrs.has |= hasMapAll
	}
	return attrs
}

// reachable marks the nodes that can be reached from any of the given ones
// over at least one link.
func (g *graph) reachable(from []int) []bool {
	outgoing := adjacency(len(g.nodes), len(g.edges), func(i int) int { return g.edges[i].source })
	seen := make([]bool, len(g.nodes))
	queue := append([]int(nil), from...)
	for len(queue) > 0 {
		at := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, i := range outgoing[at] {
			if t := g.edges[i].target; !seen[t] {
				seen[t] = true
				queue = append(queue, t)
			}
		}
	}
	return seen
}

// removeUnused removes the handlers that no link reaches, and every node that
// depends on nothing but them.
func (g *graph) removeUnused(handlers []int) {
	outgoing := adjacency(len(g.nodes), len(g.edges), func(i int) int { return g.edges[i].source })
	waiting := make([]int, len(g.nodes))
	for i := range g.edges {
		waiting[g.edges[i].target]++
	}
	remove := make([]bool, len(g.nodes))
	var queue []int
	for _, h := range handlers {
		if waiting[h] == 0 {
			remove[h] = true
			queue = append(queue, h)
		}
	}
	for len(queue) > 0 {
		at := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, i := range outgoing[at] {
			t := g.edges[i].target
			if waiting[t]--; waiting[t] == 0 && !remove[t] {
				remove[t] = true
				queue = append(queue, t)
			}
		}
	}
	g.remove(remove)
}

// remove takes nodes and their links out.
func (g *graph) remove(gone []bool) {
	position := make([]int, len(g.nodes))
	nodes := g.nodes[:0]
	for i := range g.nodes {
		if gone[i] {
			delete(g.index, g.nodes[i].ID)
			continue
		}
		position[i] = len(nodes)
		g.index[g.nodes[i].ID] = len(nodes)
		nodes = append(nodes, g.nodes[i])
	}
	g.nodes = nodes
	edges := g.edges[:0]
	for _, e := range g.edges {
		if gone[e.source] || gone[e.target] {
			continue
		}
		e.source, e.target = position[e.source], position[e.target]
		edges = append(edges, e)
	}
	g.edges = edges
}
