package workflow

import (
	"fmt"
	"strings"
)

// Selector chooses nodes, for inputs and for outputs. The first of these that
// is given decides: ID; Label and TaskIdentifier, which must both match; All;
// else the start nodes (for inputs) or the end nodes (for outputs).
type Selector struct {
	// ID is a node id; the empty id selects nothing.
	ID *ID
	// Label is the node's label, or the string form of its id if it has none.
	Label *string
	// TaskIdentifier is the end of the node's task identifier.
	TaskIdentifier *string
	All            bool

	nothing bool
}

// selection finds nodes for many selectors in time linear in nodes plus
// selectors, but for distinct task identifiers.
type selection struct {
	w        *Workflow
	byLabel  map[string][]int
	bySuffix map[string][]int
	all      []int
	// boundary finds the start or end nodes, once.
	boundary func() []int
}

func (w *Workflow) newSelection(boundary func() []int) *selection {
	var found []int
	known := false
	return &selection{w: w, bySuffix: map[string][]int{}, boundary: func() []int {
		if !known {
			found, known = boundary(), true
		}
		return found
	}}
}

// nodes lists positions; ok is false when the selector's id is unknown.
func (s *selection) nodes(sel *Selector) (found []int, ok bool) {
	switch {
	case sel.nothing || sel.ID != nil && *sel.ID == "":
		return nil, true
	case sel.ID != nil:
		at, ok := s.w.Node(*sel.ID)
		if !ok {
			return nil, false
		}
		return []int{at}, true
	case sel.Label != nil && sel.TaskIdentifier != nil:
		for _, i := range s.label(*sel.Label) {
			if s.w.Nodes[i].identifierEnds(*sel.TaskIdentifier) {
				found = append(found, i)
			}
		}
		return found, true
	case sel.Label != nil:
		return s.label(*sel.Label), true
	case sel.TaskIdentifier != nil:
		return s.suffix(*sel.TaskIdentifier), true
	case sel.All:
		return s.everything(), true
	}
	return s.boundary(), true
}

func (n *Node) identifierEnds(suffix string) bool {
	return n.Identifier != "" && strings.HasSuffix(n.Identifier, suffix)
}

func (s *selection) label(label string) []int {
	if s.byLabel == nil {
		s.byLabel = make(map[string][]int, len(s.w.Nodes))
		for i := range s.w.Nodes {
			name := s.w.Nodes[i].Name()
			s.byLabel[name] = append(s.byLabel[name], i)
		}
	}
	return s.byLabel[label]
}

func (s *selection) suffix(suffix string) []int {
	found, ok := s.bySuffix[suffix]
	if !ok {
		for i := range s.w.Nodes {
			if s.w.Nodes[i].identifierEnds(suffix) {
				found = append(found, i)
			}
		}
		s.bySuffix[suffix] = found
	}
	return found
}

func (s *selection) everything() []int {
	if s.all == nil {
		s.all = make([]int, len(s.w.Nodes))
		for i := range s.all {
			s.all[i] = i
		}
	}
	return s.all
}

// selectorMember decodes the members that inputs and outputs share.
func (d *decoder) selectorMember(sel *Selector, key []byte) error {
	switch string(key) {
	case "id":
		sel.ID = new(ID)
		if d.peek() == 'n' {
			return d.skip()
		}
		id, _, _, err := d.id("id")
		sel.ID = &id
		return err
	case "label":
		return d.filter("label", &sel.Label, sel)
	case "task_identifier":
		return d.filter("task_identifier", &sel.TaskIdentifier, sel)
	case "all":
		return d.boolean("all", &sel.All)
	}
	return d.skip()
}

// filter decodes a label or identifier. A null one filters nothing, and a
// selector with only such filters selects nothing.
func (d *decoder) filter(field string, to **string, sel *Selector) error {
	if d.peek() == 'n' {
		sel.nothing = true
		return d.skip()
	}
	text, err := d.name(field)
	*to = &text
	return err
}

// finish decides what null filters mean once all members are known.
func (sel *Selector) finish() {
	if sel.Label != nil || sel.TaskIdentifier != nil || sel.ID != nil {
		sel.nothing = false
	}
}

// unmarshalSelector decodes one input or output of a run.
func unmarshalSelector(what string, data []byte, member func(d *decoder, key []byte) error) error {
	var r report
	d := newDecoder(data, DefaultMaxDepth, &r)
	if d.peek() != '{' {
		return fmt.Errorf("%s must be a mapping, not %s", what, excerpt(data))
	}
	if err := d.object(func(key []byte) error { return member(d, key) }); err != nil {
		return err
	}
	return r.err()
}
