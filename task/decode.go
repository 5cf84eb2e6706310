package task

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/resource"
)

type requestWire struct {
	head
	Node       string          `json:"n"`
	Label      string          `json:"l"`
	Type       string          `json:"t"`
	Identifier string          `json:"i"`
	Generator  string          `json:"g"`
	Inputs     []namedWire     `json:"in"`
	Wanted     int             `json:"w"`
	Fatal      bool            `json:"f"`
	Limit      int64           `json:"x"`
	Resources  resource.Need   `json:"re"`
	Tests      []testWire      `json:"c"`
	Else       json.RawMessage `json:"ce"`
	Context    json.RawMessage `json:"cx"`
	VarInfo    json.RawMessage `json:"vi"`
	Then       *requestWire    `json:"nx"`
}

// DecodeRequests reads what Encoder.Requests wrote.
func DecodeRequests(data []byte, blobs [][]byte) ([]*Request, error) {
	var wires []requestWire
	if err := json.Unmarshal(data, &wires); err != nil {
		return nil, fmt.Errorf("requests: %w", err)
	}
	reqs := make([]*Request, len(wires))
	for i := range wires {
		var err error
		if reqs[i], err = wires[i].decode(blobs); err != nil {
			return nil, err
		}
	}
	return reqs, nil
}

func (w *requestWire) decode(blobs [][]byte) (*Request, error) {
	inputs, err := decodeNamed(w.Inputs, blobs)
	if err != nil {
		return nil, fmt.Errorf("request %s/%d: %w", w.Run, w.Seq, err)
	}
	r := &Request{
		ID: ID{w.Run, w.Seq}, Attempt: w.Attempt, Node: w.Node, Label: w.Label,
		Type: w.Type, Identifier: w.Identifier, Generator: w.Generator, Inputs: inputs,
		Wanted: Wanted{
			None: w.Wanted&wantNone != 0, Keep: w.Wanted&wantKeep != 0,
			Show: w.Wanted&wantShow != 0, Error: w.Wanted&wantError != 0,
		},
		Fatal: w.Fatal, Limit: time.Duration(w.Limit) * time.Millisecond, Resources: w.Resources, Else: w.Else,
		Context: w.Context, VarInfo: w.VarInfo,
	}
	for _, t := range w.Tests {
		r.Tests = append(r.Tests, Test(t))
	}
	if w.Then != nil {
		r.Then, err = w.Then.decode(blobs)
	}
	return r, err
}

// DecodeResults reads what Encoder.Results or an interpreter wrote.
func DecodeResults(data []byte, blobs [][]byte) ([]Result, error) {
	var wires []struct {
		head
		Status   Status      `json:"k"`
		Outputs  []namedWire `json:"o"`
		Fired    []int       `json:"fi"`
		Begun    bool        `json:"bg"`
		Shown    []shownWire `json:"j"`
		Failure  Failure     `json:"e"`
		Stdout   string      `json:"so"`
		Stderr   string      `json:"se"`
		Duration int64       `json:"d"`
		Started  int64       `json:"at"`
		Peak     int64       `json:"pm"`
		Steps    []stepWire  `json:"sp"`
	}
	if err := json.Unmarshal(data, &wires); err != nil {
		return nil, fmt.Errorf("results: %w", err)
	}
	results := make([]Result, len(wires))
	for i, w := range wires {
		outputs, err := decodeNamed(w.Outputs, blobs)
		if err != nil {
			return nil, fmt.Errorf("result %s/%d: %w", w.Run, w.Seq, err)
		}
		if w.Status > Skipped {
			return nil, fmt.Errorf("result %s/%d: unknown status %d", w.Run, w.Seq, w.Status)
		}
		r := Result{
			ID: ID{w.Run, w.Seq}, Attempt: w.Attempt, Status: w.Status, Outputs: outputs, Fired: w.Fired, Begun: w.Begun,
			Failure: w.Failure, Stdout: w.Stdout, Stderr: w.Stderr,
			Duration: time.Duration(w.Duration) * time.Microsecond, PeakMemory: w.Peak,
		}
		if w.Started != 0 {
			r.Started = time.UnixMicro(w.Started)
		}
		for _, s := range w.Shown {
			r.Shown = append(r.Shown, Shown(s))
		}
		for _, s := range w.Steps {
			r.Steps = append(r.Steps, Step(s))
		}
		results[i] = r
	}
	return results, nil
}

