package workflow

import (
	"fmt"
	"math/rand/v2"
)

// generator makes graphs that exercise everything that happens at load. What
// it leaves out on purpose, because ewokscore does by accident what we do not
// copy, is said where it is left out.
type generator struct {
	*rand.Rand
	// size bounds the nodes of one generated graph with its subgraphs:
	// ewokscore takes 2^n steps in the depth of a graph.
	size int
	// attributed are the graph nodes with sub_target_attributes.
	attributed map[string]bool
}

type object = map[string]any

func (g *generator) one(in int) bool { return g.IntN(in) == 0 }

func (g *generator) pick(options ...string) string { return options[g.IntN(len(options))] }

// graph makes a graph whose subgraphs are nested at most two deep.
func (g *generator) graph(depth int) object {
	if depth == 0 {
		g.size = 13
	}
	attrs := object{"id": fmt.Sprintf("graph%d", depth)}
	if g.one(3) {
		attrs["schema_version"] = g.pick("1.0", "1.1", "1.1.0", "1.2")
	}
	if g.one(40) {
		attrs["schema_version"] = g.pick("0.0", "9.9")
	}
	var nodes []object
	subs := map[string]object{}
	handlers := depth > 0 || g.one(2) // see node
	for i := range 1 + g.IntN(5) {
		id := string(rune('a' + i))
		if depth < 2 && g.size > 4 && g.one(5) {
			sub := g.graph(depth + 1)
			subs[id] = sub
			nodes = append(nodes, g.graphNode(id, sub))
			handlers = false
			continue
		}
		g.size--
		nodes = append(nodes, g.node(id))
	}
	if handlers && len(subs) == 0 {
		g.addHandler(nodes)
	}
	attrs["input_nodes"] = g.aliases(nodes, subs, "input_nodes")
	attrs["output_nodes"] = g.aliases(nodes, subs, "output_nodes")
	doc := object{"graph": attrs, "nodes": nodes, "links": g.links(nodes, subs)}
	if g.one(6) {
		doc["multigraph"] = !g.one(2)
	}
	return doc
}

func (g *generator) node(id string) object {
	n := object{"id": id, "task_type": "class", "task_identifier": sumTask}
	switch g.IntN(30) {
	case 0:
		n["task_type"], n["task_identifier"] = "method", "module.function"
	case 1:
		n = object{"id": id, "class": sumTask}
	case 2:
		n = object{"id": id, "task": "name", "task_generator": "module.generator"}
	case 3:
		n = object{"id": id, "task_type": "ppfport"}
	case 4:
		g.breakNode(n)
	}
	if g.one(3) {
		n["default_inputs"] = g.defaultInputs()
	}
	if g.one(8) {
		n["force_start_node"] = true
	}
	if g.one(4) {
		n["conditions_else_value"] = g.scalar()
	}
	if g.one(4) {
		n["label"] = "label of " + id
	}
	if g.one(6) {
		n["uiProps"] = object{"x": g.IntN(100)}
	}
	return n
}

func (g *generator) breakNode(n object) {
	switch g.IntN(6) {
	case 0:
		delete(n, "task_type")
	case 1:
		delete(n, "task_identifier")
	case 2:
		n["method"] = "module.function"
	case 3:
		n["task_type"] = "ppfport"
	case 4:
		n["task_type"] = "generated"
	case 5:
		n["task_generator"] = "module.generator"
	}
}

// graphNode has no label: ewokscore prefixes inner ids with the label, which
// breaks all links into the subgraph. Advice: prefix with the id.
func (g *generator) graphNode(id string, sub object) object {
	n := object{"id": id, "task_type": "graph", "task_identifier": sub}
	if g.one(10) {
		n = object{"id": id, "graph": sub}
	}
	if g.one(5) {
		n["default_inputs"] = g.defaultInputs()
	}
	if g.one(6) {
		n["force_start_node"] = true
	}
	if g.one(6) {
		n["conditions_else_value"] = g.scalar()
	}
	return n
}

// addHandler makes a default error handler. A graph gets at most one and then
// has no subgraphs: ewokscore connects handlers before it connects subgraphs
// and again after that. It must be needed: ewokscore crashes where it is not.
func (g *generator) addHandler(nodes []object) {
	if len(nodes) < 3 || !g.one(2) {
		return
	}
	n := nodes[len(nodes)-1]
	n["default_error_node"] = true
	if g.one(3) {
		n["default_error_attributes"] = object{"data_mapping": []object{{"source_output": "WorkflowException", "target_input": "a"}}}
	}
}

func (g *generator) defaultInputs() []object {
	inputs := []object{}
	for _, name := range []string{"a", "b", "delay"} {
		if g.one(2) {
			inputs = append(inputs, object{"name": name, "value": g.scalar()})
		}
	}
	return inputs
}

func (g *generator) scalar() any {
	return []any{nil, true, false, 0, 1, 2, 2.5, "", "x", "1"}[g.IntN(10)]
}

