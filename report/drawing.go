package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/ewoks-hpc/ewoks-hpc/workflow"
	"github.com/ewoks-hpc/ewoks-hpc/workflow/draw"
)

// mostDrawn bounds the nodes of a picture: of more nobody can read it.
const mostDrawn = 300

// loaded is the workflow of a description, nil if there is none that can be read.
func (d *Description) loaded() *workflow.Workflow {
	if len(d.Workflow) == 0 {
		return nil
	}
	wf := new(workflow.Workflow)
	if json.Unmarshal(d.Workflow, wf) != nil { // a report is no place to refuse a workflow
		return nil
	}
	return wf
}

// nodes are the places of the workflow's nodes, in the order in which they can be
// executed, and what the workflow calls them.
func (d *Description) nodes() (order map[string]int, names map[string]Node) {
	order, names = map[string]int{}, map[string]Node{}
	wf := d.loaded()
	if wf == nil {
		return order, names
	}
	sorted, err := wf.TopologicalOrder()
	for place := range wf.Nodes {
		n := &wf.Nodes[place]
		if err == nil { // else it has cycles
			n = &wf.Nodes[sorted[place]]
		}
		order[n.ID.String()] = place
		names[n.ID.String()] = Node{Label: n.Label, Identifier: n.Identifier}
	}
	return order, names
}

// Drawing is the workflow as a picture, with the figures of each node, in the
// order of the document. Nodes that nothing is known of have none.
type Drawing struct {
	// SVG is empty if there is no picture; Reason tells why.
	SVG    string   `json:"svg,omitempty"`
	Reason string   `json:"reason,omitempty"`
	Nodes  []string `json:"nodes,omitempty"`
}

// Draw makes the picture.
func (d *Data) Draw() Drawing {
	wf := d.About.loaded()
	switch {
	case wf == nil:
		return Drawing{Reason: "The workflow is not recorded."}
	case len(wf.Nodes) > mostDrawn:
		return Drawing{Reason: fmt.Sprintf("The workflow has %d nodes: too many for a picture.", len(wf.Nodes))}
	}
	figures := map[string]string{}
	for i := range d.Nodes {
		figures[d.Nodes[i].ID] = d.Nodes[i].figures()
	}
	var ids []string
	for i := range wf.Nodes {
		n := &wf.Nodes[i]
		ids = append(ids, n.ID.String())
		// The line of a box that has the task of its node has its figures here.
		n.TaskType, n.Identifier = figures[n.ID.String()], ""
		if n.TaskType == "" {
			n.TaskType = "not executed"
		}
	}
	svg, err := draw.Draw(wf, "svg")
	var large draw.TooLargeError
	if errors.As(err, &large) {
		return Drawing{Reason: fmt.Sprintf("The workflow is too large for a picture: %v.", err)}
	}
	return Drawing{SVG: withoutStyle(svg), Nodes: ids}
}

var styleAttribute = regexp.MustCompile(` style="[^"]*"`)

// withoutStyle leaves how the picture looks to the page that shows it. No text in
// it is taken for a style: <, > and " are escaped.
func withoutStyle(svg string) string {
	before, rest, _ := strings.Cut(svg, "<style>")
	_, after, _ := strings.Cut(rest, "</style>")
	return styleAttribute.ReplaceAllString(before+after, "")
}

// figures are one line: how often, how long, what went wrong.
func (n *Node) figures() string {
	parts := []string{fmt.Sprintf("%s done", grouped(n.Succeeded))}
	if n.Failed > 0 {
		parts = append(parts, grouped(n.Failed)+" failed")
	}
	if n.Lost > 0 {
		parts = append(parts, grouped(n.Lost)+" lost")
	}
	if n.Durations.Count > 0 {
		parts = append(parts, "median "+Duration(n.Durations.P50))
	}
	return strings.Join(parts, " · ")
}
