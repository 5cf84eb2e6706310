package campaign

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// Assignment gives the value of a column to an input of the workflow.
type Assignment struct {
	Column string `json:"column"`
	// Target is [NODE:]NAME: without NODE, that of the start nodes. An id of a
	// node may contain colons: the last one counts.
	Target string `json:"target"`
	// Where is the place of the assignment in a file, for messages.
	Where string `json:"-"`
}

// Derived is a column made of others. It may refer to those before it.
type Derived struct {
	Column   string   `json:"column"`
	Template Template `json:"template"`
	Where    string   `json:"-"`
}

// MappingOptions say how the columns of a table become inputs of a workflow.
type MappingOptions struct {
	// Columns are those of the table.
	Columns []string
	// Derived columns come after them.
	Derived []Derived
	// Inputs choose columns. If there are none, each column is the input
	// of its own name, [NODE:]NAME.
	Inputs   []Assignment
	Workflow *workflow.Workflow
}

// Mapping is how the columns of a table become inputs of a workflow, checked.
type Mapping struct {
	derived []Derived
	inputs  []target
	hash    string
}

type target struct {
	column string
	input  workflow.GraphInput // without a value
}

// NewMapping checks once what holds for all rows: that the nodes, the columns
// and the fields of templates exist. Errors are of type Error.
func NewMapping(o MappingOptions) (*Mapping, error) {
	m := &Mapping{derived: o.Derived, hash: WorkflowHash(o.Workflow)}
	columns := slices.Clone(o.Columns)
	for i := range o.Derived {
		d := &o.Derived[i]
		if err := d.Template.check(columns); err != nil {
			return nil, located(d.Where, fmt.Sprintf("derived column %q", d.Column), err)
		}
		if slices.Contains(columns, d.Column) {
			return nil, &Error{Where: d.Where, Message: fmt.Sprintf("derived column %q: the table has a column of this name", d.Column), Advice: "choose another name, and give it to an input under [inputs]"}
		}
		columns = append(columns, d.Column)
	}
	inputs := o.Inputs
	if len(inputs) == 0 {
		for _, column := range columns {
			inputs = append(inputs, Assignment{Column: column, Target: column})
		}
	}
	return m, m.assign(o.Workflow, inputs, columns)
}

func (m *Mapping) assign(w *workflow.Workflow, inputs []Assignment, columns []string) error {
	for _, a := range inputs {
		if !slices.Contains(columns, a.Column) {
			return &Error{Where: a.Where, Message: fmt.Sprintf("input %q: there is no column %q", a.Target, a.Column), Advice: suggest(a.Column, columns)}
		}
		input, err := parseTarget(w, a.Target)
		if err != nil {
			return located(a.Where, fmt.Sprintf("column %q", a.Column), err)
		}
		if i := slices.IndexFunc(m.inputs, func(t target) bool { return sameTarget(&t.input, &input) }); i >= 0 {
			return &Error{Where: a.Where, Message: fmt.Sprintf("columns %q and %q are both for the input %q", m.inputs[i].column, a.Column, a.Target), Advice: "take one of them out"}
		}
		m.inputs = append(m.inputs, target{a.Column, input})
	}
	// An input that names its node wins over one for all start nodes.
	slices.SortStableFunc(m.inputs, func(a, b target) int { return specific(a) - specific(b) })
	return nil
}

func specific(t target) int {
	if t.input.ID != nil {
		return 1
	}
	return 0
}

func sameTarget(a, b *workflow.GraphInput) bool {
	return a.Name == b.Name && (a.ID == nil) == (b.ID == nil) && (a.ID == nil || *a.ID == *b.ID)
}

func parseTarget(w *workflow.Workflow, text string) (in workflow.GraphInput, err error) {
	name := text
	if colon := strings.LastIndexByte(text, ':'); colon >= 0 {
		node := text[:colon]
		i := slices.IndexFunc(w.Nodes, func(n workflow.Node) bool { return n.ID.String() == node })
		if i < 0 {
			return in, &Error{Message: fmt.Sprintf("input %q: the workflow has no node %q", text, node), Advice: suggest(node, nodeNames(w))}
		}
		in.ID, name = &w.Nodes[i].ID, text[colon+1:]
	}
	if in.Name, err = workflow.NewArg(name); err != nil {
		return in, &Error{Message: fmt.Sprintf("input %q", text), Cause: err, Advice: "write NAME for the start nodes, or NODE:NAME"}
	}
	return in, nil
}

