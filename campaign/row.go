package campaign

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// Limits of a table. They keep a damaged file, an open quote for example, from
// filling the memory.
const (
	MaxCell    = 1 << 20     // bytes of one value
	MaxColumns = 1000        // of one row
	MaxLine    = 16 << 20    // bytes of one row as written
	MaxRows    = 100_000_000 // of one table
)

// Row is one row of a table.
type Row struct {
	// Number counts the rows from 0.
	Number int
	// Values are in the order of the columns, each name once.
	Values []Value
	// where says where the row comes from, for messages.
	where string
}

// Value is the JSON value of one column.
type Value struct {
	Column string
	JSON   json.RawMessage
}

// Value returns the value of a column.
func (r *Row) Value(column string) (json.RawMessage, bool) {
	for i := range r.Values {
		if r.Values[i].Column == column {
			return r.Values[i].JSON, true
		}
	}
	return nil, false
}

// Where names the row for people: the file and line, or the number.
func (r *Row) Where() string {
	if r.where != "" {
		return r.where
	}
	return fmt.Sprintf("row %d", r.Number)
}

// Columns lists the names of the row's columns.
func (r *Row) Columns() []string {
	names := make([]string, len(r.Values))
	for i := range r.Values {
		names[i] = r.Values[i].Column
	}
	return names
}

// ParseCell reads a cell as run -p reads a value: JSON, or else text. The text
// must be UTF-8.
func ParseCell(text string) json.RawMessage {
	if json.Valid([]byte(text)) {
		return compact([]byte(text))
	}
	return quote(text)
}

// CellText writes a value such that ParseCell reads it again: text as it is,
// unless it looks like JSON itself.
func CellText(value json.RawMessage) string {
	if text := textOf(value); !json.Valid([]byte(text)) {
		return text
	}
	return string(value)
}

// textOf is a string without its quotes, and the JSON of anything else.
func textOf(value json.RawMessage) string {
	if len(value) < 2 || value[0] != '"' {
		return string(value)
	}
	text := string(value[1 : len(value)-1])
	if !plain(text) && json.Unmarshal(value, &text) != nil {
		return string(value)
	}
	return text
}

// quote makes a JSON string, with < and > as they are.
func quote(text string) json.RawMessage {
	if plain(text) {
		return json.RawMessage(`"` + text + `"`)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a string cannot fail
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// plain is text that JSON writes as it is, however it is written: most of what is
// in tables.
func plain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}

// compact takes the white space out of valid JSON, and copies it.
func compact(value []byte) json.RawMessage {
	var out bytes.Buffer
	if json.Compact(&out, value) != nil {
		return bytes.Clone(value)
	}
	return out.Bytes()
}

// checkColumns refuses names that cannot be told apart or referred to.
func checkColumns(names []string) error {
	if len(names) > MaxColumns {
		return fmt.Errorf("%d columns, at most %d", len(names), MaxColumns)
	}
	seen := make(map[string]bool, len(names))
	for i, name := range names {
		switch {
		case name == "":
			return fmt.Errorf("column %d has no name", i+1)
		case !utf8.ValidString(name):
			return fmt.Errorf("the name of column %d, %q, is not UTF-8", i+1, name)
		case seen[name]:
			return fmt.Errorf("column %q appears twice", name)
		}
		seen[name] = true
	}
	return nil
}
