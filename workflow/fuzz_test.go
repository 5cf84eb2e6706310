package workflow

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"
)

var fuzzSeeds = []string{
	`{}`, `{"graph":{"id":"g","schema_version":"1.0"},"nodes":[{"id":["s",["t","x"]],"class":"m.C","default_inputs":[{"name":0,"value":[1,{"a":null}]}]}],"links":[]}`,
	`{"nodes":[{"id":"a","task_type":"graph","task_identifier":{"graph":{"input_nodes":[{"id":"in","node":"x"}]},"nodes":[{"id":"x","task_type":"ppfport"}]}},{"task_type":"ppfport"}],"links":[{"source":1,"target":"a"},{"source":"1","target":"a","sub_target":"in"}]}`,
	`{"nodes":[{"id":"a","task_type":"ppfport","default_error_node":true}],"links":[{"source":"a","target":"a","conditions":[{"source_output":"x","value":1e400}]}]}`,
	"graph: {id: x}\nnodes:\n- &n {id: !!python/tuple [a, b], task_type: ppfport}\n- <<: *n\n  id: on\n",
	"a: &a [1,2]\nb: [*a, *a]\nc: 0x_\nd: 1:2:3.5\ne: !!float 3\n",
}

// checkFuzzed holds what must be true of any text: reading ends soon, and what
// was read can be written and read again.
func checkFuzzed(t *testing.T, data []byte, as Representation) {
	start := time.Now()
	opts := LoadOptions{RootDir: "no such directory", MaxBytes: 1 << 20, MaxElements: 10_000}
	w, err := Load(Source{Data: data, Representation: as}, opts)
	if took := time.Since(start); took > 10*time.Second {
		t.Fatalf("took %v", took)
	}
	if err != nil {
		if err.Error() == "" {
			t.Fatal("an error without a message")
		}
		return
	}
	text := w.AppendJSON(nil)
	if !json.Valid(text) {
		t.Fatalf("not JSON: %s", text)
	}
	again, err := Load(Source{Data: text}, LoadOptions{})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if second := again.AppendJSON(nil); !bytes.Equal(text, second) {
		t.Fatalf("differs:\n%s\n%s", text, second)
	}
	w.EndNodes()
	w.StartNodes(nil)
	w.TopologicalOrder()
}

func FuzzJSON(f *testing.F) {
	for _, seed := range fuzzSeeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if data == nil {
			data = []byte{}
		}
		checkFuzzed(t, data, JSON)
	})
}

func FuzzYAML(f *testing.F) {
	for _, seed := range fuzzSeeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if data == nil {
			data = []byte{}
		}
		checkFuzzed(t, data, YAML)
	})
}
