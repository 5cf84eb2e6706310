package workflow

import (
	"fmt"
	"math/bits"
)

// resolveTask turns deprecated task keys into task_type and task_identifier
// and checks that the node says exactly once, and completely, what it executes.
func (v *level) resolveTask(n *node) {
	n.checked = true
	given := bits.OnesCount16(n.legacy)
	if n.has&hasTaskType != 0 {
		given++
	}
	switch {
	case given == 0:
		v.nodeProblem(n, KindTask, "task_type", "task_type is missing",
			`give the node a "task_type" (class, method, script, notebook, ppfmethod, ppfport, generated or graph) and a "task_identifier"`)
		return
	case given > 1:
		v.nodeProblem(n, KindTask, "task_type", "several keys say what the node executes", `keep only "task_type" and "task_identifier"`)
		return
	case n.legacy != 0:
		v.modernize(n)
	case n.TaskType == "":
		v.nodeProblem(n, KindTask, "task_type", "task_type is empty", "")
		return
	}
	v.checkTask(n)
}

// modernize rewrites the one deprecated task key of a node.
func (v *level) modernize(n *node) {
	key := legacyKeys[bits.TrailingZeros16(n.legacy)]
	n.TaskType = key
	if key == "task" {
		n.TaskType = "generated"
	}
	if n.old != nil {
		n.Identifier, n.inline = n.old.identifier, n.old.inline
	}
	n.has |= hasTaskType
	n.legacy, n.old = 0, nil
	v.l.report.warn(v.problem(Problem{Kind: KindDeprecated, Node: n.ID.String(), Field: key,
		Message: fmt.Sprintf("the node key %q is deprecated", key),
		Hint:    fmt.Sprintf("write \"task_type\": %q and \"task_identifier\"", n.TaskType)}))
}

func (v *level) checkTask(n *node) {
	switch {
	case n.TaskType == "generated" && n.Generator == "":
		v.nodeProblem(n, KindMissing, "task_generator", "task_generator is missing", `a "generated" task needs the name of its generator`)
	case n.TaskType != "generated" && n.Generator != "":
		v.nodeProblem(n, KindForbidden, "task_generator", fmt.Sprintf("task_generator is not allowed for task_type %q", n.TaskType), `only "generated" tasks have one`)
	}
	hasIdentifier := n.Identifier != "" || n.inline != nil
	switch {
	case n.TaskType == "ppfport" && hasIdentifier:
		v.nodeProblem(n, KindForbidden, "task_identifier", `task_identifier is not allowed for task_type "ppfport"`, "")
	case n.TaskType != "ppfport" && !hasIdentifier:
		v.nodeProblem(n, KindMissing, "task_identifier", "task_identifier is missing", "")
	case n.TaskType != "graph" && n.inline != nil:
		v.nodeProblem(n, KindDocument, "task_identifier", fmt.Sprintf("task_identifier must be a string for task_type %q", n.TaskType), "")
	}
}

// problem puts a problem of this level into its place in the whole.
func (v *level) problem(p Problem) Problem {
	p.File = v.doc.file
	p.Node = joinScope(v.scope, p.Node)
	return p
}

func (v *level) nodeProblem(n *node, kind Kind, field, message, hint string) {
	v.l.report.add(v.problem(Problem{Kind: kind, Node: n.ID.String(), Field: field, Message: message, Hint: hint}))
}

func (v *level) linkProblem(source, target ID, kind Kind, field, message, hint string) {
	if kind != KindExclusive {
		v.doc.badLinks = true
	}
	v.l.report.add(v.problem(Problem{Kind: kind, Link: source.String() + " -> " + target.String(), Field: field, Message: message, Hint: hint}))
}

func (v *level) linkWarning(source, target ID, message, hint string) {
	v.l.report.warn(v.problem(Problem{Kind: KindIgnored, Link: source.String() + " -> " + target.String(), Message: message, Hint: hint}))
}
