package workflow

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func mustParse(t *testing.T, text string) *Workflow {
	t.Helper()
	w, err := Parse([]byte(text), LoadOptions{})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return w
}

// nodes makes task nodes with these ids.
func nodes(ids ...string) string {
	parts := make([]string, len(ids))
	for i, id := range ids {
		parts[i] = `{"id":"` + id + `","task_type":"method","task_identifier":"m.f"}`
	}
	return `"nodes":[` + strings.Join(parts, ",") + `]`
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEmptyGraph(t *testing.T) {
	for _, source := range []Source{{}, {Data: []byte("{}")}, {Path: "{}"}} {
		w, err := Load(source, LoadOptions{})
		if err != nil {
			t.Fatalf("%+v: %v", source, err)
		}
		if w.ID != "notspecified" || w.Label != "notspecified" || len(w.Nodes) != 0 {
			t.Errorf("%+v: %+v", source, w)
		}
	}
}

func TestFindFile(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "plain.json", `{"graph":{"id":"plain"}}`)
	write(t, dir, "other.yaml", "graph: {id: other}")
	write(t, dir, "noext", "graph: {id: noext}")
	write(t, dir, "site/pkg/__init__.py", "")
	write(t, dir, "site/pkg/sub/flow.json", `{"graph":{"id":"flow"}}`)
	write(t, dir, "first/pkg/sub/flow.json", `{"graph":{"id":"namespace"}}`)
	search := []string{filepath.Join(dir, "first"), filepath.Join(dir, "site")}
	tests := []struct {
		name   string
		source Source
		opts   LoadOptions
		id     string
	}{
		{"absolute", Source{Path: filepath.Join(dir, "plain.json")}, LoadOptions{}, "plain"},
		{"root dir", Source{Path: "plain.json"}, LoadOptions{RootDir: dir}, "plain"},
		{"guessed extension", Source{Path: "plain"}, LoadOptions{RootDir: dir}, "plain"},
		{"replaced extension", Source{Path: "other.yml"}, LoadOptions{RootDir: dir}, "other"},
		{"no extension", Source{Path: "noext"}, LoadOptions{RootDir: dir}, "noext"},
		{"json as asked", Source{Path: "plain.txt", Representation: JSON}, LoadOptions{RootDir: dir}, "plain"},
		{"module", Source{Path: "pkg.sub.flow", Representation: JSONModule}, LoadOptions{SearchPath: search}, "flow"},
		{"root module", Source{Path: "flow.json"}, LoadOptions{RootModule: "pkg.sub", SearchPath: search}, "pkg.sub.flow"},
		{"root dir wins", Source{Path: "plain"}, LoadOptions{RootDir: dir, RootModule: "pkg.sub", SearchPath: search}, "plain"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, err := Load(tt.source, tt.opts)
			if err != nil {
				t.Fatal(err)
			}
			if w.ID != tt.id {
				t.Errorf("id %q, want %q", w.ID, tt.id)
			}
		})
	}
}

func TestNotFound(t *testing.T) {
	dir := t.TempDir()
	_, err := LoadFile("missing.yaml", LoadOptions{RootDir: dir})
	var missing *NotFoundError
	if !errors.As(err, &missing) || !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%v", err)
	}
	for _, name := range []string{"missing.yaml", "missing.yml"} {
		if !strings.Contains(missing.Hint(), filepath.Join(dir, name)) {
			t.Errorf("hint %q does not say that %s was tried", missing.Hint(), name)
		}
	}
	_, err = Load(Source{Path: "no.such.flow", Representation: JSONModule}, LoadOptions{SearchPath: []string{dir}})
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "no.such") {
		t.Errorf("%v", err)
	}
	// A missing subgraph is a problem of its node, next to the others.
	_, err = Parse([]byte(`{"nodes":[{"id":"s","task_type":"graph","task_identifier":"missing.json"},{"id":"x"}]}`), LoadOptions{RootDir: dir})
	if !errors.Is(err, fs.ErrNotExist) || !slices.Equal(problemKinds(err), []Kind{KindTask, KindFile}) {
		t.Errorf("%v", err)
	}
}

