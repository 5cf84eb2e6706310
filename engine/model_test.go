package engine_test

import (
	"maps"
	"slices"

	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// model is the semantics of ewoks written down a second time, with no regard to
// cost: what executes after what, on which inputs. Values are JSON texts.
type model struct {
	wf       *workflow.Workflow
	required []bool
	once     []bool // per node: nothing can trigger it a second time
	mergers  []inputMerger
	times    []int // per node: how often it has started
	latest   map[int]*exec
	ended    []int // nodes in the order of their last success
}

// exec is one execution of a node.
type exec struct {
	node int
	// nth counts the executions of the node from 0.
	nth int
	// linked is what links brought; inputs are the defaults overlaid by it.
	linked, inputs map[string]string
	// from are the executions that made what was linked.
	from    []*exec
	outputs []output
	// What the environment knows about it.
	seq           uint64
	attempt, lost int
	failed        map[task.Cause]int
	then          *task.Request
}

type output struct{ name, text string }

// brought is what a link brings.
type brought struct {
	data map[string]string
	from []*exec
}

// inputMerger gathers what the links of a node bring.
type inputMerger struct {
	started          bool
	required, cached map[int]*brought
	buffer           []*brought
	retained         *brought
}

func newModel(wf *workflow.Workflow) *model {
	m := &model{
		wf: wf, required: required(wf), mergers: make([]inputMerger, len(wf.Nodes)),
		times: make([]int, len(wf.Nodes)), latest: map[int]*exec{},
	}
	for i := range m.mergers {
		m.mergers[i].required, m.mergers[i].cached = map[int]*brought{}, map[int]*brought{}
	}
	m.once = m.findOnce()
	return m
}

// required says for each link whether its target waits for it.
func required(wf *workflow.Workflow) []bool {
	tainted := make([]bool, len(wf.Nodes))
	for changed := true; changed; {
		changed = false
		for i := range wf.Links {
			l := &wf.Links[i]
			optional := l.Required != nil && !*l.Required || l.Required == nil && l.Conditional()
			if (optional || tainted[l.Source]) && !tainted[l.Target] {
				tainted[l.Target], changed = true, true
			}
		}
	}
	list := make([]bool, len(wf.Links))
	for i := range wf.Links {
		l := &wf.Links[i]
		list[i] = l.Required == nil && !l.Conditional() && !tainted[l.Source] || l.Required != nil && *l.Required
	}
	return list
}

// findOnce tells which nodes execute at most once, whatever happens.
func (m *model) findOnce() []bool {
	once := make([]bool, len(m.wf.Nodes))
	order, err := m.wf.TopologicalOrder()
	if err != nil {
		return once
	}
	for _, i := range order {
		once[i] = !slices.ContainsFunc(m.wf.Incoming(i), func(l int) bool {
			return !m.required[l] || !once[m.wf.Links[l].Source]
		})
	}
	return once
}

// confluent tells whether what executes is the same in every order.
func (m *model) confluent() bool {
	if m.wf.Cyclic() {
		return false
	}
	for i := range m.wf.Nodes {
		if len(m.wf.Incoming(i)) > 1 && !m.atMostOnce(i) {
			return false
		}
	}
	return true
}

// atMostOnce tells whether the node waits for all its links and each of them
// delivers at most once, perhaps because its source has but one link itself.
func (m *model) atMostOnce(i int) bool {
	incoming := m.wf.Incoming(i)
	for _, l := range incoming {
		if len(incoming) > 1 && !m.required[l] || !m.atMostOnce(m.wf.Links[l].Source) {
			return false
		}
	}
	return len(incoming) == 0 || m.required[incoming[0]] || !m.wf.Nodes[i].ForceStart
}

// begin triggers the start nodes.
func (m *model) begin() (started []*exec) {
	for i := range m.wf.Nodes {
		if m.wf.Nodes[i].ForceStart || len(m.wf.Incoming(i)) == 0 {
			started = append(started, m.run(i)...)
		}
	}
	return started
}

// trigger brings data over a link.
func (m *model) trigger(l int, b *brought) []*exec {
	link := &m.wf.Links[l]
	k := &m.mergers[link.Target]
	switch {
	case m.required[l]:
		k.required[l] = b
	case link.CacheIfOptional:
		k.cached[l] = b
	case k.started:
		k.retained = b
	default:
		k.buffer = append(k.buffer, b)
	}
	return m.run(link.Target)
}

// run executes a node as often as what has been brought asks for.
func (m *model) run(node int) (started []*exec) {
	k := &m.mergers[node]
	for _, l := range m.wf.Incoming(node) {
		if m.required[l] && k.required[l] == nil {
			return nil
		}
	}
	last := []*brought{k.retained}
	if !k.started && len(k.buffer) > 0 {
		last = k.buffer
	}
	k.started, k.buffer = true, nil
	for _, b := range last {
		k.retained = b
		started = append(started, m.execute(node))
	}
	return started
}

func (m *model) execute(node int) *exec {
	x := &exec{node: node, nth: m.times[node], attempt: 1, failed: map[task.Cause]int{}, linked: map[string]string{}, inputs: map[string]string{}}
	m.times[node]++
	for _, b := range m.mergers[node].all(m.wf.Incoming(node)) {
		maps.Copy(x.linked, b.data)
		if len(b.data) > 0 {
			x.from = append(x.from, b.from...)
		}
	}
	for _, in := range m.wf.Nodes[node].DefaultInputs {
		x.inputs[string(in.Name)] = string(in.Value)
	}
	maps.Copy(x.inputs, x.linked)
	return x
}

// all is what is known of the links of a node; later ones win.
func (k *inputMerger) all(incoming []int) (list []*brought) {
	for _, kind := range []map[int]*brought{k.required, k.cached} {
		for _, l := range incoming {
			if b := kind[l]; b != nil {
				list = append(list, b)
			}
		}
	}
	if k.retained != nil {
		list = append(list, k.retained)
	}
	return list
}

// succeed is the end of an execution. It is not ok if a link asks for an output
// that there is not.
func (m *model) succeed(x *exec, outputs []output) (started []*exec, ok bool) {
	x.outputs = outputs
	if before := m.latest[x.node]; before == nil || before.seq < x.seq {
		m.latest[x.node] = x
		m.ended = append(slices.DeleteFunc(m.ended, func(n int) bool { return n == x.node }), x.node)
	}
	for _, l := range m.wf.Outgoing(x.node) {
		if m.wf.Links[l].OnError || !m.fires(l, outputs) {
			continue
		}
		data, ok := carried(&m.wf.Links[l], outputs)
		if !ok {
			return started, false
		}
		started = append(started, m.trigger(l, &brought{data, []*exec{x}})...)
	}
	return started, true
}

// fail is the other end of an execution.
func (m *model) fail(x *exec, message, traceback string) (started []*exec, handled, ok bool) {
	var data []output
	for name, text := range x.linked {
		data = append(data, output{name, text})
	}
	for _, e := range raised(message, traceback) {
		data = slices.DeleteFunc(data, func(o output) bool { return o.name == e.name })
		data = append(data, e)
	}
	for _, l := range m.wf.Outgoing(x.node) {
		if !m.wf.Links[l].OnError {
			continue
		}
		handled = true
		data, ok := carried(&m.wf.Links[l], data)
		if !ok {
			return started, true, false
		}
		started = append(started, m.trigger(l, &brought{data, append([]*exec{x}, x.from...)})...)
	}
	return started, handled, true
}
