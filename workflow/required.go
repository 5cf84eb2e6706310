package workflow

// linkView is what matters about a link for whether it is required.
type linkView struct {
	source, target int
	required       *bool
	conditional    bool
}

// RequiredLinks tells for each link whether its target waits for it before it
// first executes: a link that is marked so, or an unmarked unconditional one
// below no optional link. Linear in nodes plus links.
func (w *Workflow) RequiredLinks() []bool {
	return requiredLinks(len(w.Nodes), len(w.Links), func(i int) linkView {
		l := &w.Links[i]
		return linkView{l.Source, l.Target, l.Required, l.Conditional()}
	})
}

// requiredLinks is ewokscore 5's rule as a fixed point: targets of optional
// links, and all their descendants, are tainted, and what leaves a tainted node
// is optional unless it says otherwise.
func requiredLinks(nodes, links int, view func(i int) linkView) []bool {
	outgoing := adjacency(nodes, links, func(i int) int { return view(i).source })
	tainted := make([]bool, nodes)
	var queue []int
	taint := func(i int) {
		if !tainted[i] {
			tainted[i] = true
			queue = append(queue, i)
		}
	}
	for i := range links {
		if l := view(i); l.optional() {
			taint(l.target)
		}
	}
	for len(queue) > 0 {
		at := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, i := range outgoing[at] {
			taint(view(i).target)
		}
	}
	required := make([]bool, links)
	for i := range links {
		l := view(i)
		if l.required != nil {
			required[i] = *l.required
		} else {
			required[i] = !l.conditional && !tainted[l.source]
		}
	}
	return required
}

// optional tells whether the link is optional by its own attributes.
func (l linkView) optional() bool {
	if l.required != nil {
		return !*l.required
	}
	return l.conditional
}
