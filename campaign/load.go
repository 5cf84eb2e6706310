package campaign

import (
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// settings are the keys of a campaign file that are not tables.
var settings = map[string]func(d *Definition, value any) error{
	"name":          text(func(d *Definition) *string { return &d.Name }),
	"workflow":      text(func(d *Definition) *string { return &d.Workflow }),
	"table":         text(func(d *Definition) *string { return &d.Table.File }),
	"glob":          text(func(d *Definition) *string { return &d.Table.Glob }),
	"cluster":       text(func(d *Definition) *string { return &d.Cluster }),
	"granularity":   text(func(d *Definition) *string { return (*string)(&d.Granularity) }),
	"max_in_flight": number(func(d *Definition) *int { return &d.MaxInFlight }),
	"max_failures":  number(func(d *Definition) *int { return &d.MaxFailures }),
	"priority":      number(func(d *Definition) *int { return &d.Priority }),
	"retries":       number(func(d *Definition) *int { return &d.Retries }),
	"outputs":       setOutputs,
}

var tables = []string{"inputs", "derived", "rows", "product"}

func text(field func(*Definition) *string) func(*Definition, any) error {
	return func(d *Definition, value any) error {
		s, ok := value.(string)
		if !ok || s == "" {
			return fmt.Errorf("%v is not a text", value)
		}
		*field(d) = s
		return nil
	}
}

func number(field func(*Definition) *int) func(*Definition, any) error {
	return func(d *Definition, value any) error {
		n, ok := value.(int64)
		if !ok || n < math.MinInt32 || n > math.MaxInt32 {
			return fmt.Errorf("%v is not a number, or too large a one", value)
		}
		*field(d) = int(n)
		return nil
	}
}

// Load reads a campaign file. Relative names in it are relative to its folder;
// Workflow is then a path that can be opened. Unknown keys are errors. Errors
// are of type Error.
func Load(path string) (Definition, error) {
	doc, err := readDocument(path, slices.Concat(slices.Sorted(maps.Keys(settings)), tables))
	if err != nil {
		return Definition{}, err
	}
	base := filepath.Base(path)
	d := Definition{Name: strings.TrimSuffix(base, filepath.Ext(base))}
	if d.Table.Dir = filepath.Dir(path); d.Table.Dir == "." {
		d.Table.Dir = ""
	}
	if err := doc.settings(&d); err != nil {
		return d, err
	}
	if d.Table.Lists, err = doc.lists(); err != nil {
		return d, err
	}
	if d.Inputs, err = doc.inputs(); err != nil {
		return d, err
	}
	if d.Derived, err = doc.derived(); err != nil {
		return d, err
	}
	if err := d.Validate(); err != nil {
		return d, located(path, "", err)
	}
	if !filepath.IsAbs(d.Workflow) {
		d.Workflow = filepath.Join(d.Table.Dir, d.Workflow)
	}
	return d, nil
}

func (doc *document) settings(d *Definition) error {
	for _, key := range doc.meta.Keys() {
		set, ok := settings[key[0]]
		if !ok || len(key) > 1 {
			continue
		}
		p := doc.top[key[0]]
		value, err := doc.value(p)
		if err != nil {
			return err
		}
		if err := set(d, value); err != nil {
			return located(doc.where(p), key[0], err)
		}
	}
	return nil
}

func (doc *document) value(p toml.Primitive) (value any, err error) {
	if err = doc.meta.PrimitiveDecode(p, &value); err != nil {
		return nil, doc.failed(err)
	}
	return value, nil
}

// inputs reads [inputs]: column = "node:name", or a list of these.
func (doc *document) inputs() (assignments []Assignment, err error) {
	entries, err := doc.table("inputs")
	for _, e := range entries {
		targets, ok := e.value.([]any)
		if !ok {
			targets = []any{e.value}
		}
		for _, t := range targets {
			name, ok := t.(string)
			if !ok || name == "" {
				return nil, &Error{Where: e.where, Message: fmt.Sprintf("inputs.%s is not the name of an input", e.name), Advice: `write COLUMN = "NODE:NAME", or a list of these`}
			}
			assignments = append(assignments, Assignment{Column: e.name, Target: name, Where: e.where})
		}
	}
	return assignments, err
}

// derived reads [derived]: column = "template".
func (doc *document) derived() (columns []Derived, err error) {
	entries, err := doc.table("derived")
	for _, e := range entries {
		source, ok := e.value.(string)
		if !ok {
			return nil, &Error{Where: e.where, Message: fmt.Sprintf("derived.%s is not a template", e.name), Advice: `write COLUMN = "{stem}_out.h5"`}
		}
		t, err := ParseTemplate(source)
		if err != nil {
			return nil, located(e.where, "derived."+e.name, err)
		}
		columns = append(columns, Derived{Column: e.name, Template: t, Where: e.where})
	}
	return columns, err
}

func setOutputs(d *Definition, value any) (err error) {
	if d.Outputs, err = jsonOf(value); err != nil {
		return err
	}
	_, err = d.OutputSelectors()
	return err
}
