package workflow

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

const selectable = `{"nodes":[
 {"id":"a","label":"same","task_type":"class","task_identifier":"tk.Opt","default_inputs":[{"name":"x","value":1}]},
 {"id":"b","label":"same","task_type":"class","task_identifier":"tk.Other"},
 {"id":"s","task_type":"graph","task_identifier":{"nodes":[{"id":"c","task_type":"class","task_identifier":"tk.Opt"}]}}],
 "links":[{"source":"a","target":"b"}]}`

// chosen lists the ids of nodes whose input x has the value 9.
func chosen(w *Workflow) string {
	var ids []string
	for _, n := range w.Nodes {
		if slices.ContainsFunc(n.DefaultInputs, func(in Input) bool { return in.Name == "x" && string(in.Value) == "9" }) {
			ids = append(ids, n.ID.String())
		}
	}
	return strings.Join(ids, " ")
}

func TestApplyInputs(t *testing.T) {
	base := mustParse(t, selectable)
	for selector, want := range map[string]string{
		`"id":"a"`:                               "a",
		`"id":["s","c"],"label":"same"`:          "s:c",
		`"id":null`:                              "",
		`"label":"same"`:                         "a b",
		`"label":"s:c"`:                          "s:c",
		`"label":null`:                           "",
		`"task_identifier":"pt"`:                 "a s:c",
		`"label":"same","task_identifier":"Opt"`: "a",
		`"label":"nobody"`:                       "",
		`"all":true`:                             "a b s:c",
		`"all":false`:                            "a s:c",
		`"other":1`:                              "a s:c",
	} {
		var inputs []GraphInput
		if err := json.Unmarshal([]byte(`[{"name":"x","value":8,`+selector+`},{"name":"x","value":9,`+selector+`}]`), &inputs); err != nil {
			t.Fatal(err)
		}
		w := base.Clone()
		if err := w.ApplyInputs(inputs, nil); err != nil {
			t.Fatal(err)
		}
		if got := chosen(w); got != want {
			t.Errorf("%s selects %q, want %q", selector, got, want)
		}
		if chosen(base) != "" || string(base.Nodes[0].DefaultInputs[0].Value) != "1" {
			t.Fatal("applying inputs to a clone changed the original")
		}
	}
}

func TestApplyInputsErrors(t *testing.T) {
	for _, text := range []string{`{"name":"x"}`, `{"value":1}`, `{}`, `{"name":"","value":1}`, `{"name":-1,"value":1}`, `[]`} {
		var in GraphInput
		if err := json.Unmarshal([]byte(text), &in); err == nil {
			t.Errorf("%s was accepted", text)
		}
	}
	w := mustParse(t, selectable)
	missing := ID("nobody")
	inputs := []GraphInput{{Name: "x", Value: json.RawMessage("9"), Selector: Selector{All: true}}, {Name: "x", Value: json.RawMessage("9"), Selector: Selector{ID: &missing}}}
	err := w.ApplyInputs(inputs, nil)
	if err == nil || !strings.Contains(err.Error(), `"nobody"`) || chosen(w) != "" {
		t.Errorf("%v, chosen %q", err, chosen(w))
	}
}

func TestSelectOutputs(t *testing.T) {
	w := mustParse(t, selectable)
	for text, want := range map[string]string{
		`null`:           "b s:c",
		`[]`:             "",
		`[{}]`:           "b s:c",
		`[{"all":true}]`: "a b s:c",
		`[{"id":"a","name":"r","new_name":"n"},{"id":["s","c"],"name":"r"}]`: "a.r=n s:c.r=r",
		`[{"id":"nobody"}]`:                      "",
		`[{"label":"same","new_name":"n"}]`:      "a b",
		`[{"task_identifier":"Other","name":0}]`: "b.0=0",
	} {
		var outputs []OutputSelector
		if err := json.Unmarshal([]byte(text), &outputs); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range w.SelectOutputs(outputs) {
			item := w.Nodes[s.Node].ID.String()
			if s.Name != "" {
				item += "." + string(s.Name) + "=" + s.As
			}
			got = append(got, item)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s selects %q, want %q", text, got, want)
		}
	}
}

func TestStartNodesFallback(t *testing.T) {
	w := mustParse(t, `{"nodes":[
	 {"id":"a","task_type":"class","task_identifier":"C","default_inputs":[{"name":"p","value":1}]},
	 {"id":"b","task_type":"class","task_identifier":"C"},
	 {"id":"c","task_type":"method","task_identifier":"f","default_inputs":[{"name":"p","value":1}]},
	 {"id":"d","task_type":"class","task_identifier":"Unknown"}],
	 "links":[{"source":"a","target":"b","required":false},{"source":"b","target":"c"},{"source":"c","target":"d"},{"source":"d","target":"a"}]}`)
	calls := 0
	start := w.StartNodes(func(identifier string) ([]string, bool) {
		calls++
		return []string{"p"}, identifier == "C"
	})
	if !slices.Equal(start, []int{0}) || calls != 2 {
		t.Errorf("start %v after %d calls", start, calls)
	}
	if start := w.StartNodes(nil); start != nil {
		t.Errorf("start %v although no class is known", start)
	}
}

func TestSplitArgs(t *testing.T) {
	var inputs []Input
	for _, name := range []string{"b", "2", "0", "-1"} {
		inputs = append(inputs, Input{Name: Arg(name), Value: json.RawMessage(`"` + name + `"`)})
	}
	positional, named := SplitArgs(inputs)
	if len(positional) != 3 || !positional[0].Given || positional[1].Given || string(positional[2].Value) != `"2"` {
		t.Errorf("%v", positional)
	}
	if len(named) != 2 || named[1].Name != "-1" {
		t.Errorf("%v", named)
	}
	if a, err := NewArg("007"); err != nil || a != "7" {
		t.Errorf("%q %v", a, err)
	}
}

func TestScalarKeys(t *testing.T) {
	for _, group := range [][]string{{"true", "1", "1.0", "1e0"}, {"false", "0", "-0", "0.0"}, {"null", ""}, {`"1"`, `"\u0031"`}, {"1e2", "100"}, {"2.5", "25e-1"}, {`"null"`}, {"1e400"}, {"100000000000000000001"}, {"1e20", "100000000000000000000"}} {
		for _, text := range group {
			if keyOf(json.RawMessage(text)) != keyOf(json.RawMessage(group[0])) {
				t.Errorf("%s and %s differ", text, group[0])
			}
		}
	}
	seen := map[scalarKey]bool{}
	for _, text := range []string{"true", "false", "null", `"1"`, `"null"`, "2.5", "1e400", "100000000000000000001", "1e20"} {
		seen[keyOf(json.RawMessage(text))] = true
	}
	if len(seen) != 9 {
		t.Errorf("%d of 9 different scalars differ", len(seen))
	}
}
