package campaign

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/BurntSushi/toml"
)

// maxDocument bounds TOML files, in bytes: they are read as a whole.
const maxDocument = 16 << 20

// document is a TOML file whose top-level keys are known ones.
type document struct {
	path string
	meta toml.MetaData
	top  map[string]toml.Primitive
}

func readDocument(path string, known []string) (*document, error) {
	text, err := readBounded(path, maxDocument)
	if err != nil {
		return nil, err
	}
	d := &document{path: path}
	if d.meta, err = toml.Decode(text, &d.top); err != nil {
		return nil, d.failed(err)
	}
	for _, key := range d.meta.Keys() { // in the order of the file
		if !slices.Contains(known, key[0]) {
			return nil, &Error{Where: d.where(d.top[key[0]]), Message: fmt.Sprintf("unknown key %q", key[0]), Advice: suggest(key[0], known)}
		}
	}
	return d, nil
}

// failed tells line and column of what the decoder found.
func (d *document) failed(err error) error {
	var parse toml.ParseError
	if errors.As(err, &parse) && parse.Position.Line > 0 {
		return &Error{Where: fmt.Sprintf("%s:%d:%d", d.path, parse.Position.Line, parse.Position.Col), Message: parse.Message}
	}
	return &Error{Where: d.path, Cause: err}
}

// locator is a decoder that fails: the error says where in the file it was.
type locator struct{}

func (*locator) UnmarshalTOML(any) error { return errors.New("here") }

func (d *document) where(p toml.Primitive) string {
	var parse toml.ParseError
	if err := d.meta.PrimitiveDecode(p, &locator{}); errors.As(err, &parse) && parse.Position.Line > 0 {
		return fmt.Sprintf("%s:%d", d.path, parse.Position.Line)
	}
	return d.path
}

// entry is one member of a table.
type entry struct {
	name  string
	value any
	where string
}

// table lists the members of a top-level table in the order of the file.
func (d *document) table(name string) ([]entry, error) {
	p, ok := d.top[name]
	if !ok {
		return nil, nil
	}
	var raw any
	if err := d.meta.PrimitiveDecode(p, &raw); err != nil {
		return nil, d.failed(err)
	}
	values, isTable := raw.(map[string]any)
	if !isTable {
		return nil, &Error{Where: d.where(p), Message: fmt.Sprintf("%s is not a table", name), Advice: fmt.Sprintf("write [%s], and below it a line for each name", name)}
	}
	var members map[string]toml.Primitive
	if err := d.meta.PrimitiveDecode(p, &members); err != nil {
		return nil, d.failed(err)
	}
	var entries []entry
	for _, key := range d.meta.Keys() {
		if len(key) < 2 || key[0] != name || slices.ContainsFunc(entries, func(e entry) bool { return e.name == key[1] }) {
			continue
		}
		entries = append(entries, entry{key[1], values[key[1]], d.where(members[key[1]])})
	}
	return entries, nil
}

// jsonOf writes a TOML value as JSON. A float stays one: 1.0, not 1. Dates and
// times become text.
func jsonOf(v any) (json.RawMessage, error) {
	switch v := v.(type) {
	case string:
		return quote(v), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("%v has no form in JSON", v)
		}
		text := strconv.FormatFloat(v, 'g', -1, 64)
		if _, err := strconv.ParseInt(text, 10, 64); err == nil {
			text += ".0"
		}
		return json.RawMessage(text), nil
	case time.Time:
		return quote(v.Format(layout(v))), nil
	case []any:
		return jsonList(v)
	case []map[string]any:
		items := make([]any, len(v))
		for i := range v {
			items[i] = v[i]
		}
		return jsonList(items)
	case map[string]any:
		return jsonTable(v)
	}
	return json.Marshal(v)
}

// layout is how a time was written; the names are the decoder's.
func layout(t time.Time) string {
	switch t.Location().String() {
	case "time-local":
		return "15:04:05.999999999"
	case "date-local":
		return time.DateOnly
	case "datetime-local":
		return "2006-01-02T15:04:05.999999999"
	}
	return time.RFC3339Nano
}

func jsonList(items []any) (json.RawMessage, error) {
	out := json.RawMessage{'['}
	for i, item := range items {
		value, err := jsonOf(item)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, value...)
	}
	return append(out, ']'), nil
}

func jsonTable(table map[string]any) (json.RawMessage, error) {
	members := make(map[string]json.RawMessage, len(table))
	for name, item := range table {
		value, err := jsonOf(item)
		if err != nil {
			return nil, err
		}
		members[name] = value
	}
	return json.Marshal(members)
}
