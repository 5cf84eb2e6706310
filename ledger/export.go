package ledger

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"time"
)

// Format is how a table is exported.
type Format string

// The formats of exports. CSV and JSONLines can be read as tables again.
const (
	CSV       Format = "csv"
	JSONLines Format = "jsonl"
	Parquet   Format = "parquet"
)

// ExportOptions say what is exported, and how.
type ExportOptions struct {
	Format Format
	Filter Filter
}

// kind is what a column holds.
type kind int

const (
	textKind kind = iota
	jsonKind
	integerKind
	numberKind
	booleanKind
	timeKind
)

// column is one of an export. Values are nil, string, int64, float64, bool,
// time.Time or json.RawMessage: the last for columns of the table, and outputs.
type column struct {
	name string
	kind kind
}

// encoder writes rows; the values are those of the columns.
type encoder interface {
	write(values []any) error
	close() error
}

// before and after the columns of the table
var (
	before = []column{{"row", integerKind}}
	after  = []column{
		{"state", textKind}, {"attempts", integerKind}, {"cause", textKind}, {"worker", textKind}, {"job", textKind}, {"node", textKind},
		{"started", timeKind}, {"ended", timeKind}, {"duration", numberKind}, {"memory", integerKind}, {"run", textKind},
		{"outputs", jsonKind}, {"error", textKind}, {"message", textKind}, {"task", textKind}, {"log", textKind}, {"key", textKind},
	}
)

// Export writes the table with what is known of each row: a column for each of
// the table, with "params." before its name if there is another of this name.
// Duration is in seconds, memory in bytes, error the type of the exception.
// Rows stream.
func (l *Ledger) Export(ctx context.Context, w io.Writer, o ExportOptions) error {
	params, err := l.parameterColumns(ctx, o.Filter)
	if err != nil {
		return l.failed(err)
	}
	columns := slices.Concat(before, exported(params), after)
	out := bufio.NewWriterSize(w, 256<<10)
	e, err := newEncoder(out, o.Format, columns)
	if err != nil {
		return err
	}
	for row, err := range l.Rows(ctx, Query{Filter: o.Filter}) {
		if err != nil {
			return err
		}
		values, err := exportRow(&row, params)
		if err != nil {
			return l.failed(err)
		}
		if err := e.write(values); err != nil {
			return err
		}
	}
	if err := e.close(); err != nil {
		return err
	}
	return out.Flush()
}

func newEncoder(w io.Writer, f Format, columns []column) (encoder, error) {
	switch f {
	case CSV:
		return newCSV(w, columns)
	case JSONLines:
		return newJSONLines(w, columns), nil
	case Parquet:
		return newParquet(w, columns)
	}
	return nil, fmt.Errorf("unknown format %q of an export, choose csv, jsonl or parquet", f)
}

// exported renames columns of the table that have the name of another.
func exported(params []column) []column {
	taken := map[string]bool{}
	for _, c := range slices.Concat(before, params, after) {
		taken[c.name] = true
	}
	renamed := slices.Clone(params)
	for i, c := range renamed {
		if !slices.ContainsFunc(slices.Concat(before, after), func(own column) bool { return own.name == c.name }) {
			continue
		}
		name := paramsPrefix + c.name
		for taken[name] {
			name = paramsPrefix + name
		}
		renamed[i].name, taken[name] = name, true
	}
	return renamed
}

// parameterColumns finds the columns of the table, and what they hold.
func (l *Ledger) parameterColumns(ctx context.Context, f Filter) (columns []column, err error) {
	where, args := f.sql("1")
	rows, err := l.db.QueryContext(ctx, `SELECT j.key, group_concat(DISTINCT j.type || ':' || typeof(j.value)) FROM rows, json_each(rows.params) j WHERE `+where+
		` GROUP BY j.key ORDER BY min(rows.number), min(j.id)`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name, types string
		if err := rows.Scan(&name, &types); err != nil {
			return nil, err
		}
		columns = append(columns, column{name, kindOf(types)})
	}
	return columns, rows.Err()
}

func exportRow(r *Row, params []column) ([]any, error) {
	row, err := r.Row()
	if err != nil {
		return nil, err
	}
	values := append(make([]any, 0, len(params)+len(before)+len(after)), int64(r.Number))
	for _, c := range params {
		if value, ok := row.Value(c.name); ok {
			values = append(values, value)
		} else {
			values = append(values, nil)
		}
	}
	a := &r.Attempt
	var seconds any
	if d := a.Duration(); d > 0 {
		seconds = d.Seconds()
	}
	var outputs any
	if r.Outputs != nil {
		outputs = r.Outputs
	}
	return append(values, string(r.State), int64(r.Attempts), known(string(a.Cause)), known(a.Worker), known(a.Job), known(a.Node),
		at(a.Started), at(a.Ended), seconds, bytes(a.PeakMemory), known(a.Run),
		outputs, known(a.ErrorType), known(a.Message), known(a.Task), known(a.Log), r.Key), nil
}

func known(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func at(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

// timeLayout is of times as text.
const timeLayout = "2006-01-02T15:04:05.000000Z07:00"
