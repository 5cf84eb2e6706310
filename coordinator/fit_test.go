package coordinator

import (
	"bytes"
	"os"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

func inline(name string, size int) task.Named {
	return task.Named{Name: name, Value: task.Value{Kind: task.Pickled, Blobs: [][]byte{bytes.Repeat([]byte{7}, size)}}}
}

// Requests that are too large for a message lose weight: first the tasks that
// would follow, then their values go to the store.
func TestFit(t *testing.T) {
	c := New(Options{Store: t.TempDir()})
	r := &task.Request{ID: task.ID{Run: "r", Seq: 1}, Inputs: []task.Named{inline("a", 1000)}, Then: &task.Request{Inputs: []task.Named{inline("b", 1000)}}}
	if size, err := c.fit(r); err != nil || size < 2000 || size > 3000 || r.Then == nil {
		t.Errorf("a small request: %d, %v", size, err)
	}
	r.Then.Inputs = []task.Named{inline("b", maxRequestBytes)}
	if size, err := c.fit(r); err != nil || size > 2000 || r.Then != nil {
		t.Errorf("large followers: %d, %v", size, err)
	}
	r.Inputs = nil
	for range 40 {
		r.Inputs = append(r.Inputs, inline("a", 60000))
	}
	size, err := c.fit(r)
	if err != nil || size > maxRequestBytes {
		t.Fatalf("large inputs: %d, %v", size, err)
	}
	for _, in := range r.Inputs {
		if info, err := os.Stat(in.Value.Path); in.Value.Kind != task.Stored || err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("input %+v: %v", in, err)
		}
	}
	r.Inputs = []task.Named{{Name: "a", Value: task.Value{Kind: task.Literal, JSON: bytes.Repeat([]byte("1"), 2*maxRequestBytes)}}}
	if _, err := c.fit(r); err == nil {
		t.Error("an input of 2 MiB in a document was accepted")
	}
}
