package engine_test

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// behaviour says what tasks do: it follows from the node and its inputs, and in
// graphs with loops from how often the node has executed.
type behaviour struct {
	wf     *workflow.Workflow
	seed   uint64
	cyclic bool
}

// loops is how often a node with loops may take a branch or fail.
const loops = 3

// execute gives the outputs of a task, or no outputs if it fails.
func (b *behaviour) execute(node int, inputs map[string]string, nth int) ([]output, bool) {
	if !b.cyclic {
		nth = 0
	}
	h := fnv.New64a()
	fmt.Fprint(h, node, nth, inputs) // maps are printed in the order of their keys
	random := rand.New(rand.NewPCG(b.seed, h.Sum64()))
	quiet := nth >= loops
	failures := 150
	if handlesErrors(b.wf, node) {
		failures = 5
	}
	if random.IntN(failures) == 0 && !(quiet && failures == 5) {
		return nil, false
	}
	outputs := []output{{"x", jsonOf(random.Uint32())}, {"y", jsonOf(random.Uint32())}}
	for _, name := range []string{"c", "d"} {
		value := string(pick(random, scalars...))
		if random.IntN(8) > 0 && !quiet {
			outputs = append(outputs, output{name, value})
		}
	}
	if random.IntN(2) == 0 {
		outputs = append(outputs, output{"z", "0"})
	}
	return outputs, true
}

func handlesErrors(wf *workflow.Workflow, node int) bool {
	return slices.ContainsFunc(wf.Outgoing(node), func(l int) bool { return wf.Links[l].OnError })
}

// fired does what interpreters do with the tests of a request: see
// pyhost/python/conditions.py.
func fired(r *task.Request, outputs []output) (links []int) {
	known := map[string]bool{}
	for _, t := range r.Tests {
		for _, c := range t.Conditions {
			known[c.Output+"="+equal(string(c.Value))] = true
		}
	}
	for _, t := range r.Tests {
		last := map[string]json.RawMessage{}
		for _, c := range t.Conditions {
			last[c.Output] = c.Value
		}
		all := true
		for name, value := range last {
			actual, ok := lookup(outputs, name)
			holds := equal(actual) == equal(string(value))
			if equal(string(value)) == equal(string(r.Else)) {
				holds = holds || !known[name+"="+equal(actual)]
			}
			all = all && ok && holds
		}
		if all {
			links = append(links, t.Link)
		}
	}
	return links
}

// values is where the environment has the values that tasks made.
type values struct {
	made map[string]string // place to text, once a result holds it
	live map[string]string // of results that count, until they are released
}

func place(v task.Value) string {
	if v.Kind == task.Held {
		return fmt.Sprintf("%d %s", v.Seq, v.Output)
	}
	return v.Path
}

func takesRoom(v task.Value) bool { return v.Kind == task.Held || v.Kind == task.Stored }

// absent stands for a value that is missing.
const absent = `"missing data"`

// put makes a value of a text, of a kind that the request allows.
func (s *values) put(random *rand.Rand, r *task.Request, o output) task.Named {
	v := task.Value{Kind: task.Pickled, Blobs: [][]byte{[]byte(o.text)}}
	switch {
	case random.IntN(4) == 0:
	case r.Wanted.Keep:
		v = task.Value{Kind: task.Held, Seq: r.Seq, Output: o.name}
	default:
		v = task.Value{Kind: task.Stored, Path: fmt.Sprintf("/store/%d-%d-%s", r.Seq, r.Attempt, o.name)}
	}
	if takesRoom(v) {
		s.made[place(v)] = o.text
	}
	return task.Named{Name: o.name, Value: v}
}

// get reads a value. It is an error if it takes room and is not there.
func (s *values) get(v task.Value) (string, error) {
	switch v.Kind {
	case task.Missing:
		return absent, nil
	case task.Literal:
		return string(v.JSON), nil
	case task.Pickled:
		return unpickle(string(v.Blobs[0])), nil
	case task.Group:
		var group []output
		for _, m := range v.Members { // of one name the last counts
			value, err := s.get(m.Value)
			if err != nil {
				return "", err
			}
			group = append(group, output{m.Name, value})
		}
		return whole(group), nil
	case task.Held, task.Stored:
		value, ok := s.live[place(v)]
		if !ok {
			return "", fmt.Errorf("%q was released or never made", place(v))
		}
		return value, nil
	}
	return "", fmt.Errorf("%+v cannot be read", v)
}

func (s *values) getAll(list []task.Named) (map[string]string, error) {
	all := map[string]string{}
	for _, in := range list {
		value, err := s.get(in.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", in.Name, err)
		}
		if _, twice := all[in.Name]; twice {
			return nil, fmt.Errorf("%s is given twice", in.Name)
		}
		all[in.Name] = value
	}
	return all, nil
}

// unpickle reads what put wrote, and task.ExceptionValue of plain messages.
func unpickle(blob string) string {
	message, ok := strings.CutPrefix(blob, "cbuiltins\nRuntimeError\n(V")
	if !ok {
		return blob
	}
	return jsonOf("instance: " + strings.TrimSuffix(message, "\ntR."))
}

// passedTo are the inputs of a task that follows another in its interpreter; it
// is not ok if an output is missing.
func passedTo(r *task.Request, outputs []output) (inputs map[string]string, ok bool) {
	inputs = map[string]string{}
	for _, in := range r.Inputs {
		value := string(in.Value.JSON)
		if in.Value.Kind == task.Passed {
			if value, ok = lookup(outputs, in.Value.Output); !ok {
				return nil, false
			}
		}
		inputs[in.Name] = value
	}
	return inputs, true
}

// call is an execution as text.
func call(wf *workflow.Workflow, x *exec) string {
	return fmt.Sprint(wf.Nodes[x.node].ID, x.inputs)
}

// sequential executes a workflow one task after the other, and returns what was
// executed and whether all went well.
func sequential(wf *workflow.Workflow, b *behaviour) (calls map[string]int, succeeded bool) {
	m := newModel(wf)
	calls = map[string]int{}
	for queue := m.begin(); len(queue) > 0; queue = queue[1:] {
		x := queue[0]
		calls[call(wf, x)]++
		var more []*exec
		handled, ok := true, true
		if outputs, succeeded := b.execute(x.node, x.inputs, x.nth); succeeded {
			more, ok = m.succeed(x, outputs)
		} else {
			more, handled, ok = m.fail(x, failureOf(wf, x.node), traceback)
		}
		if !handled || !ok {
			return calls, false
		}
		queue = append(queue, more...)
	}
	return calls, true
}

const traceback = "where"

func failureOf(wf *workflow.Workflow, node int) string {
	return fmt.Sprintf("node %s failed", wf.Nodes[node].ID)
}
