package campaign_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

const graph = `{"graph":{"id":"g"},"nodes":[
	{"id":"integrate","task_type":"method","task_identifier":"m.f"},
	{"id":"a:b","task_type":"method","task_identifier":"m.f"},
	{"id":"save","task_type":"method","task_identifier":"m.f"}],
	"links":[{"source":"integrate","target":"save"},{"source":"a:b","target":"save"}]}`

func parse(t testing.TB, text string) *workflow.Workflow {
	t.Helper()
	w, err := workflow.Parse([]byte(text), workflow.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func derived(t testing.TB, pairs ...string) (columns []campaign.Derived) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		template, err := campaign.ParseTemplate(pairs[i+1])
		if err != nil {
			t.Fatal(err)
		}
		columns = append(columns, campaign.Derived{Column: pairs[i], Template: template, Where: "x.toml:7"})
	}
	return columns
}

// object makes a row of a JSON object.
func object(t testing.TB, number int, text string) campaign.Row {
	t.Helper()
	item := campaign.Item{Number: number, Params: json.RawMessage(text)}
	row, err := item.Row()
	if err != nil {
		t.Fatal(err)
	}
	return row
}

func TestTemplates(t *testing.T) {
	row := object(t, 12, `{"path":"raw/s.1/scan_01.tar.gz","other":".hidden","n":5,"list":[1,"a"],"a.b":"x","a":"/y/z.h5","s":"\"","root":"/","plain":"p"}`)
	for template, want := range map[string]string{
		"{stem}_out.h5":               `"scan_01.tar_out.h5"`,
		"{name}|{parent}|{suffix}":    `"scan_01.tar.gz|raw/s.1|.gz"`,
		"{a.stem}{a.suffix}":          `"z.h5"`,
		"{a.parent}/{a.name}":         `"/y/z.h5"`,
		"{other.stem}{other.suffix}|": `".hidden|"`,
		"{plain.parent}":              `"."`,
		"{root.name}{root.parent}":    `"/"`,
		"{a.b}":                       `"x"`,
		"{n}":                         `5`,
		"{n}!":                        `"5!"`,
		"{list}":                      `[1,"a"]`,
		"{list} {s}":                  `"[1,\"a\"] \""`,
		"{row}":                       `"12"`,
		"{{{n}}}{{}}":                 `"{5}{}"`,
		"{path}":                      `"raw/s.1/scan_01.tar.gz"`,
		"plain":                       `"plain"`,
		"":                            `""`,
		"007":                         `"007"`,
	} {
		m, err := campaign.NewMapping(campaign.MappingOptions{Columns: row.Columns(), Derived: derived(t, "d", template), Inputs: []campaign.Assignment{{Column: "d", Target: "x"}}, Workflow: parse(t, graph)})
		if err != nil {
			t.Errorf("%s: %v", template, err)
			continue
		}
		got, err := m.Derive(row)
		if value, ok := got.Value("d"); err != nil || !ok || string(value) != want {
			t.Errorf("%s: %s, want %s, %v", template, value, want, err)
		}
	}
	if len(row.Values) != 9 {
		t.Errorf("the row was changed: %v", row.Columns())
	}
	for template, want := range map[string]string{"{": "{ without }", "a}": "} without {", "{}": "names no field", "{a{b}}": "{ without }", "{a": "{ without }"} {
		if _, err := campaign.ParseTemplate(template); err == nil || !strings.Contains(err.Error(), want) || hint(err) == "" {
			t.Errorf("%s: %v, want %s", template, err, want)
		}
	}
}

func TestMapping(t *testing.T) {
	w := parse(t, graph)
	m, err := campaign.NewMapping(campaign.MappingOptions{
		Columns: []string{"path", "n", "note"}, Derived: derived(t, "base", "{stem}", "output", "{base}_{row}.h5"),
		Inputs:   []campaign.Assignment{{Column: "path", Target: "a:b:file"}, {Column: "path", Target: "start"}, {Column: "output", Target: "save:0"}, {Column: "n", Target: "save:n"}},
		Workflow: w,
	})
	if err != nil {
		t.Fatal(err)
	}
	item, err := m.Item(object(t, 3, `{"path":"raw/x.h5","n":[1],"note":"<"}`))
	if err != nil || string(item.Params) != `{"path":"raw/x.h5","n":[1],"note":"<","base":"x","output":"x_3.h5"}` || item.Number != 3 || len(item.Key) != 32 {
		t.Errorf("item %+v, %s, %v", item, item.Params, err)
	}
	inputs, err := m.Inputs(item)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, in := range inputs {
		id := "-"
		if in.ID != nil {
			id = in.ID.String()
		}
		got = append(got, fmt.Sprintf("%s %s %s", id, in.Name, in.Value))
	}
	if want := []string{`- start "raw/x.h5"`, `a:b file "raw/x.h5"`, `save 0 "x_3.h5"`, `save n [1]`}; !reflect.DeepEqual(got, want) {
		t.Errorf("inputs %q, want %q", got, want)
	}
	if err := w.Clone().ApplyInputs(inputs, nil); err != nil {
		t.Error(err)
	}
	// without [inputs] a column is the input of its own name
	m, err = campaign.NewMapping(campaign.MappingOptions{Columns: []string{"integrate:n", "m"}, Workflow: w})
	if err != nil {
		t.Fatal(err)
	}
	row := object(t, 0, `{"integrate:n":1,"m":2}`)
	if inputs, err := row.Inputs(m); err != nil || len(inputs) != 2 || inputs[0].ID != nil || *inputs[1].ID != "integrate" || inputs[1].Name != "n" {
		t.Errorf("inputs %v, %v", inputs, err)
	}
	row = object(t, 4, `{"m":2}`)
	if _, err := row.Inputs(m); err == nil || err.Error() != `row 4: the row has no value for "integrate:n"` {
		t.Errorf("missing value: %v", err)
	}
}

