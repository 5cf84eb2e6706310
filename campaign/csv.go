package campaign

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"unicode/utf8"
)

// csvReader reads records of bounded size.
type csvReader struct {
	path    string
	file    io.Closer
	meter   *meter
	records *csv.Reader
	header  []string
	line    int // of the last record
}

// errLine is a record that goes on and on.
var errLine = fmt.Errorf("more than %d bytes in one row", MaxLine)

// meter lets through what is left of a budget, so that an open quote does not
// read the whole file into memory.
type meter struct {
	r    io.Reader
	left int
}

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, errLine
	}
	n, err := m.r.Read(p[:min(len(p), m.left)])
	m.left -= n
	return n, err
}

func openCSV(path string, comma rune) (*Table, error) {
	r, err := newCSVReader(path, comma)
	if err != nil {
		return nil, err
	}
	defer r.file.Close()
	return &Table{columns: r.header, rows: func(context.Context) iter.Seq2[Row, error] {
		return func(yield func(Row, error) bool) { readCSV(path, comma, yield) }
	}}, nil
}

func readCSV(path string, comma rune, yield func(Row, error) bool) {
	r, err := newCSVReader(path, comma)
	if err != nil {
		yield(Row{}, err)
		return
	}
	defer r.file.Close()
	for number := 0; ; number++ {
		row, err := r.next(number)
		if errors.Is(err, io.EOF) || !yield(row, err) || err != nil {
			return
		}
	}
}

func newCSVReader(path string, comma rune) (*csvReader, error) {
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	r := &csvReader{path: path, file: f, meter: &meter{r: f, left: MaxLine}}
	text := bufio.NewReader(r.meter)
	if mark, _ := text.Peek(3); string(mark) == "\ufeff" {
		_, _ = text.Discard(3) // spreadsheets put it there
	}
	r.records = csv.NewReader(text)
	r.records.Comma, r.records.ReuseRecord = comma, true
	if err := r.readHeader(); err != nil {
		f.Close()
		return nil, err
	}
	return r, nil
}

func (r *csvReader) readHeader() error {
	header, err := r.records.Read()
	if errors.Is(err, io.EOF) {
		return &Error{Where: r.path, Message: "the table is empty", Advice: "the first line names the columns"}
	}
	if err != nil {
		return r.failed(err)
	}
	r.header = slices.Clone(header)
	r.line, _ = r.records.FieldPos(0)
	if err := checkColumns(r.header); err != nil {
		return &Error{Where: fmt.Sprintf("%s:%d", r.path, r.line), Cause: err, Advice: "the first line names the columns, each once"}
	}
	return nil
}

// next returns io.EOF at the end.
func (r *csvReader) next(number int) (Row, error) {
	r.meter.left = MaxLine
	record, err := r.records.Read()
	if errors.Is(err, io.EOF) && number == 0 {
		return Row{}, &Error{Where: r.path, Message: "the table has no rows", Advice: "write one for each run of the workflow"}
	}
	if errors.Is(err, io.EOF) {
		return Row{}, io.EOF
	}
	if err != nil {
		return Row{}, r.failed(err)
	}
	r.line, _ = r.records.FieldPos(0)
	row := Row{Number: number, Values: make([]Value, len(record)), where: fmt.Sprintf("%s:%d", r.path, r.line)}
	for i, text := range record {
		if err := r.checkCell(i, text); err != nil {
			return Row{}, err
		}
		row.Values[i] = Value{r.header[i], ParseCell(text)}
	}
	return row, nil
}

func (r *csvReader) checkCell(i int, text string) error {
	if len(text) <= MaxCell && utf8.ValidString(text) {
		return nil
	}
	line, column := r.records.FieldPos(i)
	e := &Error{Where: fmt.Sprintf("%s:%d:%d", r.path, line, column)}
	if len(text) > MaxCell {
		e.Message = fmt.Sprintf("the value of %q has %d bytes, at most %d", r.header[i], len(text), MaxCell)
		e.Advice = "put large values into files, and their names into the table"
	} else {
		e.Message, e.Advice = fmt.Sprintf("the value of %q is not UTF-8", r.header[i]), "convert the table, with iconv -t utf-8 for example"
	}
	return e
}

// failed adds where it was and what to do.
func (r *csvReader) failed(err error) error {
	var parse *csv.ParseError
	switch {
	case errors.Is(err, errLine):
		return &Error{Where: r.path, Message: fmt.Sprintf("the row after line %d", r.line), Cause: errLine, Advice: `look for a quote " that is not closed`}
	case !errors.As(err, &parse):
		return &Error{Where: r.path, Cause: err}
	}
	e := &Error{Where: fmt.Sprintf("%s:%d:%d", r.path, parse.Line, parse.Column), Cause: parse.Err,
		Advice: `put values that hold the separator, a quote or a line break in quotes, and write a quote in them as ""`}
	if errors.Is(parse.Err, csv.ErrFieldCount) {
		e.Where = fmt.Sprintf("%s:%d", r.path, parse.StartLine)
		e.Cause = fmt.Errorf("the number of values differs from the header, which names %d columns", len(r.header))
	} else if parse.StartLine != parse.Line {
		e.Message = fmt.Sprintf("in the row that begins in line %d", parse.StartLine)
	}
	return e
}
