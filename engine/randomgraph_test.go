package engine_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
)

// family is a kind of random graph.
type family int

const (
	// plain graphs are acyclic and every link is required.
	plain family = iota
	// single graphs are acyclic; a node has one incoming link of any kind, or
	// several that are all required: what executes does not depend on the order.
	single
	// merging graphs are acyclic, with links of any kind.
	merging
	// cyclic graphs have loops, of which one link at least is conditional or
	// handles errors.
	cyclic
	families
)

type object = map[string]any

// generator makes workflow documents. Nodes are numbered so that links go from
// lower to higher numbers, unless they close a loop; the document lists them in
// another order.
type generator struct {
	*rand.Rand
	family family
	nodes  []object
	links  []object
	// failing are the nodes with a link that handles errors.
	failing map[int]bool
	joined  map[[2]int]bool
	handler bool
	// chain is a graph in which each node follows the one before.
	chain bool
}

// randomGraph is a workflow document of at most 26 nodes.
func randomGraph(random *rand.Rand, f family) []byte {
	g := &generator{Rand: random, family: f, failing: map[int]bool{}, joined: map[[2]int]bool{}}
	size := 1 + g.IntN(25)
	g.chain = f == plain && g.one(10)
	for i := range size {
		g.nodes = append(g.nodes, g.node(i))
		g.linksInto(i)
	}
	if f == cyclic {
		for range 1 + g.IntN(1+size/4) {
			g.loop(size)
		}
	}
	if f >= merging && g.one(4) {
		g.defaultHandler(size)
	}
	if g.one(8) {
		g.spoil()
	}
	g.Shuffle(len(g.nodes), func(i, k int) { g.nodes[i], g.nodes[k] = g.nodes[k], g.nodes[i] })
	g.Shuffle(len(g.links), func(i, k int) { g.links[i], g.links[k] = g.links[k], g.links[i] })
	text, err := json.Marshal(object{"graph": object{"id": "g"}, "nodes": g.nodes, "links": g.links})
	if err != nil {
		panic(err)
	}
	return text
}

func (g *generator) one(in int) bool { return g.IntN(in) == 0 }

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// scalars are what conditions compare; some are equal in Python.
var scalars = []json.RawMessage{
	json.RawMessage("true"), json.RawMessage("false"), json.RawMessage("1"), json.RawMessage("1.0"),
	json.RawMessage("0"), json.RawMessage(`"1"`), json.RawMessage("null"), json.RawMessage(`"a"`),
}

func name(i int) string { return fmt.Sprintf("n%d", i) }

func (g *generator) node(i int) object {
	n := object{"id": name(i), "task_type": "method", "task_identifier": "m.f"}
	if g.one(3) {
		n["default_inputs"] = []object{{"name": g.input(), "value": g.IntN(3)}, {"name": "own", "value": i}}
	}
	if g.one(3) {
		n["conditions_else_value"] = pick(g.Rand, scalars...)
	}
	if g.family != plain && g.one(12) {
		n["force_start_node"] = true
	}
	return n
}

// input is a name that several links may want to set.
func (g *generator) input() string {
	return pick(g.Rand, "i", "k", "x", fmt.Sprintf("from%d", g.IntN(8)))
}

func (g *generator) linksInto(target int) {
	if target == 0 {
		return
	}
	if g.chain {
		g.link(target-1, target, g.named)
		return
	}
	count := pick(g.Rand, 0, 1, 1, 1, 2, 2, 3)
	for range count {
		source := g.IntN(target)
		if g.one(2) {
			source = target - 1
		}
		switch {
		case g.family == plain:
			g.link(source, target, g.required)
		case g.family == single && count > 1:
			g.link(source, target, g.forced)
		default:
			g.link(source, target, pick(g.Rand, g.required, g.forced, g.conditional, g.conditional, g.optional, g.onError))
		}
	}
}

// loop adds a link to the same node or an earlier one.
func (g *generator) loop(size int) {
	source := g.IntN(size)
	target := source
	if !g.one(3) {
		target = g.IntN(source + 1)
	} else if g.one(8) {
		g.link(source, target, g.required) // it waits for itself, for ever
		return
	}
	g.link(source, target, pick(g.Rand, g.conditional, g.conditional, g.onError))
	if g.one(2) {
		g.nodes[target]["force_start_node"] = true
	}
}

