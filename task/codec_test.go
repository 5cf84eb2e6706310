package task_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/resource"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Random messages come back as they were sent, by both ways of reading frames.
func TestRoundTrip(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	g := generator{rand.New(rand.NewPCG(seed, 0))}
	for range 500 {
		turn := &task.Turn{Worker: g.text(), Number: g.r.Uint64(), Free: 3, Ahead: 7, Holding: []task.ID{{Run: "run", Seq: 3}}}
		for range g.r.IntN(4) {
			turn.Results = append(turn.Results, g.result())
		}
		got, err := task.DecodeTurn(task.EncodeTurn(turn))
		if err != nil || !same(got, turn) {
			t.Fatalf("turn %+v\ncame back as %+v (%v)", turn, got, err)
		}
		reply := &task.Reply{Number: 1, Environments: map[string]task.Environment{"r": {Dir: g.text(), Set: []string{"A=b"}}}}
		for range g.r.IntN(4) {
			reply.Requests = append(reply.Requests, g.request())
		}
		back, err := task.DecodeReply(task.EncodeReply(reply))
		if err != nil || !same(back, reply) {
			t.Fatalf("reply %+v\ncame back as %+v (%v)", reply, back, err)
		}
	}
}

// same compares but for the difference between nil and empty.
func same(a, b any) bool {
	return reflect.DeepEqual(a, b) || fmt.Sprintf("%+v", deref(a)) == fmt.Sprintf("%+v", deref(b))
}

func deref(v any) any { return string(encode(v)) }

func encode(v any) []byte {
	switch v := v.(type) {
	case *task.Turn:
		return task.EncodeTurn(v)
	case *task.Reply:
		return task.EncodeReply(v)
	}
	panic(v)
}

type generator struct{ r *rand.Rand }

var texts = []string{"", "plain", `quote " and \ back`, "new\nline", "ünï", "\x00\x1f", "\U0001F600", "</script>", "a/b"}

func (g generator) text() string { return texts[g.r.IntN(len(texts))] }

func (g generator) value(depth int) task.Value {
	switch g.r.IntN(7) {
	case 5:
		return task.Value{Kind: task.Passed, Output: g.text()}
	case 0:
		return task.Value{Kind: task.Literal, JSON: []byte(`{"a":[1,null,"x"]}`)}
	case 1:
		return task.Value{Kind: task.Pickled, Blobs: [][]byte{{1, 2, 3}, bytes.Repeat([]byte{7}, g.r.IntN(300))}}
	case 2:
		return task.Value{Kind: task.Stored, Path: g.text(), Size: g.r.Int64()}
	case 3:
		return task.Value{Kind: task.Held, Seq: g.r.Uint64(), Output: g.text()}
	case 4:
		if depth < 3 {
			return task.Value{Kind: task.Group, Members: g.named(depth + 1)}
		}
	}
	return task.Value{}
}

func (g generator) named(depth int) (list []task.Named) {
	for range g.r.IntN(4) {
		list = append(list, task.Named{Name: g.text(), Value: g.value(depth)})
	}
	return list
}

func (g generator) id() task.ID { return task.ID{Run: g.text(), Seq: g.r.Uint64()} }

func (g generator) request() *task.Request {
	r := &task.Request{
		ID: g.id(), Attempt: g.r.IntN(9), Node: g.text(), Label: g.text(), Type: g.text(), Identifier: g.text(), Generator: g.text(),
		Inputs: g.named(0), Wanted: task.Wanted{None: g.r.IntN(2) == 0, Keep: g.r.IntN(2) == 0, Show: g.r.IntN(2) == 0},
		Fatal: g.r.IntN(2) == 0, Limit: time.Duration(g.r.IntN(1e6)) * time.Millisecond,
		Resources: resource.Need{Cores: g.r.IntN(3), GPUs: g.r.IntN(2), Memory: resource.Bytes(g.r.IntN(3) * 1000 * (1 + g.r.IntN(1e6)))}, Tests: g.tests(),
	}
	if g.r.IntN(3) == 0 {
		r.Then = g.request()
	}
	return r
}

