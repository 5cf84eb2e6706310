package workflow

import "slices"

// RequiredInputs gives the names of the required inputs of a class task; false
// when the class is unknown.
type RequiredInputs func(identifier string) ([]string, bool)

// StartNodes are the positions of the nodes at which a run starts: forced ones
// and those without incoming links. If there are none, they are the class
// tasks whose required inputs all have default values and that wait for no
// link; only then required is called, once per class. It may be nil.
func (w *Workflow) StartNodes(required RequiredInputs) []int {
	var start []int
	for i := range w.Nodes {
		if w.Nodes[i].ForceStart || len(w.incoming[i]) == 0 {
			start = append(start, i)
		}
	}
	if start != nil || required == nil {
		return start
	}
	mustWait := make([]bool, len(w.Nodes))
	for i, isRequired := range w.RequiredLinks() {
		if isRequired {
			mustWait[w.Links[i].Target] = true
		}
	}
	classes := map[string]*classInputs{}
	for i := range w.Nodes {
		n := &w.Nodes[i]
		if n.TaskType != "class" || mustWait[i] {
			continue
		}
		class, ok := classes[n.Identifier]
		if !ok {
			class = newClassInputs(required(n.Identifier))
			classes[n.Identifier] = class
		}
		if class.coveredBy(n.DefaultInputs) {
			start = append(start, i)
		}
	}
	return start
}

type classInputs struct {
	known bool
	names []Arg
}

func newClassInputs(names []string, known bool) *classInputs {
	c := &classInputs{known: known}
	for _, name := range names {
		arg, err := NewArg(name)
		if err != nil {
			c.known = false
		}
		c.names = append(c.names, arg)
	}
	return c
}

func (c *classInputs) coveredBy(inputs []Input) bool {
	if !c.known {
		return false
	}
	for _, name := range c.names {
		if !slices.ContainsFunc(inputs, func(in Input) bool { return in.Name == name }) {
			return false
		}
	}
	return true
}

// EndNodes are the positions of the nodes at which a run may end: those whose
// outgoing links are all error handlers. If there are none, they are the nodes
// whose conditions may leave no branch to take.
func (w *Workflow) EndNodes() []int {
	var end []int
	for i := range w.Nodes {
		if w.pureEnd(i) {
			end = append(end, i)
		}
	}
	if end != nil {
		return end
	}
	for i := range w.Nodes {
		if w.uncovered(i) {
			end = append(end, i)
		}
	}
	return end
}

func (w *Workflow) pureEnd(i int) bool {
	for _, l := range w.outgoing[i] {
		if !w.Links[l].OnError {
			return false
		}
	}
	return true
}

// uncovered tells whether some output of the node has a condition that is not
// covered: the else value is not among the values asked for. Boolean values
// (and 0 and 1, which equal them) always count as uncovered, as in ewokscore 5.
func (w *Workflow) uncovered(i int) bool {
	values := map[Arg]map[scalarKey]bool{}
	for _, l := range w.outgoing[i] {
		for _, c := range w.Links[l].Conditions {
			if values[c.Output] == nil {
				values[c.Output] = map[scalarKey]bool{}
			}
			values[c.Output][keyOf(c.Value)] = true
		}
	}
	other := keyOf(w.Nodes[i].ElseValue)
	for _, asked := range values {
		if asked[keyFalse] || asked[keyTrue] || !asked[other] {
			return true
		}
	}
	return false
}
