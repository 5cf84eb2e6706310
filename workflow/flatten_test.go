package workflow

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// linkList writes the links as "source -> target" with the mapped inputs.
func linkList(w *Workflow) []string {
	var list []string
	for _, l := range w.Links {
		text := fmt.Sprintf("%s -> %s", w.Nodes[l.Source].ID, w.Nodes[l.Target].ID)
		for _, m := range l.DataMapping {
			text += " " + string(m.Input)
		}
		if l.OnError {
			text += " on_error"
		}
		list = append(list, text)
	}
	return list
}

func TestNestedAliases(t *testing.T) {
	w := mustParse(t, `{"nodes":[{"id":"node1","task_type":"method","task_identifier":"f"},
	  {"id":"node2","label":"another name","task_type":"graph","default_inputs":[{"name":"p","value":1}],"task_identifier":
	    {"graph":{"input_nodes":[{"id":"in","node":"subnode1","sub_node":"in","link_attributes":{"data_mapping":[{"target_input":"outer"}]}}]},
	     "nodes":[{"id":"subnode1","task_type":"graph","task_identifier":
	       {"graph":{"input_nodes":[{"id":"in","node":"x","link_attributes":{"data_mapping":[{"target_input":"inner"}],"required":true}},{"id":"in","node":"y"}]},`+nodes("x", "y", "z")+`}}]}}],
	 "links":[{"source":"node1","target":"node2","sub_target":"in"},{"source":"node1","target":"node2"}]}`)
	want := []string{"node1 -> node2:subnode1:x outer", "node1 -> node2:subnode1:y outer"}
	if got := linkList(w); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if w.Links[0].Required == nil || w.Links[1].Required != nil {
		t.Error("the inner alias's default is lost, or leaks into another alias")
	}
	for i, want := range []int{0, 1, 1, 0} {
		if got := len(w.Nodes[i].DefaultInputs); got != want {
			t.Errorf("node %s has %d default inputs, want %d", w.Nodes[i].ID, got, want)
		}
	}
	if len(w.Warnings) != 1 || w.Warnings[0].Kind != KindIgnored {
		t.Errorf("warnings: %v", w.Warnings)
	}
	// What was flattened can be embedded again through its resolved aliases.
	inner, err := json.Marshal(mustParse(t, `{"graph":{"input_nodes":[{"id":"in","node":"s","sub_node":"x"}]},"nodes":[{"id":"s","task_type":"graph","task_identifier":{`+nodes("x")+`}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	again := mustParse(t, `{"nodes":[{"id":"a","task_type":"ppfport"},{"id":"g","task_type":"graph","task_identifier":`+string(inner)+`}],"links":[{"source":"a","target":"g","sub_target":"in"}]}`)
	if got := linkList(again); !slices.Equal(got, []string{"a -> g:s:x"}) {
		t.Errorf("embedded again: %q", got)
	}
}

func TestSubTargetAttributesReachOnlyTheTarget(t *testing.T) {
	w := mustParse(t, `{"nodes":[{"id":"a","task_type":"ppfport"},{"id":"s","task_type":"graph","force_start_node":true,"task_identifier":
	  {"graph":{"input_nodes":[{"id":"x","node":"x"},{"id":"y","node":"y"}]},`+nodes("x", "y")+`}}],
	  "links":[{"source":"a","target":"s","sub_target":"x","sub_target_attributes":{"force_start_node":false,"label":"named","id":"ignored"}}]}`)
	x, y := w.Nodes[1], w.Nodes[2]
	if x.ForceStart || x.Label != "named" || x.ID != NewID("s", "x") || !y.ForceStart || y.Label != "" {
		t.Errorf("%+v\n%+v", x, y)
	}
}

func TestSubgraphMisuse(t *testing.T) {
	sub := `{"id":"s","task_type":"graph","task_identifier":{` + nodes("x") + `}}`
	for attrs, want := range map[string]Kind{
		`"source":"a","target":"s","sub_source":"q","sub_target":"x"`:           KindSubgraph,
		`"source":"a","target":"s","sub_target_attributes":{}`:                  KindSubgraph,
		`"source":"s","target":"a","sub_source":"x","sub_target_attributes":{}`: KindSubgraph,
		`"source":"a","target":"s","sub_target":"q"`:                            KindUnknown,
		`"source":["s","x"],"target":"a"`:                                       KindUnknown,
	} {
		_, err := Parse([]byte(`{"nodes":[{"id":"a","task_type":"ppfport"},`+sub+`],"links":[{`+attrs+`}]}`), LoadOptions{})
		if got := problemKinds(err); !slices.Equal(got, []Kind{want}) {
			t.Errorf("%s: %v", attrs, err)
		}
	}
}

func TestErrorHandlers(t *testing.T) {
	handler := func(rest string) string {
		return `{"nodes":[{"id":"h","task_type":"ppfport","default_error_node":true},{"id":"a","task_type":"ppfport"},{"id":"b","task_type":"ppfport"},{"id":"after","task_type":"ppfport"}],"links":[{"source":"h","target":"after"}` + rest + `]}`
	}
	tests := map[string]struct {
		text string
		want []string
	}{
		"all":       {handler(""), []string{"h -> after", "a -> h on_error", "b -> h on_error"}},
		"own":       {handler(`,{"source":"a","target":"b","on_error":true}`), []string{"h -> after", "a -> b on_error", "b -> h on_error"}},
		"plain":     {handler(`,{"source":"a","target":"h","data_mapping":[]}`), []string{"h -> after", "a -> h on_error", "b -> h on_error"}},
		"unneeded":  {`{"nodes":[{"id":"h","task_type":"ppfport","default_error_node":true},{"id":"after","task_type":"ppfport"}],"links":[{"source":"h","target":"after"}]}`, nil},
		"in a loop": {`{"nodes":[{"id":"h","task_type":"ppfport","default_error_node":true},{"id":"x","task_type":"ppfport"}],"links":[{"source":"h","target":"x"},{"source":"x","target":"h"}]}`, []string{"h -> x", "x -> h"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := mustParse(t, tt.text)
			if got := linkList(w); !slices.Equal(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if name == "all" && !w.Links[1].MapAll {
				t.Error("the handler gets no data")
			}
			if name == "unneeded" && len(w.Nodes) != 0 {
				t.Errorf("%d nodes are left", len(w.Nodes))
			}
		})
	}
}

// The truth table of the reference for required links.
func TestRequiredLinks(t *testing.T) {
	link := func(source, target, attrs string) string {
		return `{"source":"` + source + `","target":"` + target + `"` + attrs + `}`
	}
	cond := `,"conditions":[{"source_output":"r","value":true}]`
	links := []string{link("start", "fan", ""), link("fan", "x", cond), link("x", "y", ""), link("fan", "a", ""), link("a", "b", ""),
		link("b", "merge", ""), link("y", "merge", ""), link("merge", "end", ""), link("fan", "e", `,"on_error":true`)}
	w := mustParse(t, `{`+nodes("start", "fan", "x", "y", "a", "b", "merge", "end", "e")+`,"links":[`+strings.Join(links, ",")+`]}`)
	var optional []string
	for i, required := range w.RequiredLinks() {
		if !required {
			optional = append(optional, linkList(w)[i])
		}
	}
	if want := []string{"fan -> x", "fan -> e on_error", "x -> y", "y -> merge", "merge -> end"}; !slices.Equal(optional, want) {
		t.Errorf("optional: %q, want %q", optional, want)
	}
	cycle := mustParse(t, `{`+nodes("a", "b")+`,"links":[`+link("a", "b", "")+`,`+link("b", "a", "")+`]}`)
	if got := cycle.RequiredLinks(); !slices.Equal(got, []bool{true, true}) {
		t.Errorf("unconditional cycle: %v", got)
	}
}

func TestCycleError(t *testing.T) {
	w := mustParse(t, `{`+nodes("before", "a", "b", "c", "after")+`,"links":[{"source":"before","target":"a"},{"source":"a","target":"b"},{"source":"b","target":"c"},{"source":"c","target":"a"},{"source":"c","target":"after"}]}`)
	_, err := w.TopologicalOrder()
	cycle, ok := err.(*CycleError)
	if !ok || len(cycle.Nodes) != 3 || !strings.Contains(err.Error(), "->") {
		t.Fatalf("%v", err)
	}
	for i, id := range cycle.Nodes {
		source, _ := w.Node(id)
		target, _ := w.Node(cycle.Nodes[(i+1)%3])
		if !slices.ContainsFunc(w.Outgoing(source), func(l int) bool { return w.Links[l].Target == target }) {
			t.Errorf("%v is not a cycle", err)
		}
	}
}

// In a loop without pure end nodes the uncovered conditions decide.
func TestEndNodesOfLoops(t *testing.T) {
	loop := func(elseValue string, values ...string) *Workflow {
		links := []string{`{"source":"b","target":"a"}`}
		for i, v := range values {
			links = append(links, fmt.Sprintf(`{"source":"a","target":"%c","conditions":[{"source_output":"r","value":%s}]}`, 'b'+i, v))
		}
		return mustParse(t, `{"nodes":[{"id":"a","task_type":"ppfport","conditions_else_value":`+elseValue+`},{"id":"b","task_type":"ppfport"},{"id":"c","task_type":"ppfport"}],"links":[{"source":"a","target":"c"},`+strings.Join(links, ",")+`,{"source":"c","target":"a"}]}`)
	}
	for _, tt := range []struct {
		elseValue string
		values    []string
		end       []int
	}{
		{"null", []string{`"x"`}, []int{0}},
		{`"x"`, []string{`"x"`}, nil},
		{"null", []string{"null"}, nil},
		{`"y"`, []string{`"x"`, `"y"`}, nil},
		{"2", []string{"2.0"}, nil},
		// Booleans, and the numbers that equal them, never count as covered.
		{"true", []string{"true"}, []int{0}},
		{"0", []string{"0"}, []int{0}},
		{`"x"`, []string{`"x"`, "1.0"}, []int{0}},
	} {
		if got := loop(tt.elseValue, tt.values...).EndNodes(); !slices.Equal(got, tt.end) {
			t.Errorf("else %s, values %s: end nodes %v, want %v", tt.elseValue, tt.values, got, tt.end)
		}
	}
}
