package engine

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// merging is a node M with the links A, B (required) and C, D (optional).
func merging(t *testing.T, cached string) (s *State, link map[string]int) {
	doc := `{"graph":{"id":"g"},"nodes":[`
	var links []string
	for _, id := range []string{"A", "B", "C", "D"} {
		doc += fmt.Sprintf(`{"id":%q,"task_type":"method","task_identifier":"m.f"},`, id)
		links = append(links, fmt.Sprintf(`{"source":%q,"target":"M","required":%t,"cache_if_optional":%t,"map_all_data":true}`,
			id, id < "C", strings.Contains(cached, id)))
	}
	doc += `{"id":"M","task_type":"method","task_identifier":"m.f"}],"links":[` + strings.Join(links, ",") + "]}"
	wf, err := workflow.Parse([]byte(doc), workflow.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	link = map[string]int{}
	for i := range wf.Links {
		link[wf.Nodes[wf.Links[i].Source].ID.String()] = i
	}
	return New(NewPlan(wf, PlanOptions{}), Options{Run: "r"}), link
}

// The rows are what the merger of the reference does (ewoks semantics, section
// "input merger"): digits are later values of a link.
func TestMerger(t *testing.T) {
	for _, c := range []struct{ cached, triggers, executions string }{
		{"", "A B C D A2 C2", "A+B, A+B+C, A+B+D, A2+B+D, A2+B+C2"},
		{"", "C D A B A2 C2", "A+B+C, A+B+D, A2+B+D, A2+B+C2"},
		{"", "A C B D A2 C2", "A+B+C, A+B+D, A2+B+D, A2+B+C2"},
		{"", "C A D B A2 C2", "A+B+C, A+B+D, A2+B+D, A2+B+C2"},
		{"C", "A B C D A2 C2 D2", "A+B, A+B+C, A+B+C+D, A2+B+C+D, A2+B+C2+D, A2+B+C2+D2"},
		{"C", "A C B D A2 C2 D2", "A+B+C, A+B+C+D, A2+B+C+D, A2+B+C2+D, A2+B+C2+D2"},
		{"C", "C D A B A2 C2 D2", "A+B+C+D, A2+B+C+D, A2+B+C2+D, A2+B+C2+D2"},
		{"C", "C A D B A2 C2 D2", "A+B+C+D, A2+B+C+D, A2+B+C2+D, A2+B+C2+D2"},
	} {
		s, link := merging(t, c.cached)
		var got []string
		for _, name := range strings.Fields(c.triggers) {
			s.actions = nil
			data := []task.Named{{Name: name[:1], Value: task.Value{Kind: task.Literal, JSON: []byte(name)}}}
			s.deliver(link[name[:1]], delivery{filled: true, data: data})
			for _, a := range s.actions {
				var parts []string
				for _, in := range a.(Start).Request.Inputs {
					parts = append(parts, string(in.Value.JSON))
				}
				got = append(got, strings.Join(parts, "+"))
			}
		}
		if strings.Join(got, ", ") != c.executions {
			t.Errorf("cached %q, triggers %s:\n%s\nwant\n%s", c.cached, c.triggers, strings.Join(got, ", "), c.executions)
		}
	}
}
