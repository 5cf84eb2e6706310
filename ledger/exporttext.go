package ledger

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
)

// csvEncoder writes cells as campaign reads them; what is not known is empty.
type csvEncoder struct {
	w     *csv.Writer
	cells []string
}

func newCSV(w io.Writer, columns []column) (encoder, error) {
	e := &csvEncoder{w: csv.NewWriter(w), cells: make([]string, len(columns))}
	for i, c := range columns {
		e.cells[i] = c.name
	}
	return e, e.w.Write(e.cells)
}

func (e *csvEncoder) write(values []any) error {
	for i, value := range values {
		e.cells[i] = cell(value)
	}
	return e.w.Write(e.cells)
}

func (e *csvEncoder) close() error {
	e.w.Flush()
	return e.w.Error()
}

func cell(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case json.RawMessage:
		return campaign.CellText(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		return v.Format(timeLayout)
	}
	return ""
}

// jsonEncoder writes an object in each line; what is not known is null.
type jsonEncoder struct {
	w    io.Writer
	keys [][]byte
	line []byte
}

func newJSONLines(w io.Writer, columns []column) encoder {
	e := &jsonEncoder{w: w}
	for _, c := range columns {
		key, _ := json.Marshal(c.name) // a string cannot fail
		e.keys = append(e.keys, append(key, ':'))
	}
	return e
}

func (e *jsonEncoder) write(values []any) error {
	e.line = append(e.line[:0], '{')
	for i, value := range values {
		if i > 0 {
			e.line = append(e.line, ',')
		}
		e.line = append(e.line, e.keys[i]...)
		if t, ok := value.(time.Time); ok {
			value = t.Format(timeLayout)
		}
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		e.line = append(e.line, text...)
	}
	_, err := e.w.Write(append(e.line, "}\n"...))
	return err
}

func (e *jsonEncoder) close() error { return nil }