// aliases name nodes of the graph, also with wrong names and with several
// nodes under one name.
func (g *generator) aliases(nodes []object, subs map[string]object, key string) []object {
	list := []object{}
	for range g.IntN(4) {
		n := nodes[g.IntN(len(nodes))]
		id := n["id"].(string)
		a := object{"id": g.pick("in", "out", "a"), "node": id}
		if sub := subs[id]; sub != nil {
			a["sub_node"] = g.inside(sub, key)
		}
		if g.one(3) {
			a["link_attributes"] = g.aliasAttributes(key)
		}
		list = append(list, a)
	}
	return list
}

// aliasAttributes of input aliases are never merged into those of output
// aliases: ewokscore changes the output alias in place, for later links too.
// Advice: not copied. So only one of the two kinds has attributes that could
// leak: those of output aliases are always given by every alias and link.
func (g *generator) aliasAttributes(key string) object {
	if key == "output_nodes" {
		return object{}
	}
	return g.linkAttributes()
}

// inside names a node of a subgraph: an alias, or a node id.
func (g *generator) inside(sub object, key string) string {
	aliases := sub["graph"].(object)[key].([]object)
	if len(aliases) > 0 && g.one(2) {
		return aliases[g.IntN(len(aliases))]["id"].(string)
	}
	for _, i := range g.Perm(len(sub["nodes"].([]object))) {
		n := sub["nodes"].([]object)[i]
		if n["task_type"] != "graph" && n["graph"] == nil {
			return n["id"].(string)
		}
	}
	return "a"
}

func (g *generator) links(nodes []object, subs map[string]object) []object {
	list := []object{}
	g.attributed = map[string]bool{}
	forward := !g.one(3)
	for range g.IntN(2 * len(nodes)) {
		i, k := g.IntN(len(nodes)), g.IntN(len(nodes))
		if forward && i > k {
			i, k = k, i
		}
		if forward && i == k {
			continue
		}
		source, target := nodes[i]["id"].(string), nodes[k]["id"].(string)
		l := g.linkAttributes()
		l["source"], l["target"] = source, target
		if sub := subs[source]; sub != nil && !g.one(20) {
			l["sub_source"] = g.inside(sub, "output_nodes")
		}
		if sub := subs[target]; sub != nil && !g.one(20) {
			l["sub_target"] = g.inside(sub, "input_nodes")
			g.addSubAttributes(l, subs[source] != nil, nodes[k])
		}
		g.breakLink(l, subs[target] != nil)
		list = append(list, l)
	}
	return list
}

// addSubAttributes adds none to a link to a graph node that pushes attributes:
// ewokscore gives one dict to all input nodes of the graph, so those of the link land
// on all of them. And none between two graphs: ewokscore then applies the two in an order that depends
// on the order of the graph nodes, and leaks one into the other. It is used
// once per graph node: of several ewokscore leaks one into the others.
func (g *generator) addSubAttributes(l object, fromGraph bool, graphNode object) {
	for _, pushable := range []string{"default_inputs", "force_start_node", "conditions_else_value"} {
		if _, pushes := graphNode[pushable]; pushes { // null too
			return
		}
	}
	if !fromGraph && !g.attributed[graphNode["id"].(string)] && g.one(5) {
		g.attributed[graphNode["id"].(string)] = true
		l["sub_target_attributes"] = object{"category": "inner", "default_inputs": g.defaultInputs()}
	}
}

// breakLink may make a link wrong. sub_target_attributes are wrong on a link to a
// task only; on one to a graph they are for addSubAttributes.
func (g *generator) breakLink(l object, toGraph bool) {
	switch g.IntN(60) {
	case 0:
		l["target"] = "nowhere"
	case 1:
		l["sub_target"] = "nowhere"
	case 2:
		if !toGraph {
			l["sub_target_attributes"] = object{"label": "x"}
		}
	case 3:
		l["sub_source"] = "nowhere"
	}
}

func (g *generator) linkAttributes() object {
	l := object{}
	switch g.IntN(5) {
	case 0:
		l["map_all_data"] = true
	case 1, 2, 3:
		l["data_mapping"] = g.mappings()
	}
	switch g.IntN(6) {
	case 0:
		l["conditions"] = []object{{"source_output": g.pick("result", "x"), "value": g.scalar()}}
	case 1:
		l["on_error"] = true
	}
	if g.one(5) {
		l["required"] = []any{true, false, nil}[g.IntN(3)]
	}
	if g.one(10) {
		l["cache_if_optional"] = true
	}
	if g.one(10) {
		l["note"] = g.pick("one", "two")
	}
	return l
}

func (g *generator) mappings() []object {
	list := []object{}
	for range 1 + g.IntN(2) {
		m := object{"source_output": "result", "target_input": g.pick("a", "b", "c", "d")}
		if g.one(8) {
			delete(m, "source_output")
		}
		list = append(list, m)
	}
	return list
}
