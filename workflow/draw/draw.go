// Package draw writes workflows as pictures: an indented list for a terminal,
// the languages of Graphviz and Mermaid, and SVG.
package draw

import (
	"fmt"
	"strings"

	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// Formats are the names that Draw knows.
var Formats = []string{"text", "dot", "mermaid", "svg"}

// Draw writes the workflow in a format. It fails for a format that it does not
// know, and with TooLargeError for a workflow that is too large for SVG.
func Draw(wf *workflow.Workflow, format string) (string, error) {
	switch format {
	case "text":
		return text(wf), nil
	case "dot":
		return dot(wf), nil
	case "mermaid":
		return mermaid(wf), nil
	case "svg":
		return svg(wf)
	}
	return "", fmt.Errorf("there is no format %q", format)
}

// text lists the nodes in the order of their execution, as far as there is one,
// each with the links that leave it.
func text(wf *workflow.Workflow) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d nodes, %d links\n", wf.Label, len(wf.Nodes), len(wf.Links))
	start, end := marks(wf.StartNodes(nil)), marks(wf.EndNodes())
	for _, i := range order(wf) {
		n := &wf.Nodes[i]
		fmt.Fprintf(&b, "\n%s  %s%s%s\n", n.ID, strings.TrimSpace(n.TaskType+" "+n.Identifier), mark(start[i], "  [start]"), mark(end[i], "  [end]"))
		if n.Label != "" && n.Label != n.ID.String() {
			fmt.Fprintf(&b, "    label %s\n", n.Label)
		}
		for _, in := range n.DefaultInputs {
			fmt.Fprintf(&b, "    %s = %s\n", in.Name, short(string(in.Value), 60))
		}
		for _, l := range wf.Outgoing(i) {
			link := &wf.Links[l]
			fmt.Fprintf(&b, "    -> %s%s\n", wf.Nodes[link.Target].ID, suffix(describe(link)))
		}
	}
	return b.String()
}

func dot(wf *workflow.Workflow) string {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %s {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n", quote(wf.ID))
	for i := range wf.Nodes {
		n := &wf.Nodes[i]
		fmt.Fprintf(&b, "  n%d [label=%s];\n", i, quote(title(n)))
	}
	for i := range wf.Links {
		l := &wf.Links[i]
		style := ""
		if l.Conditional() {
			style = ", style=dashed"
		}
		fmt.Fprintf(&b, "  n%d -> n%d [label=%s%s];\n", l.Source, l.Target, quote(describe(l)), style)
	}
	b.WriteString("}\n")
	return b.String()
}

func mermaid(wf *workflow.Workflow) string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	for i := range wf.Nodes {
		n := &wf.Nodes[i]
		fmt.Fprintf(&b, "  n%d[\"%s\"]\n", i, entities(title(n)))
	}
	for i := range wf.Links {
		l := &wf.Links[i]
		arrow := "-->"
		if l.Conditional() {
			arrow = "-.->"
		}
		label := ""
		if d := describe(l); d != "" {
			label = fmt.Sprintf("|\"%s\"|", entities(d))
		}
		fmt.Fprintf(&b, "  n%d %s%s n%d\n", l.Source, arrow, label, l.Target)
	}
	return b.String()
}

// title is what stands in the box of a node.
func title(n *workflow.Node) string {
	return n.Name() + "\n" + strings.TrimSpace(n.TaskType+" "+short(n.Identifier, 40))
}

// describe says in words what goes over a link, and when.
func describe(l *workflow.Link) string {
	var parts []string
	if l.MapAll {
		parts = append(parts, "all")
	}
	for _, m := range l.DataMapping {
		from := string(m.Output)
		if from == "" {
			from = "(all)"
		}
		if from == string(m.Input) {
			parts = append(parts, from)
		} else {
			parts = append(parts, fmt.Sprintf("%s as %s", from, m.Input))
		}
	}
	for _, c := range l.Conditions {
		parts = append(parts, fmt.Sprintf("if %s is %s", c.Output, short(string(c.Value), 20)))
	}
	if l.OnError {
		parts = append(parts, "on error")
	}
	return strings.Join(parts, ", ")
}

func order(wf *workflow.Workflow) []int {
	if sorted, err := wf.TopologicalOrder(); err == nil {
		return sorted
	}
	all := make([]int, len(wf.Nodes))
	for i := range all {
		all[i] = i
	}
	return all
}

func marks(nodes []int) map[int]bool {
	m := make(map[int]bool, len(nodes))
	for _, i := range nodes {
		m[i] = true
	}
	return m
}

func mark(set bool, text string) string {
	if set {
		return text
	}
	return ""
}

func suffix(text string) string {
	if text == "" {
		return ""
	}
	return "  (" + text + ")"
}

func short(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-3]) + "..."
	}
	return text
}

func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text) + `"`
}

func entities(text string) string {
	return strings.NewReplacer("#", "#35;", `"`, "#quot;", "<", "#lt;", ">", "#gt;", "\n", "<br>").Replace(text)
}
