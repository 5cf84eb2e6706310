package workflow

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestLimits(t *testing.T) {
	deep := strings.Repeat("[", 300) + strings.Repeat("]", 300)
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := byte('b'); c < 'k'; c++ {
		bomb += string(c) + ": &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat("*"+string(c-1)+",", 10), ",") + "]\n"
	}
	tests := []struct {
		name, text, want string
		opts             LoadOptions
	}{
		{"json depth", `{"graph":{"x":` + deep + `}}`, "deeper than 200", LoadOptions{}},
		{"yaml depth", `graph: {x: ` + deep + `}`, "deeper than 200", LoadOptions{}},
		{"yaml bomb", bomb, "too large", LoadOptions{}},
		{"yaml loop", "graph: &a {x: *a}", "", LoadOptions{}},
		{"yaml merge loop", "graph: &a {<<: *a}", "", LoadOptions{}},
		{"size", `{"graph":{"x":"` + strings.Repeat("x", 100) + `"}}`, "larger than 100 bytes", LoadOptions{MaxBytes: 100}},
		{"elements", `{` + nodes("a", "b", "c") + `}`, "too many nodes", LoadOptions{MaxElements: 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			start := time.Now()
			_, err := Parse([]byte(tt.text), tt.opts)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v", err)
			}
			if took := time.Since(start); took > time.Minute {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestSubgraphRecursion(t *testing.T) {
	dir := t.TempDir()
	include := func(name string) string {
		return `{"nodes":[{"id":"s","task_type":"graph","task_identifier":"` + name + `"}]}`
	}
	write(t, dir, "a.json", include("b"))
	write(t, dir, "b.json", include("a.json"))
	_, err := LoadFile("a.json", LoadOptions{RootDir: dir})
	if got := problemKinds(err); !slices.Equal(got, []Kind{KindRecursion}) {
		t.Fatalf("%v", err)
	}
	if !strings.Contains(err.Error(), "a.json -> ") {
		t.Errorf("%v", err)
	}
	// Each file includes the next twice: 2^40 nodes.
	twice := `{"nodes":[{"id":"s","task_type":"graph","task_identifier":"NEXT"},{"id":"t","task_type":"graph","task_identifier":"NEXT"}]}`
	name := func(i int) string { return fmt.Sprintf("n%d.json", i) }
	for i := range 40 {
		write(t, dir, name(i), strings.ReplaceAll(twice, "NEXT", name(i+1)))
	}
	write(t, dir, name(40), `{`+nodes("x")+`}`)
	_, err = LoadFile(name(0), LoadOptions{RootDir: dir, MaxElements: 10_000})
	if got := problemKinds(err); !slices.Contains(got, KindLimit) {
		t.Errorf("%v", err)
	}
}

func TestProblemsAreBounded(t *testing.T) {
	_, err := Parse([]byte(`{"nodes":[`+strings.Repeat("{},", 4999)+`{}]}`), LoadOptions{})
	if n := len(problemKinds(err)); n != maxProblems+1 || !strings.Contains(err.Error(), "and 4999 more problems") {
		t.Errorf("%d problems: %v", n, err)
	}
}
