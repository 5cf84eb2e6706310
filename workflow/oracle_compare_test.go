package workflow

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
)

// compare holds our reading of a graph against ewokscore's and says how it
// went: "equal", or the cause of the error that both found.
func compare(t *testing.T, number int, a answer) string {
	t.Helper()
	w, err := Parse(a.Source, LoadOptions{})
	if a.Error == "recursion-limit" || a.Error == "handler-crash" {
		// Advice: handlers that nothing needs are removed. And the recursive rule for required links overflows on unconditional
		// cycles; ours is a fixed point and has an answer.
		return a.Error
	}
	fail := func(format string, args ...any) {
		t.Errorf("graph %d: %s\n%s", number, fmt.Sprintf(format, args...), a.Source)
	}
	if a.Error != "" {
		kinds := problemKinds(err)
		want := Kind(a.Error)
		switch {
		case slices.Contains(kinds, want):
		case want == KindTask && slices.Contains(kinds, KindUnknown):
			// A link to an unknown node makes a node without a task there.
		case want == KindCollision && slices.Contains(problemKinds(loadUnlinked(t, a.Source)), KindCollision):
			// ewokscore also validates the graph before the links into its
			// subgraphs are there, which make some of the others optional.
			return "collision-while-unlinked"
		default:
			fail("ewokscore finds %s (%s), we find %v (%v)", a.Error, a.Message, kinds, err)
		}
		return a.Error
	}
	if err != nil {
		fail("ewokscore loads it, we find %v", err)
		return "wrong"
	}
	compareAnalysis(t, fail, w, a)
	compareDump(fail, w, a.Dump)
	return "equal"
}

// loadUnlinked loads a graph without the links that touch graph nodes.
func loadUnlinked(t *testing.T, source []byte) error {
	t.Helper()
	var doc object
	if err := json.Unmarshal(source, &doc); err != nil {
		t.Fatal(err)
	}
	unlink(doc)
	data, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Parse(data, LoadOptions{})
	return err
}

func unlink(doc object) {
	graphs := map[any]bool{}
	for _, n := range doc["nodes"].([]any) {
		n := n.(object)
		for _, key := range []string{"task_identifier", "graph"} {
			if sub, ok := n[key].(object); ok {
				graphs[n["id"]] = true
				unlink(sub)
			}
		}
	}
	doc["links"] = slices.DeleteFunc(doc["links"].([]any), func(l any) bool {
		return graphs[l.(object)["source"]] || graphs[l.(object)["target"]]
	})
}

func problemKinds(err error) []Kind {
	var kinds []Kind
	if problems, ok := err.(Problems); ok {
		for _, p := range problems {
			kinds = append(kinds, p.Kind)
		}
	}
	return kinds
}

func compareAnalysis(t *testing.T, fail func(string, ...any), w *Workflow, a answer) {
	t.Helper()
	same := func(what string, ours []int, theirs []ID, ordered bool) {
		got, want := ids(w, ours), slices.Clone(theirs)
		if !ordered {
			slices.Sort(got)
			slices.Sort(want)
		}
		if !slices.Equal(got, want) {
			fail("%s nodes are %q, ewokscore says %q", what, got, want)
		}
	}
	same("start", w.StartNodes(exampleInputs), a.Start, false)
	same("end", w.EndNodes(), a.End, false)
	if w.Cyclic() != a.Cyclic {
		fail("cyclic is %v, ewokscore says %v", w.Cyclic(), a.Cyclic)
	}
	order, err := w.TopologicalOrder()
	if (err != nil) != a.Cyclic {
		fail("topological order: %v", err)
	}
	if err == nil {
		same("sorted", order, a.Order, true)
	}
	required := w.RequiredLinks()
	if len(required) != len(a.Required) {
		fail("%d links, ewokscore has %d", len(required), len(a.Required))
		return
	}
	for i, r := range a.Required {
		l := w.Links[i]
		ours := fmt.Sprintf("%s %s %v", w.Nodes[l.Source].ID, w.Nodes[l.Target].ID, required[i])
		var source, target ID
		if json.Unmarshal(r[0], &source) != nil || json.Unmarshal(r[1], &target) != nil {
			t.Fatalf("ids %s %s", r[0], r[1])
		}
		if theirs := fmt.Sprintf("%s %s %s", source, target, r[2]); ours != theirs {
			fail("required link %d is %q, ewokscore says %q", i, ours, theirs)
		}
	}
}

func ids(w *Workflow, positions []int) []ID {
	out := make([]ID, len(positions))
	for i, p := range positions {
		out[i] = w.Nodes[p].ID
	}
	return out
}

// compareDump compares the flat documents, without the attributes that say
// what is the default anyway.
func compareDump(fail func(string, ...any), w *Workflow, dump json.RawMessage) {
	ours, theirs := normalDump(w.AppendJSON(nil)), normalDump(dump)
	if ours != theirs {
		fail("documents differ:\nours:   %s\ntheirs: %s", ours, theirs)
	}
}

func normalDump(data []byte) string {
	var doc struct {
		Graph        map[string]any
		Nodes, Links []map[string]any
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return "not a document: " + err.Error()
	}
	// Advice: only the top graph's attributes; ewokscore lets those of
	// subgraphs leak upwards where the top graph has none.
	for _, key := range []string{"label", "input_nodes", "output_nodes"} {
		delete(doc.Graph, key)
	}
	for _, list := range [][]map[string]any{doc.Nodes, doc.Links} {
		for _, attrs := range list {
			normalAttributes(attrs)
		}
	}
	out, err := json.Marshal(doc)
	if err != nil {
		return err.Error()
	}
	return string(out)
}

// normalAttributes removes attributes that have their default value.
func normalAttributes(attrs map[string]any) {
	// ewokscore does not replace a value by one that Python finds equal.
	for _, key := range []string{"conditions_else_value", "default_inputs"} {
		if value, ok := attrs[key]; ok {
			attrs[key] = boolsAsNumbers(value)
		}
	}
	for key, value := range attrs {
		switch value := value.(type) {
		case nil:
			delete(attrs, key)
		case bool:
			if !value && key != "required" {
				delete(attrs, key)
			}
		case []any:
			if len(value) == 0 {
				delete(attrs, key)
			}
		}
	}
	// ewokscore keeps these on links between tasks, where they mean nothing.
	delete(attrs, "sub_source")
	delete(attrs, "sub_target")
	delete(attrs, "sub_target_attributes")
}

func boolsAsNumbers(value any) any {
	switch value := value.(type) {
	case bool:
		if value {
			return 1.0
		}
		return 0.0
	case []any:
		for i := range value {
			value[i] = boolsAsNumbers(value[i])
		}
	case object:
		for key := range value {
			value[key] = boolsAsNumbers(value[key])
		}
	}
	return value
}
