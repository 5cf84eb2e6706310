package workflow

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestRoundTrip(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	gen := &generator{Rand: rand.New(rand.NewPCG(seed, 2))}
	valid := 0
	for range 300 {
		w, err := Parse(toJSON(t, gen.graph(0)), LoadOptions{})
		if err != nil {
			continue
		}
		valid++
		first := compact(t, w)
		for name, write := range map[string]func() ([]byte, error){"json": w.MarshalJSON, "indented": w.Document, "yaml": w.YAML} {
			text, err := write()
			if err != nil {
				t.Fatal(err)
			}
			again, err := Parse(text, LoadOptions{})
			if err != nil {
				t.Fatalf("%s: %v\n%s", name, err, text)
			}
			if second := compact(t, again); first != second {
				t.Fatalf("%s differs:\n%s\n%s", name, first, second)
			}
		}
	}
	if valid < 50 {
		t.Errorf("only %d graphs were valid", valid)
	}
}

func compact(t *testing.T, w *Workflow) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Compact(&out, w.AppendJSON(nil)); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestLongChain(t *testing.T) {
	start := time.Now()
	w, err := Parse(chainDocument(10_000), LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	order, err := w.TopologicalOrder()
	if err != nil || len(order) != 10_000 || order[9_999] != 9_999 {
		t.Errorf("order of %d nodes, %v", len(order), err)
	}
	if s, e := w.StartNodes(nil), w.EndNodes(); !slices.Equal(s, []int{0}) || !slices.Equal(e, []int{9_999}) {
		t.Errorf("start %v end %v", s, e)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}
