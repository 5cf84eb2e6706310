package workflow

import (
	"fmt"
	"strings"
	"testing"
)

// chainDocument is a chain of n nodes, as a program would write it.
func chainDocument(n int) []byte {
	var b strings.Builder
	b.WriteString(`{"graph": {"id": "chain", "schema_version": "1.1"}, "nodes": [`)
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, `{"id": "node%d", "label": "Node %d", "task_type": "class", "task_identifier": "package.module.SumTask", "default_inputs": [{"name": "b", "value": %d}], "uiProps": {"x": %d, "y": 3.5}}`, i, i, i, i)
	}
	b.WriteString(`], "links": [`)
	for i := 1; i < n; i++ {
		if i > 1 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, `{"source": "node%d", "target": "node%d", "data_mapping": [{"source_output": "result", "target_input": "a"}]}`, i-1, i)
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}

func BenchmarkLoad100000(b *testing.B) {
	data := chainDocument(100_000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(data, LoadOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDump100000(b *testing.B) {
	w, err := Parse(chainDocument(100_000), LoadOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		w.AppendJSON(nil)
	}
}

func BenchmarkAnalyse100000(b *testing.B) {
	w, err := Parse(chainDocument(100_000), LoadOptions{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		w.StartNodes(nil)
		w.EndNodes()
		w.RequiredLinks()
		w.Cyclic()
	}
}
