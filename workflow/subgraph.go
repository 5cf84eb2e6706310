package workflow

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// subgraph builds the graph that a graph node names, nil when it cannot.
func (v *level) subgraph(n *node) *graph {
	l := v.l
	if n.inline == nil && n.Identifier == "" {
		return nil // reported as a missing identifier
	}
	l.depth++
	defer func() { l.depth-- }()
	if l.depth > l.opts.MaxDepth {
		v.nodeProblem(n, KindLimit, "task_identifier", fmt.Sprintf("subgraphs are nested deeper than %d", l.opts.MaxDepth), "")
		return nil
	}
	if n.inline != nil {
		if l.as != Detect && l.as != JSONDict {
			v.nodeProblem(n, KindFile, "task_identifier", fmt.Sprintf("with representation %q a subgraph cannot be written inline", l.as), "load the workflow without naming a representation")
			return nil
		}
		return v.inScope(joinScope(v.scope, n.ID.String()), func() *graph { return l.build(n.inline) })
	}
	origin, err := l.locate(n.Identifier, l.as)
	if err != nil {
		v.unreadable(n, err)
		return nil
	}
	if origin.file == "" {
		return v.inScope(joinScope(v.scope, n.ID.String()), func() *graph { return v.textSubgraph(n, origin) })
	}
	return v.inScope("", func() *graph { return v.fileSubgraph(n, origin) })
}

func (v *level) inScope(scope string, build func() *graph) *graph {
	outer := v.l.scope
	defer func() { v.l.scope = outer }()
	v.l.scope = scope
	return build()
}

func (v *level) textSubgraph(n *node, o origin) *graph {
	first := len(v.l.report.problems)
	doc, err := v.l.decodeOrigin(o)
	for i := first; i < len(v.l.report.problems); i++ {
		p := &v.l.report.problems[i]
		p.Node = joinScope(v.l.scope, p.Node)
	}
	if err != nil {
		v.unreadable(n, err)
		return nil
	}
	return v.l.build(doc)
}

func (v *level) fileSubgraph(n *node, o origin) *graph {
	l := v.l
	file := realPath(o.file)
	if at := slices.Index(l.stack, file); at >= 0 {
		loop := append(slices.Clone(l.stack[at:]), file)
		v.nodeProblem(n, KindRecursion, "task_identifier", "the graph includes itself: "+strings.Join(loop, " -> "), "")
		return nil
	}
	if g, ok := l.built[file]; ok {
		return g
	}
	doc, err := l.decodeOrigin(o)
	if err != nil {
		v.unreadable(n, err)
		return nil
	}
	l.stack = append(l.stack, file)
	g := l.build(doc)
	l.stack = l.stack[:len(l.stack)-1]
	l.built[file] = g
	return g
}

// realPath resolves symbolic links where it can: one file, one name.
func realPath(file string) string {
	if real, err := filepath.EvalSymlinks(file); err == nil {
		return real
	}
	return file
}

// unreadable reports a subgraph that cannot be read, with the cause's hint.
func (v *level) unreadable(n *node, err error) {
	hint := ""
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		hint = hinted.Hint()
	}
	p := v.problem(Problem{Kind: KindFile, Node: n.ID.String(), Field: "task_identifier",
		Message: "the subgraph cannot be loaded: " + err.Error(), Hint: hint})
	p.cause = err
	v.l.report.add(p)
}