func TestMappingRefused(t *testing.T) {
	in := func(column, target string) []campaign.Assignment {
		return []campaign.Assignment{{Column: column, Target: target, Where: "x.toml:9"}}
	}
	for _, test := range []struct {
		name          string
		o             campaign.MappingOptions
		message, hint string
	}{
		{"node", campaign.MappingOptions{Inputs: in("path", "intergate:x")}, `x.toml:9: column "path": input "intergate:x": the workflow has no node "intergate"`, `did you mean "integrate"?`},
		{"nodes", campaign.MappingOptions{Inputs: in("path", "zzzzzzz:x")}, "no node", "there are: integrate, a:b, save"},
		{"column", campaign.MappingOptions{Inputs: in("pth", "x")}, `x.toml:9: input "x": there is no column "pth"`, `"path"`},
		{"columns", campaign.MappingOptions{Inputs: in("zzzzzzz", "x")}, "no column", "there are: path, n"},
		{"name", campaign.MappingOptions{Inputs: in("n", "save:")}, "argument name is empty", "NODE:NAME"},
		{"position", campaign.MappingOptions{Inputs: in("n", "99999")}, "above 65535", ""},
		{"twice", campaign.MappingOptions{Inputs: append(in("n", "save:01"), in("path", "save:1")...)}, `columns "n" and "path" are both`, ""},
		{"field", campaign.MappingOptions{Derived: derived(t, "d", "{steam}")}, `x.toml:7: derived column "d": template "{steam}": there is no field {steam}`, `"stem"`},
		{"later field", campaign.MappingOptions{Derived: derived(t, "d", "{eeeeeee}", "eeeeeee", "x")}, "no field {eeeeeee}", "there are: path, n, stem, name, parent, suffix, row"},
		{"part", campaign.MappingOptions{Derived: derived(t, "d", "{x.stem}")}, "no field {x.stem}", ""},
		{"taken", campaign.MappingOptions{Derived: derived(t, "n", "x")}, "has a column of this name", "another name"},
	} {
		test.o.Columns, test.o.Workflow = []string{"path", "n"}, parse(t, graph)
		if _, err := campaign.NewMapping(test.o); err == nil || !strings.Contains(err.Error(), test.message) || !strings.Contains(hint(err), test.hint) {
			t.Errorf("%s: %v (%s), want %s (%s)", test.name, err, hint(err), test.message, test.hint)
		}
	}
	m, err := campaign.NewMapping(campaign.MappingOptions{Columns: []string{"path", "n"}, Derived: derived(t, "d", "{n.stem}{stem}"), Workflow: parse(t, graph)})
	if err != nil {
		t.Fatal(err)
	}
	for params, want := range map[string]string{
		`{"path":"a","n":5}`:         `row 1: derived column "d": template "{n.stem}{stem}": {n.stem}: the value of "n" is 5, not a path`,
		`{"n":"5"}`:                  "has no field {stem}",
		`{"path":"a","n":"5","d":1}`: "the row has a value of this name",
	} {
		if _, err := m.Item(object(t, 1, params)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", params, err, want)
		}
	}
}

func TestKey(t *testing.T) {
	w := parse(t, graph)
	key := func(w *workflow.Workflow, columns []string, number int, params string) string {
		m, err := campaign.NewMapping(campaign.MappingOptions{Columns: columns, Workflow: w})
		if err != nil {
			t.Fatal(err)
		}
		item, err := m.Item(object(t, number, params))
		if err != nil {
			t.Fatal(err)
		}
		return item.Key
	}
	columns := []string{"save:a", "b"}
	first := key(w, columns, 0, `{"save:a":{"x":1,"y":"<"},"b":2}`)
	looks := strings.Replace(graph, `{"id":"save",`, `{"uiProps":{"x":3},"task_type":"method","id":"save",`, 1)
	looks = strings.Replace(looks, `{"id":"g"}`, `{"id":"g","label":"Peaks, second try"}`, 1)
	for name, same := range map[string]string{
		"number, order, white space": key(w, []string{"b", "save:a"}, 7, `{"b": 2, "save:a": {"y": "\u003c", "x": 1}}`),
		"looks":                      key(parse(t, looks), columns, 0, `{"save:a":{"x":1,"y":"<"},"b":2}`),
		"a column that is not given": key(w, columns, 0, `{"save:a":{"x":1,"y":"<"},"b":2,"note":1}`),
	} {
		if same != first {
			t.Errorf("%s: another key", name)
		}
	}
	for name, other := range map[string]string{
		"value":    key(w, columns, 0, `{"save:a":{"x":1,"y":"<"},"b":3}`),
		"float":    key(w, columns, 0, `{"save:a":{"x":1,"y":"<"},"b":2.0}`),
		"text":     key(w, columns, 0, `{"save:a":{"x":1,"y":"<"},"b":"2"}`),
		"node":     key(w, []string{"integrate:a", "b"}, 0, `{"integrate:a":{"x":1,"y":"<"},"b":2}`),
		"workflow": key(parse(t, strings.Replace(graph, `"m.f"`, `"m.g"`, 1)), columns, 0, `{"save:a":{"x":1,"y":"<"},"b":2}`),
	} {
		if other == first {
			t.Errorf("%s: the same key", name)
		}
	}
}