func TestSyntaxErrors(t *testing.T) {
	tests := []struct {
		name, text   string
		line, column int
	}{
		{"a.json", "{\n  \"graph\": {,}\n}", 2, 13},
		{"a.json", "{\"nodes\": [1 2]}", 1, 14},
		{"a.json", "{\"graph\": {\"id\": \"x}}", 1, 18},
		{"a.json", "{} x", 1, 4},
		{"a.json", "{\"graph\": {\"x\": NaN}}", 1, 17},
		{"a.json", "{\"graph\": {\"x\": -Infinity}}", 1, 18},
		{"a.json", "{\"graph\": {\"x\": 01}}", 1, 18},
		{"a.json", "{\"graph\": {\"x\": \"\\q\"}}", 1, 18},
		{"a.json", "{\"graph\": {\"\xff\": 1}}", 1, 13},
		{"a.json", "", 1, 1},
		{"a.yaml", "graph:\n  id: x\n nodes: [\n", 3, 0},
		{"a.yaml", "graph: {id: x\nnodes: []\n", 2, 0},
		{"a.yaml", "graph: {when: 2020-01-01}", 1, 15},
		{"a.yaml", "graph: {x: .nan}", 1, 12},
		{"a.yaml", "graph: {x: !!python/object:os.system {}}", 1, 12},
		{"a.yaml", "a: 1\n---\nb: 2\n", 2, 1},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			path := write(t, t.TempDir(), tt.name, tt.text)
			_, err := LoadFile(path, LoadOptions{})
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("%T %v", err, err)
			}
			if syntax.File != path || syntax.Line != tt.line || syntax.Column != tt.column {
				t.Errorf("%v, want line %d column %d", err, tt.line, tt.column)
			}
		})
	}
}

func TestProblems(t *testing.T) {
	task := `"task_type":"method","task_identifier":"m.f"`
	ab := nodes("a", "b")
	link := func(attrs string) string { return `{` + ab + `,"links":[{"source":"a","target":"b",` + attrs + `}]}` }
	tests := []struct {
		name, text string
		kinds      []Kind
	}{
		{"top level list", `[]`, []Kind{KindDocument}},
		{"nodes not a list", `{"nodes":{}}`, []Kind{KindDocument}},
		{"undirected", `{"directed":false}`, []Kind{KindDirected}},
		{"old schema", `{"graph":{"schema_version":"0.0"}}`, []Kind{KindSchema}},
		{"new schema", `{"graph":{"schema_version":"1.3"}}`, []Kind{KindSchema}},
		{"no version", `{"graph":{"schema_version":"x"}}`, []Kind{KindSchema}},
		{"numeric version", `{"graph":{"schema_version":1.1}}`, []Kind{KindDocument}},
		{"pickled values", `{"__ewoks_serialize__":{"serializer":"json_pickle","serializer_version":"1.0.0"}}`, []Kind{KindSchema}},
		{"no task", `{"nodes":[{"id":"a"}]}`, []Kind{KindTask}},
		{"two tasks", `{"nodes":[{"id":"a","class":"x","method":"y"}]}`, []Kind{KindTask}},
		{"no identifier", `{"nodes":[{"id":"a","task_type":"class"}]}`, []Kind{KindMissing}},
		{"empty subgraph", `{"nodes":[{"id":"a","task_type":"graph","task_identifier":{}}]}`, []Kind{KindMissing}},
		{"ppfport identifier", `{"nodes":[{"id":"a","task_type":"ppfport","task_identifier":"x"}]}`, []Kind{KindForbidden}},
		{"no generator", `{"nodes":[{"id":"a","task_type":"generated","task_identifier":"x"}]}`, []Kind{KindMissing}},
		{"generator", `{"nodes":[{"id":"a",` + task + `,"task_generator":"x"}]}`, []Kind{KindForbidden}},
		{"bad ids", `{"nodes":[{"id":"",` + task + `},{"id":["x"],` + task + `},{"id":1.5,` + task + `},{"id":"x\u0000y",` + task + `}]}`, []Kind{KindID, KindID, KindID, KindID}},
		{"int and string id", `{"nodes":[{"id":1,` + task + `},{"id":"1",` + task + `}]}`, []Kind{KindID}},
		{"unknown nodes", `{` + ab + `,"links":[{"source":"x","target":"y"}]}`, []Kind{KindUnknown, KindUnknown}},
		{"no ends", `{` + ab + `,"links":[{}]}`, []Kind{KindDocument, KindDocument}},
		{"map all and mapping", link(`"map_all_data":true,"data_mapping":[{"target_input":"x"}]`), []Kind{KindExclusive}},
		{"error and conditions", link(`"on_error":true,"conditions":[{"source_output":"x","value":1}]`), []Kind{KindExclusive}},
		{"no target input", link(`"data_mapping":[{"source_output":"x"}]`), []Kind{KindTarget}},
		{"same input twice", link(`"data_mapping":[{"target_input":"x"},{"target_input":"x"}]`), []Kind{KindCollision}},
		{"condition on a list", link(`"conditions":[{"source_output":"x","value":[]}]`), []Kind{KindDocument}},
		{"condition without value", link(`"conditions":[{"source_output":"x"}]`), []Kind{KindDocument}},
		{"position too high", link(`"data_mapping":[{"target_input":70000}]`), []Kind{KindDocument}},
		{"negative position", link(`"data_mapping":[{"target_input":-1}]`), []Kind{KindDocument}},
		{"conflict", `{` + ab + `,"links":[{"source":"a","target":"b","map_all_data":true},{"source":"a","target":"b","map_all_data":false}]}`, []Kind{KindConflict}},
		{"everything at once", `{"nodes":[{"id":"a"},{"id":"b","task_type":"class"}],"links":[{"source":"a","target":"c"},{"source":"a","target":"b","on_error":true,"conditions":[{"source_output":"x","value":1}]}]}`,
			[]Kind{KindTask, KindMissing, KindUnknown, KindExclusive}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse([]byte(tt.text), LoadOptions{})
			if got := problemKinds(err); !slices.Equal(got, tt.kinds) {
				t.Errorf("%v: %v, want %v", err, got, tt.kinds)
			}
		})
	}
}