type head struct {
	Run     string `json:"r"`
	Seq     uint64 `json:"s"`
	Attempt int    `json:"a"`
}

// namedWire is a pair of a name and a value that is not decoded yet.
type namedWire struct {
	name  string
	value json.RawMessage
}

func (n *namedWire) UnmarshalJSON(data []byte) error {
	return unmarshalTuple(data, &n.name, &n.value)
}

type testWire Test

func (t *testWire) UnmarshalJSON(data []byte) error {
	var conditions []conditionWire
	err := unmarshalTuple(data, &t.Link, &conditions)
	for _, c := range conditions {
		t.Conditions = append(t.Conditions, Condition(c))
	}
	return err
}

type conditionWire Condition

func (c *conditionWire) UnmarshalJSON(data []byte) error {
	if err := unmarshalTuple(data, &c.Output, &c.Value); err != nil {
		return err
	}
	if c.Value == nil { // null in a list leaves its target alone
		c.Value = json.RawMessage("null")
	}
	return nil
}

type shownWire Shown

func (s *shownWire) UnmarshalJSON(data []byte) error {
	var text string
	err := unmarshalTuple(data, &s.Name, &text)
	s.JSON = json.RawMessage(text)
	return err
}

type stepWire Step

func (s *stepWire) UnmarshalJSON(data []byte) error {
	var after, took int64
	err := unmarshalTuple(data, &s.Node, &after, &took, &s.Failed)
	s.After, s.Duration = time.Duration(after)*time.Microsecond, time.Duration(took)*time.Microsecond
	return err
}

// unmarshalTuple reads a JSON array into exactly these targets.
func unmarshalTuple(data []byte, targets ...any) error {
	n := len(targets)
	if err := json.Unmarshal(data, &targets); err != nil {
		return err
	}
	if len(targets) != n {
		return fmt.Errorf("%d items where %d are expected", len(targets), n)
	}
	return nil
}

func decodeNamed(wires []namedWire, blobs [][]byte) ([]Named, error) {
	if len(wires) == 0 {
		return nil, nil
	}
	list := make([]Named, len(wires))
	for i, w := range wires {
		v, err := decodeValue(w.value, blobs)
		if err != nil {
			return nil, fmt.Errorf("value %q: %w", w.name, err)
		}
		list[i] = Named{w.name, v}
	}
	return list, nil
}

func decodeValue(data json.RawMessage, blobs [][]byte) (v Value, err error) {
	if len(data) == 0 || string(data) == "null" { // null in a list leaves its target alone
		return Value{}, nil
	}
	if len(data) < 6 || data[0] != '[' || data[1] != '"' {
		return v, fmt.Errorf("not a value: %.40q", data)
	}
	var kind string
	switch data[2] {
	case 'j':
		v.Kind = Literal
		err = unmarshalTuple(data, &kind, &v.JSON)
	case 'p':
		v.Kind = Pickled
		var first, count int
		if err = unmarshalTuple(data, &kind, &first, &count); err != nil {
			break
		}
		if first < 0 || count < 1 || first > len(blobs)-count {
			return v, fmt.Errorf("no values %d+%d among %d", first, count, len(blobs))
		}
		v.Blobs = blobs[first : first+count : first+count]
	case 's':
		v.Kind = Stored
		err = unmarshalTuple(data, &kind, &v.Path, &v.Size)
	case 'h':
		v.Kind = Held
		err = unmarshalTuple(data, &kind, &v.Seq, &v.Output)
	case 'b':
		v.Kind = Passed
		err = unmarshalTuple(data, &kind, &v.Output)
	case 'g':
		v.Kind = Group
		var members []namedWire
		if err = unmarshalTuple(data, &kind, &members); err == nil {
			v.Members, err = decodeNamed(members, blobs)
		}
	default:
		err = fmt.Errorf("unknown kind of value %q", data[2])
	}
	return v, err
}
