package campaign

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
)

// Lists are a table written as lists of values. In TOML:
//
//	[rows]                            # zipped: the first values are one row, ...
//	path  = ["a.h5", "b.h5"]          # all lists are equally long
//	title = ["sample", "reference"]
//
//	[product]                         # every combination of these, for every row above
//	threshold = [1, 2, 3]
//	method    = ["fast", "exact"]
//
// The order is that of nested loops: the rows outermost, then the lists of the
// product in the order of the file; the last one changes fastest.
type Lists struct {
	Rows    []List `json:"rows,omitempty"`
	Product []List `json:"product,omitempty"`
}

// List is the values of one column.
type List struct {
	Column string            `json:"column"`
	Values []json.RawMessage `json:"values"`
}

func openTOML(path string) (*Table, error) {
	d, err := readDocument(path, []string{"rows", "product"})
	if err != nil {
		return nil, err
	}
	lists, err := d.lists()
	if err != nil {
		return nil, err
	}
	if lists == nil {
		lists = &Lists{}
	}
	return openLists(lists, path)
}

// lists reads [rows] and [product]; nil if there is neither.
func (d *document) lists() (*Lists, error) {
	rows, err := d.list("rows")
	if err != nil {
		return nil, err
	}
	product, err := d.list("product")
	if err != nil || rows == nil && product == nil {
		return nil, err
	}
	return &Lists{Rows: rows, Product: product}, nil
}

func (d *document) list(name string) ([]List, error) {
	entries, err := d.table(name)
	if err != nil {
		return nil, err
	}
	var lists []List
	for _, e := range entries {
		items, ok := e.value.([]any)
		if tables, isTables := e.value.([]map[string]any); isTables {
			for _, table := range tables {
				items = append(items, table)
			}
			ok = true
		}
		if !ok {
			return nil, &Error{Where: e.where, Message: fmt.Sprintf("%s.%s is not a list", name, e.name), Advice: fmt.Sprintf("write %s = [...]; a list of one value is the same for all rows of a product", e.name)}
		}
		l := List{Column: e.name}
		for i, item := range items {
			value, err := jsonOf(item)
			if err == nil && len(value) > MaxCell {
				err = fmt.Errorf("%d bytes, at most %d", len(value), MaxCell)
			}
			if err != nil {
				return nil, &Error{Where: e.where, Message: fmt.Sprintf("item %d of %s", i+1, e.name), Cause: err}
			}
			l.Values = append(l.Values, value)
		}
		lists = append(lists, l)
	}
	return lists, nil
}

func openLists(l *Lists, where string) (*Table, error) {
	columns := make([]string, 0, len(l.Rows)+len(l.Product))
	for _, part := range [][]List{l.Rows, l.Product} {
		for i := range part {
			columns = append(columns, part[i].Column)
		}
	}
	fail := func(format string, args ...any) (*Table, error) {
		return nil, &Error{Where: where, Message: fmt.Sprintf(format, args...), Advice: "lists under [rows] are zipped and equally long; all combinations are made of those under [product]"}
	}
	if err := checkColumns(columns); err != nil {
		return fail("%v", err)
	}
	for i := range l.Rows {
		if first, this := l.Rows[0], l.Rows[i]; len(first.Values) != len(this.Values) {
			return fail("%s has %d values, but %s has %d", this.Column, len(this.Values), first.Column, len(first.Values))
		}
	}
	n := l.size()
	switch {
	case n == 0:
		return fail("the table is empty")
	case n > MaxRows:
		return fail("more than %d rows", MaxRows)
	}
	return &Table{columns: columns, rows: func(context.Context) iter.Seq2[Row, error] {
		return func(yield func(Row, error) bool) {
			for number := range n {
				if !yield(l.row(number), nil) {
					return
				}
			}
		}
	}}, nil
}

// size is the number of rows, or a number above MaxRows.
func (l *Lists) size() int {
	if len(l.Rows)+len(l.Product) == 0 {
		return 0
	}
	n := 1
	if len(l.Rows) > 0 {
		n = len(l.Rows[0].Values)
	}
	for i := range l.Product {
		if len(l.Product[i].Values) == 0 {
			return 0
		}
		n = min(n, MaxRows+1) * len(l.Product[i].Values)
	}
	return n
}

// row counts with the lists of the product as digits.
func (l *Lists) row(number int) Row {
	values := make([]Value, len(l.Rows)+len(l.Product))
	rest := number
	for i := len(l.Product) - 1; i >= 0; i-- {
		list := &l.Product[i]
		values[len(l.Rows)+i] = Value{list.Column, list.Values[rest%len(list.Values)]}
		rest /= len(list.Values)
	}
	for i := range l.Rows {
		values[i] = Value{l.Rows[i].Column, l.Rows[i].Values[rest]}
	}
	return Row{Number: number, Values: values}
}
