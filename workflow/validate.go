package workflow

import "fmt"

// validate checks the flat graph. What a subgraph's own validation has seen
// and nothing has changed since is not reported again.
func (v *level) validate() {
	g := v.g
	for i := range g.nodes {
		n := &g.nodes[i]
		if n.checked {
			continue
		}
		v.resolveTask(n)
		if n.TaskType == "graph" {
			v.nodeProblem(n, KindSubgraph, "task_type", "sub_target_attributes cannot turn a task into a graph", "")
		}
	}
	for i := range g.edges {
		if !g.edges[i].checked {
			v.checkExclusive(&g.edges[i])
		}
	}
	// Without all links too many would seem to be required.
	if !v.doc.badLinks {
		v.checkInputNames()
	}
	for i := range g.edges {
		g.edges[i].checked = true
	}
}

func (v *level) checkExclusive(e *edge) {
	source, target := v.g.nodes[e.source].ID, v.g.nodes[e.target].ID
	if e.mapAll && len(e.dataMapping) > 0 {
		v.linkProblem(source, target, KindExclusive, "map_all_data", "map_all_data and data_mapping cannot be used together", "keep one of the two")
	}
	if e.onError && len(e.conditions) > 0 {
		v.linkProblem(source, target, KindExclusive, "on_error", "on_error and conditions cannot be used together", "keep one of the two")
	}
}

// checkInputNames finds inputs that two required links would set: which one
// counts would depend on chance.
func (v *level) checkInputNames() {
	g := v.g
	required := requiredLinks(len(g.nodes), len(g.edges), func(i int) linkView {
		e := &g.edges[i]
		return linkView{e.source, e.target, e.required, e.onError || len(e.conditions) > 0}
	})
	incoming := adjacency(len(g.nodes), len(g.edges), func(i int) int { return g.edges[i].target })
	from := map[Arg]*edge{}
	for t, edges := range incoming {
		clear(from)
		for _, i := range edges {
			e := &g.edges[i]
			if !required[i] {
				continue
			}
			for _, m := range e.dataMapping {
				first, taken := from[m.Input]
				if !taken {
					from[m.Input] = e
				} else if !e.checked || !first.checked {
					v.nodeProblem(&g.nodes[t], KindCollision, "data_mapping",
						fmt.Sprintf("%q and %q both connect to its input %q", g.nodes[first.source].ID, g.nodes[e.source].ID, m.Input),
						`connect one of them, or mark one link "required": false`)
				}
			}
		}
	}
}