func (g generator) tests() (list []task.Test) {
	for range g.r.IntN(3) {
		test := task.Test{Link: g.r.IntN(100)}
		for range 1 + g.r.IntN(2) {
			test.Conditions = append(test.Conditions, task.Condition{Output: g.text(), Value: []byte([]string{"null", "true", `"x"`, "1.5"}[g.r.IntN(4)])})
		}
		list = append(list, test)
	}
	return list
}

func (g generator) result() task.Result {
	r := task.Result{
		ID: g.id(), Attempt: g.r.IntN(9), Status: task.Status(g.r.IntN(4)), Outputs: g.named(0), Stdout: g.text(), Stderr: g.text(), Begun: g.r.IntN(2) == 0,
		Duration: time.Duration(g.r.IntN(1e9)) * time.Microsecond, PeakMemory: g.r.Int64N(3),
	}
	if g.r.IntN(2) == 0 {
		r.Started = time.UnixMicro(g.r.Int64N(1e15) + 1)
	}
	for range g.r.IntN(3) {
		r.Steps = append(r.Steps, task.Step{Node: g.text(), After: time.Duration(g.r.IntN(9)) * time.Microsecond, Failed: g.r.IntN(2) == 0})
	}
	for range g.r.IntN(3) {
		r.Fired = append(r.Fired, g.r.IntN(100))
	}
	if g.r.IntN(2) == 0 {
		r.Shown = []task.Shown{{Name: g.text(), JSON: []byte(`{"type":"x"}`)}}
		r.Failure = task.Failure{Cause: task.Exception, Type: g.text(), Message: g.text(), Traceback: g.text()}
	}
	return r
}

func TestFrameRefusals(t *testing.T) {
	good := task.AppendFrame(nil, task.Frame{Header: []byte("{}"), Blobs: [][]byte{[]byte("blob")}})
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"other version":  {append([]byte{9}, good[1:]...), task.ErrVersion},
		"cut header":     {good[:5], io.ErrUnexpectedEOF},
		"cut blob":       {good[:len(good)-1], io.ErrUnexpectedEOF},
		"huge blob":      {append(append([]byte{}, good[:8]...), 0, 0, 0, 1, 0, 0, 0, 0), io.ErrUnexpectedEOF},
		"nothing at all": {nil, nil},
	} {
		if _, err := task.DecodeFrame(c.data); err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: decoding gives %v, want %v", name, err, c.want)
		}
		if _, err := task.ReadFrame(bufio.NewReader(bytes.NewReader(c.data))); err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: reading gives %v, want %v", name, err, c.want)
		}
	}
	if _, err := task.DecodeFrame(append(good, 0)); err == nil {
		t.Error("a byte after the end was accepted")
	}
}

func FuzzDecodeTurn(f *testing.F) {
	g := generator{rand.New(rand.NewPCG(1, 2))}
	for range 20 {
		f.Add(task.EncodeTurn(&task.Turn{Worker: "w", Results: []task.Result{g.result(), g.result()}}))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		turn, err := task.DecodeTurn(data)
		if err != nil {
			return
		}
		if _, err := task.DecodeTurn(task.EncodeTurn(turn)); err != nil {
			t.Errorf("what was read cannot be read again: %v", err)
		}
	})
}

func FuzzDecodeReply(f *testing.F) {
	g := generator{rand.New(rand.NewPCG(1, 2))}
	for range 20 {
		f.Add(task.EncodeReply(&task.Reply{Requests: []*task.Request{g.request(), g.request()}}))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		reply, err := task.DecodeReply(data)
		if err != nil {
			return
		}
		if _, err := task.DecodeReply(task.EncodeReply(reply)); err != nil {
			t.Errorf("what was read cannot be read again: %v", err)
		}
	})
}
