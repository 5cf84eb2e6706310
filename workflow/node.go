package workflow

import "strconv"

// legacyKeys are the node keys that once said what a node executes. The value
// is the identifier; "task" means "generated", and ppfport has none.
var legacyKeys = [...]string{"class", "method", "ppfmethod", "ppfport", "script", "notebook", "graph", "task"}

// node decodes one entry of "nodes". Its position is its id by default.
func (d *decoder) node(doc *document) error {
	if d.peek() != '{' {
		return d.wrong("an entry of nodes", "a mapping")
	}
	if err := d.takeRoom(); err != nil {
		return err
	}
	first := len(d.report.problems)
	doc.nodes = append(doc.nodes, node{})
	n := &doc.nodes[len(doc.nodes)-1]
	err := d.object(func(key []byte) error { return d.nodeAttribute(n, key) })
	if n.has&hasID == 0 {
		n.ID, n.intID = ID(strconv.Itoa(len(doc.nodes)-1)), true
	}
	for i := first; i < len(d.report.problems); i++ {
		p := &d.report.problems[i]
		p.Node = joinScope(n.ID.String(), p.Node)
	}
	return err
}

// joinScope prepends the string form of a graph node to an inner node's.
func joinScope(outer, inner string) string {
	if outer == "" || inner == "" {
		return outer + inner
	}
	return outer + ":" + inner
}

func (d *decoder) nodeAttribute(n *node, key []byte) (err error) {
	switch string(key) {
	case "id":
		id, integer, ok, err := d.id("id")
		if ok {
			n.ID, n.intID = id, integer
			n.has |= hasID
		}
		return err
	case "label":
		n.Label, err = d.name("label")
		n.has |= hasLabel
	case "task_type":
		n.TaskType, err = d.stringOnly("task_type")
		n.has |= hasTaskType
	case "task_identifier":
		err = d.identifier(n)
	case "task_generator":
		n.Generator, err = d.stringOnly("task_generator")
		n.has |= hasGenerator
	case "default_inputs":
		err = d.defaultInputs(n)
		n.has |= hasDefaultInputs
	case "force_start_node":
		err = d.boolean("force_start_node", &n.ForceStart)
		n.has |= hasForceStart
	case "conditions_else_value":
		n.ElseValue, err = d.scalar("conditions_else_value")
		n.has |= hasElseValue
	case "varinfo":
		err = d.varInfo(n)
	case "resources":
		err = d.resources(n)
	case "default_error_node":
		err = d.boolean("default_error_node", &n.errorNode)
		n.has |= hasErrorNode
	case "default_error_attributes":
		n.errorAttrs = &linkAttrs{}
		err = d.linkAttributes("default_error_attributes", n.errorAttrs)
		n.has |= hasErrorAttributes
	default:
		for i, legacy := range legacyKeys {
			if string(key) == legacy {
				n.legacy |= 1 << i
				return d.legacyIdentifier(n, legacy)
			}
		}
		err = d.keep(&n.Extra, key)
	}
	return err
}

// identifier decodes a task identifier. A mapping is an inline subgraph.
func (d *decoder) identifier(n *node) (err error) {
	n.has |= hasIdentifier
	n.Identifier, n.inline, err = d.identifierValue("task_identifier")
	return err
}

func (d *decoder) identifierValue(field string) (text string, inline *document, err error) {
	if d.peek() != '{' {
		text, err = d.stringOnly(field)
		return text, nil, err
	}
	inline, err = d.document()
	if inline.blank {
		inline = nil
	}
	return "", inline, err
}

func (d *decoder) legacyIdentifier(n *node, key string) (err error) {
	if key == "ppfport" {
		return d.skip()
	}
	var old legacyTask
	old.identifier, old.inline, err = d.identifierValue(key)
	n.old = &old
	return err
}

func (d *decoder) varInfo(n *node) error {
	n.VarInfo = nil
	n.has |= hasVarInfo
	switch d.peek() {
	case 'n':
		return d.skip()
	case '{':
		var err error
		n.VarInfo, err = d.raw()
		return err
	}
	return d.wrong("varinfo", "a mapping")
}

// defaultInputs decodes the static inputs. Of several with one name the value
// of the last counts.
func (d *decoder) defaultInputs(n *node) error {
	n.DefaultInputs = nil
	var index map[Arg]int
	return d.list("default_inputs", func() error {
		in, ok, err := d.input()
		if err != nil || !ok {
			return err
		}
		n.DefaultInputs, index = putInput(n.DefaultInputs, index, in)
		return nil
	})
}

// putInput sets the value of the input with this name or appends one. The
// index is only made for long lists.
func putInput(inputs []Input, index map[Arg]int, in Input) ([]Input, map[Arg]int) {
	const long = 16
	if index == nil && len(inputs) >= long {
		index = make(map[Arg]int, 2*long)
		for i := range inputs {
			index[inputs[i].Name] = i
		}
	}
	if index != nil {
		if i, ok := index[in.Name]; ok {
			inputs[i].Value = in.Value
			return inputs, index
		}
		index[in.Name] = len(inputs)
		return append(inputs, in), index
	}
	for i := range inputs {
		if inputs[i].Name == in.Name {
			inputs[i].Value = in.Value
			return inputs, index
		}
	}
	return append(inputs, in), index
}

func (d *decoder) input() (in Input, ok bool, err error) {
	if d.peek() != '{' {
		return in, false, d.wrong("an entry of default_inputs", "a mapping")
	}
	before := len(d.report.problems)
	err = d.object(func(key []byte) (err error) {
		switch string(key) {
		case "name":
			in.Name, err = d.named("name of a default input")
		case "value":
			in.Value, err = d.raw()
		default:
			err = d.skip()
		}
		return err
	})
	if err != nil || len(d.report.problems) > before {
		return in, false, err
	}
	switch {
	case in.Name == "":
		d.problem(KindDocument, "default_inputs", "a default input has no name", "")
	case in.Value == nil:
		d.problem(KindDocument, "default_inputs", "the default input "+quote(string(in.Name))+" has no value", "")
	default:
		return in, true, nil
	}
	return in, false, nil
}
