package campaign

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Template is text with fields of a row: {COLUMN} is its value, {row} the
// number of the row. {COLUMN.stem}, .name, .parent and .suffix are parts of a
// column that is a path; {stem} and so on those of the column "path". {{ and }}
// are braces. Text before the names of columns: a column named "row" or "stem"
// hides the other meaning.
type Template struct {
	text  string
	parts []part
}

// part is text, or a field.
type part struct {
	text  string
	field string
}

// pathParts are like those of Python's pathlib: the stem ends before the last
// dot, and the suffix has the dot.
var pathParts = map[string]func(string) string{
	"name":   name,
	"parent": path.Dir,
	"suffix": func(p string) string { return name(p)[len(stem(p)):] },
	"stem":   stem,
}

func name(p string) string {
	if p = path.Base(p); p == "/" || p == "." {
		return ""
	}
	return p
}

func stem(p string) string {
	p = name(p)
	if dot := strings.LastIndexByte(p, '.'); dot > 0 && dot < len(p)-1 {
		return p[:dot]
	}
	return p
}

// ParseTemplate reads a template. Which fields exist is checked by NewMapping.
func ParseTemplate(text string) (Template, error) {
	t := Template{text: text}
	var plain strings.Builder
	fail := func(message string) (Template, error) {
		return Template{}, &Error{Message: fmt.Sprintf("template %q: %s", text, message), Advice: "write a field as {stem}, and a brace as {{ or }}"}
	}
	for rest := text; rest != ""; {
		switch {
		case strings.HasPrefix(rest, "{{"), strings.HasPrefix(rest, "}}"):
			plain.WriteByte(rest[0])
			rest = rest[2:]
		case rest[0] == '}':
			return fail("} without {")
		case rest[0] == '{':
			field, after, closed := strings.Cut(rest[1:], "}")
			switch {
			case !closed || strings.Contains(field, "{"):
				return fail("{ without }")
			case field == "":
				return fail("{} names no field")
			}
			t.parts = append(t.parts, part{text: plain.String()}, part{field: field})
			plain.Reset()
			rest = after
		default:
			plain.WriteByte(rest[0])
			rest = rest[1:]
		}
	}
	t.parts = append(t.parts, part{text: plain.String()})
	t.parts = slices.DeleteFunc(t.parts, func(p part) bool { return p == part{} })
	return t, nil
}

// MarshalText gives the template as it was written.
func (t Template) MarshalText() ([]byte, error) { return []byte(t.text), nil }

// UnmarshalText reads a template.
func (t *Template) UnmarshalText(text []byte) (err error) {
	*t, err = ParseTemplate(string(text))
	return err
}

// check refuses fields that no row can have.
func (t *Template) check(columns []string) error {
	for _, p := range t.parts {
		if p.field == "" || known(p.field, columns) {
			continue
		}
		names := slices.Clone(columns)
		if slices.Contains(columns, PathColumn) {
			names = append(names, "stem", "name", "parent", "suffix")
		}
		return &Error{Message: fmt.Sprintf("template %q: there is no field {%s}", t.text, p.field), Advice: suggest(p.field, append(names, "row"))}
	}
	return nil
}

func known(field string, columns []string) bool {
	if field == "row" || slices.Contains(columns, field) {
		return true
	}
	column, _, ok := pathField(field)
	return ok && slices.Contains(columns, column)
}

// pathField splits {COLUMN.stem}, and {stem}.
func pathField(field string) (column, name string, ok bool) {
	column, name = PathColumn, field
	if dot := strings.LastIndexByte(field, '.'); dot >= 0 {
		column, name = field[:dot], field[dot+1:]
	}
	_, ok = pathParts[name]
	return column, name, ok
}

// expand fills in a row. A template that is one column and nothing else has the
// value of that column; every other one is text.
func (t *Template) expand(row *Row) (json.RawMessage, error) {
	if len(t.parts) == 1 && t.parts[0].field != "" {
		if value, ok := row.Value(t.parts[0].field); ok {
			return value, nil
		}
	}
	var out strings.Builder
	for _, p := range t.parts {
		text, err := p.expand(row)
		if err != nil {
			return nil, fmt.Errorf("template %q: %w", t.text, err)
		}
		if out.WriteString(text); out.Len() > MaxCell {
			return nil, fmt.Errorf("template %q gives more than %d bytes", t.text, MaxCell)
		}
	}
	return quote(out.String()), nil
}

func (p *part) expand(row *Row) (string, error) {
	if p.field == "" {
		return p.text, nil
	}
	if value, ok := row.Value(p.field); ok {
		return textOf(value), nil
	}
	if p.field == "row" {
		return strconv.Itoa(row.Number), nil
	}
	column, name, ok := pathField(p.field)
	value, there := row.Value(column)
	switch {
	case !ok || !there:
		return "", fmt.Errorf("the row has no field {%s}, it has %s", p.field, list(row.Columns()))
	case value[0] != '"':
		return "", fmt.Errorf("{%s}: the value of %q is %.40s, not a path", p.field, column, value)
	}
	return pathParts[name](textOf(value)), nil
}