func nodeNames(w *workflow.Workflow) []string {
	names := make([]string, len(w.Nodes))
	for i := range w.Nodes {
		names[i] = w.Nodes[i].ID.String()
	}
	return names
}

// located puts a place and a name before an error, and keeps its hint.
func located(where, name string, err error) error {
	e := &Error{Where: where, Message: name, Cause: err}
	if hinted, ok := err.(interface{ Hint() string }); ok {
		e.Advice = hinted.Hint()
	}
	return e
}

// Derive returns the row with its derived columns.
func (m *Mapping) Derive(row Row) (Row, error) {
	if len(m.derived) == 0 {
		return row, nil
	}
	values := make([]Value, len(row.Values), len(row.Values)+len(m.derived))
	copy(values, row.Values)
	row.Values = values
	for i := range m.derived {
		d := &m.derived[i]
		value, err := d.Template.expand(&row)
		if err != nil {
			return row, &Error{Where: row.Where(), Message: fmt.Sprintf("derived column %q", d.Column), Cause: err}
		}
		if _, there := row.Value(d.Column); there { // JSON lines: every row has its own columns
			return row, &Error{Where: row.Where(), Message: fmt.Sprintf("derived column %q: the row has a value of this name", d.Column)}
		}
		row.Values = append(row.Values, Value{d.Column, value})
	}
	return row, nil
}

// Inputs returns what the row gives to the workflow. Row has its derived columns.
func (r *Row) Inputs(m *Mapping) ([]workflow.GraphInput, error) {
	inputs := make([]workflow.GraphInput, len(m.inputs))
	for i := range m.inputs {
		value, ok := r.Value(m.inputs[i].column)
		if !ok {
			return nil, &Error{Where: r.Where(), Message: fmt.Sprintf("the row has no value for %q", m.inputs[i].column), Advice: "give each row all values; null is one"}
		}
		inputs[i] = m.inputs[i].input
		inputs[i].Value = value
	}
	return inputs, nil
}

// Item is a row that is ready to be recorded and run.
type Item struct {
	Number int
	// Key is the identity of the row: see Key.
	Key string
	// Params are the values of the row, derived ones too, as a JSON object.
	Params json.RawMessage
	// Priority says which rows go first: those with the highest.
	Priority int
}

// Item derives the columns of a row and gives it its identity.
func (m *Mapping) Item(row Row) (Item, error) {
	row, err := m.Derive(row)
	if err != nil {
		return Item{}, err
	}
	inputs, err := row.Inputs(m)
	if err != nil {
		return Item{}, err
	}
	return Item{Number: row.Number, Key: Key(m.hash, inputs), Params: row.params()}, nil
}

// Items streams all rows of a table, ready to be recorded. It ends at the first
// error.
func (m *Mapping) Items(ctx context.Context, t *Table) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		for row, err := range t.Rows(ctx) {
			var item Item
			if err == nil {
				item, err = m.Item(row)
			}
			if !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// Row returns the recorded row with its derived columns.
func (item *Item) Row() (Row, error) {
	return parseObject(fmt.Sprintf("row %d", item.Number), item.Number, item.Params)
}

// Inputs returns what a recorded row gives to the workflow.
func (m *Mapping) Inputs(item Item) ([]workflow.GraphInput, error) {
	row, err := item.Row()
	if err != nil {
		return nil, err
	}
	return row.Inputs(m)
}

// params writes the values in their order.
func (r *Row) params() json.RawMessage {
	out := json.RawMessage{'{'}
	for i := range r.Values {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(out, quote(r.Values[i].Column)...), ':')
		out = append(out, r.Values[i].JSON...)
	}
	return append(out, '}')
}