// link adds a link, unless there is one between the two.
func (g *generator) link(source, target int, attributes func(source int) object) {
	if g.joined[[2]int{source, target}] {
		return
	}
	g.joined[[2]int{source, target}] = true
	l := attributes(source)
	l["source"], l["target"] = name(source), name(target)
	g.failing[source] = g.failing[source] || l["on_error"] == true
	g.links = append(g.links, l)
}

func (g *generator) required(source int) object {
	l := object{}
	if g.one(3) {
		l["required"] = true
	}
	g.data(l, fmt.Sprintf("from%d", source), fmt.Sprintf("also%d", source))
	return l
}

func (g *generator) named(int) object {
	return object{"data_mapping": []object{{"source_output": "x", "target_input": "x"}}}
}

// forced links are required, whatever else they are.
func (g *generator) forced(source int) object {
	l := object{"required": true}
	if g.one(3) {
		l["conditions"] = g.conditions()
	}
	g.data(l, fmt.Sprintf("from%d", source), fmt.Sprintf("also%d", source))
	return l
}

func (g *generator) optional(int) object {
	l := object{"required": false, "cache_if_optional": g.one(2)}
	g.data(l, g.input(), g.input())
	return l
}

func (g *generator) conditional(int) object {
	l := object{"conditions": g.conditions(), "cache_if_optional": g.one(3)}
	if g.one(4) {
		l["required"] = nil
	}
	g.data(l, g.input(), g.input())
	return l
}

func (g *generator) conditions() []object {
	c := []object{{"source_output": pick(g.Rand, "c", "c", "d"), "value": pick(g.Rand, scalars...)}}
	if g.one(4) {
		c = append(c, object{"source_output": pick(g.Rand, "c", "d"), "value": pick(g.Rand, scalars...)})
	}
	return c
}

func (g *generator) onError(int) object {
	l := object{"on_error": true, "cache_if_optional": g.one(3)}
	switch g.IntN(4) {
	case 0:
	case 1:
		l["data_mapping"] = []object{{"source_output": "WorkflowException", "target_input": g.input()}}
	default:
		l["map_all_data"] = true
	}
	if g.one(15) { // perhaps an input that the task did not get
		delete(l, "map_all_data")
		l["data_mapping"] = []object{{"source_output": g.input(), "target_input": "lost"}}
	}
	return l
}

// data says what a link carries, to inputs of these names.
func (g *generator) data(l object, first, second string) {
	switch g.IntN(8) {
	case 0:
	case 1:
		l["map_all_data"] = true
	case 2:
		l["data_mapping"] = []object{{"source_output": nil, "target_input": first}}
	case 3:
		l["data_mapping"] = []object{{"source_output": "x", "target_input": first}, {"source_output": "y", "target_input": second}}
		if first == second {
			l["data_mapping"] = l["data_mapping"].([]object)[:1]
		}
	default:
		l["data_mapping"] = []object{{"source_output": pick(g.Rand, "x", "y"), "target_input": first}}
	}
}

func (g *generator) defaultHandler(size int) {
	g.handler = true
	n := g.node(size)
	n["default_error_node"] = true
	switch g.IntN(3) {
	case 0:
		n["default_error_attributes"] = object{"map_all_data": true, "cache_if_optional": g.one(2)}
	case 1:
		n["default_error_attributes"] = object{"data_mapping": []object{{"source_output": "WorkflowExceptionInstance", "target_input": "error"}}}
	}
	g.nodes = append(g.nodes, n)
}

// spoil lets one link ask for an output that its source may not have. The run
// then fails; links that handle errors are not asked.
func (g *generator) spoil() {
	if g.handler || len(g.links) == 0 {
		return
	}
	l := g.links[g.IntN(len(g.links))]
	mapping, ok := l["data_mapping"].([]object)
	at := slices.IndexFunc(g.nodes, func(n object) bool { return n["id"] == l["source"] })
	if ok && !g.failing[at] {
		mapping[0]["source_output"] = "z"
	}
}
