package workflow

import "fmt"

// collectLinks splits the links of the document into those between tasks and
// those that touch a graph node. Links with unknown ends are reported.
func (v *level) collectLinks() (plain []pairedLink, toGraphs []pairedLink) {
	keyed := map[keyedPair]*link{}
	for i := range v.links {
		l := &v.links[i]
		p := pairedLink{link: l}
		if !v.ends(l, &p.pair) {
			continue
		}
		if v.doc.simple || l.key != "" {
			key := keyedPair{p.pair, l.key}
			if v.doc.simple {
				key.key = ""
			}
			if first, ok := keyed[key]; ok {
				first.override(l)
				continue
			}
			keyed[key] = l
		}
		if v.subs[p.source] != nil || v.subs[p.target] != nil {
			toGraphs = append(toGraphs, p)
			continue
		}
		if l.has&(hasSubSource|hasSubTarget|hasSubAttributes) != 0 {
			v.linkWarning(l.source, l.target, "sub_source, sub_target and sub_target_attributes have no effect between tasks", "")
		}
		plain = append(plain, p)
	}
	return plain, toGraphs
}

// pairedLink is a link whose ends are known, as positions in the document.
type pairedLink struct {
	pair
	link *link
}

type keyedPair struct {
	pair
	key string
}

func (v *level) ends(l *link, p *pair) bool {
	if l.has&hasSource == 0 || l.has&hasTarget == 0 {
		return false // reported when it was decoded
	}
	var okSource, okTarget bool
	p.source, okSource = v.index[l.source]
	p.target, okTarget = v.index[l.target]
	if !okSource {
		v.unknownEnd(l.source, l.target, "source", l.source)
	}
	if !okTarget && (okSource || l.source != l.target) {
		v.unknownEnd(l.source, l.target, "target", l.target)
	}
	return okSource && okTarget
}

func (v *level) unknownEnd(source, target ID, role string, missing ID) {
	v.linkProblem(source, target, KindUnknown, role, fmt.Sprintf("the %s node %q does not exist", role, missing), "add the node, or correct the link")
}

// addLinks adds the links between tasks, parallel ones merged.
func (v *level) addLinks(links []pairedLink) {
	for _, p := range links {
		e := edge{linkAttrs: p.link.linkAttrs, source: v.base[p.source], target: v.base[p.target]}
		at, ok := v.g.pairs[pair{e.source, e.target}]
		if !ok {
			v.g.connect(e)
			continue
		}
		if conflict := v.g.edges[at].mergeParallel(&e.linkAttrs); conflict != "" {
			v.linkProblem(p.link.source, p.link.target, KindConflict, conflict,
				fmt.Sprintf("parallel links contradict each other on %q", conflict), "between two nodes there is only one link: write it once")
		}
	}
}

// expandLinks replaces the links that touch graph nodes by links between the
// tasks inside, in the order of the graph nodes: links into one, then out.
func (v *level) expandLinks(links []pairedLink) {
	if len(links) == 0 {
		return
	}
	into := make([][]int, len(v.nodes))
	out := make([][]int, len(v.nodes))
	for i, p := range links {
		into[p.target] = append(into[p.target], i)
		out[p.source] = append(out[p.source], i)
	}
	done := make([]bool, len(links))
	expand := func(i int) {
		if !done[i] && !v.l.full() {
			v.expand(links[i])
		}
		done[i] = true
	}
	for s, sub := range v.subs {
		if sub == nil {
			continue
		}
		eachGrouped(into[s], func(i int) int { return links[i].source }, expand)
		eachGrouped(out[s], func(i int) int { return links[i].target }, expand)
	}
}

// eachGrouped visits items so that those with equal keys follow each other, in
// the order in which the keys first appear.
func eachGrouped(items []int, key func(item int) int, visit func(item int)) {
	groups := make(map[int][]int)
	for _, item := range items {
		groups[key(item)] = append(groups[key(item)], item)
	}
	for _, item := range items {
		k := key(item)
		for _, member := range groups[k] {
			visit(member)
		}
		delete(groups, k)
	}
}

// end is one resolved end of a link into a subgraph.
type end struct {
	at       int
	id       ID
	found    bool
	defaults *linkAttrs
}

func (v *level) expand(p pairedLink) {
	l := p.link
	if v.broken[p.source] || v.broken[p.target] {
		return
	}
	if l.has&(hasSubSource|hasSubTarget|hasSubAttributes) == 0 {
		v.linkWarning(l.source, l.target, "the link is ignored: it names no node inside the subgraph", `add "sub_target" (or "sub_source")`)
		return
	}
	if l.subAttrs != nil && v.subs[p.target] == nil {
		v.linkProblem(l.source, l.target, KindSubgraph, "sub_target_attributes",
			fmt.Sprintf("%q is not a graph, so sub_target_attributes cannot be used", l.target), "")
		return
	}
	sources, ok := v.linkEnds(l, p.source, l.subSource, hasSubSource, "sub_source", false)
	targets, okTarget := v.linkEnds(l, p.target, l.subTarget, hasSubTarget, "sub_target", true)
	if !ok || !okTarget || !v.haveRoom(len(sources)*len(targets)) || !v.existing(sources, targets) {
		return
	}
	for _, source := range sources {
		for _, target := range targets {
			v.g.connect(edge{linkAttrs: effective(source, target, l), source: source.at, target: target.at})
		}
	}
	if l.subAttrs != nil {
		for _, target := range targets {
			v.g.nodes[target.at].overrideAll(l.subAttrs)
		}
	}
}

func (v *level) haveRoom(links int) bool {
	if v.l.elements += links; v.l.full() {
		v.tooLarge()
		return false
	}
	return true
}

// effective are the attributes of an expanded link: the link's own win over
// the defaults of the target alias, those over the source alias.
func effective(source, target end, l *link) linkAttrs {
	var attrs linkAttrs
	if source.defaults != nil {
		attrs.override(source.defaults)
	}
	if target.defaults != nil {
		attrs.override(target.defaults)
	}
	attrs.override(&l.linkAttrs)
	return attrs
}

// linkEnds resolves one end of a link, which may fan out through aliases.
func (v *level) linkEnds(l *link, at int, inner ID, bit field, name string, input bool) (ends []end, ok bool) {
	id := v.nodes[at].ID
	given := l.has&bit != 0
	switch isGraph := v.subs[at] != nil; {
	case !isGraph && given:
		v.linkProblem(l.source, l.target, KindSubgraph, name, fmt.Sprintf("%q is not a graph, so %s cannot be used", id, name), "")
		return nil, false
	case !isGraph:
		return []end{{at: v.base[at], id: id, found: true}}, true
	case !given:
		v.linkProblem(l.source, l.target, KindSubgraph, name, fmt.Sprintf("%s is missing: %q is a graph", name, id),
			fmt.Sprintf("name a node inside the graph with %q", name))
		return nil, false
	}
	return v.innerEnds(at, inner, input), true
}

func (v *level) existing(sources, targets []end) bool {
	ok := true
	for _, s := range sources {
		if !s.found {
			ok = false
			v.unknownEnd(s.id, targets[0].id, "source", s.id)
		}
	}
	for _, t := range targets {
		if !t.found {
			ok = false
			v.unknownEnd(sources[0].id, t.id, "target", t.id)
		}
	}
	return ok
}