func TestProblemNamesThePlace(t *testing.T) {
	_, err := Parse([]byte(`{"nodes":[{"id":"s","task_type":"graph","task_identifier":{"nodes":[{"id":"x"}],"links":[{"source":"x","target":"q"}]}}]}`), LoadOptions{})
	var problems Problems
	if !errors.As(err, &problems) || len(problems) != 2 {
		t.Fatalf("%v", err)
	}
	if problems[0].Node != "s:x" || problems[1].Node != "s" || problems[1].Link != "x -> q" {
		t.Errorf("%+v", problems)
	}
	if got, want := err.Error(), `node "s:x": task_type is missing (and 1 more problem)`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if problems.Hint() == "" {
		t.Error("no hint")
	}
}

func TestDeprecatedForms(t *testing.T) {
	w := mustParse(t, `{"nodes":[{"id":"a","class":"m.C"},{"id":"b","task":"name","task_generator":"m.g"},{"id":"c","ppfport":true}]}`)
	var got []string
	for _, n := range w.Nodes {
		got = append(got, n.TaskType+" "+n.Identifier+" "+n.Generator)
	}
	if want := []string{"class m.C ", "generated name m.g", "ppfport  "}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if len(w.Warnings) != 3 || w.Warnings[0].Kind != KindDeprecated {
		t.Errorf("warnings %v", w.Warnings)
	}
}

func TestParallelLinks(t *testing.T) {
	two := func(prefix, a, b string) *Workflow {
		return mustParse(t, `{`+prefix+nodes("a", "b")+`,"links":[{"source":"a","target":"b",`+a+`},{"source":"a","target":"b",`+b+`}]}`)
	}
	x, y := `"data_mapping":[{"target_input":"x"}]`, `"data_mapping":[{"target_input":"y"}],"tags":["t"]`
	if l := two("", x, y).Links; len(l) != 1 || len(l[0].DataMapping) != 2 || string(l[0].Extra["tags"]) != `["t"]` {
		t.Errorf("merged: %+v", l)
	}
	if l := two("", x, x).Links; len(l[0].DataMapping) != 1 {
		t.Errorf("equal: %+v", l)
	}
	if l := two(`"multigraph":false,`, x, y).Links; len(l) != 1 || len(l[0].DataMapping) != 1 || l[0].DataMapping[0].Input != "y" {
		t.Errorf("simple graph: %+v", l)
	}
	if l := two("", x+`,"key":7`, y+`,"key":7`).Links; len(l[0].DataMapping) != 1 || l[0].Extra["key"] != nil {
		t.Errorf("same key: %+v", l)
	}
	if l := two("", `"n":{"p":[1]}`, `"n":{"p":[2],"q":"s"}`).Links; string(l[0].Extra["n"]) != `{"p":[1,2],"q":"s"}` {
		t.Errorf("nested: %s", l[0].Extra["n"])
	}
}

func TestYAML(t *testing.T) {
	w := mustParse(t, `
graph: {id: yaml graph}
nodes:
- id: !!python/tuple [s, !!python/tuple [t, x]]
  task_type: method
  task_identifier: m.f
  default_inputs: &inputs
  - {name: 0, value: 0x10}
  - {name: yes_no, value: [yes, off, 1e3, 1.5e+3, 010, 1_000, ~, "on", 1:30, -0, .5]}
- id: 12
  <<: {task_type: script, label: merged}
  label: own
  task_identifier: s.py
  default_inputs: *inputs
links:
- {source: [s, [t, x]], target: 12, on_error: on}
`)
	if _, ok := w.Node(NewID("s", "t", "x")); !ok {
		t.Errorf("nodes %+v", w.Nodes)
	}
	n := w.Nodes[1]
	if n.ID != "12" || n.TaskType != "script" || n.Label != "own" || n.DefaultInputs[0].Name != "0" || string(n.DefaultInputs[0].Value) != "16" {
		t.Errorf("%+v", n)
	}
	if got, want := string(n.DefaultInputs[1].Value), `[true,false,"1e3",1500.0,8,1000,null,"on",90,0,0.5]`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if !w.Links[0].OnError {
		t.Error("on is not true")
	}
}
