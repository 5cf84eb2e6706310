package workflow

import "encoding/json"

// field is a set of attributes that a document gives explicitly. Attributes
// are overridden key by key in many places, so presence has to be known.
type field uint32

const (
	hasID field = 1 << iota
	hasLabel
	hasTaskType
	hasIdentifier
	hasGenerator
	hasDefaultInputs
	hasForceStart
	hasElseValue
	hasVarInfo
	hasErrorNode
	hasErrorAttributes
	hasResources

	hasSource
	hasTarget
	hasSubSource
	hasSubTarget
	hasSubAttributes
	hasDataMapping
	hasMapAll
	hasConditions
	hasOnError
	hasRequired
	hasCache

	hasNode
	hasSubNode
)

// pushed are the attributes of a graph node that its input nodes receive.
const pushed = hasDefaultInputs | hasForceStart | hasElseValue | hasErrorNode

// document is one graph as it is written, before its subgraphs are resolved.
type document struct {
	file       string
	blank      bool // written as {}
	undirected bool
	simple     bool // "multigraph": false
	id, label  string
	extra      map[string]json.RawMessage
	inputs     []alias
	outputs    []alias
	nodes      []node
	links      []link
	// badLinks tells that some links are not what they were meant to be.
	badLinks bool
}

// node is a node as it is written, and later one of a flat graph.
type node struct {
	Node
	has field
	// legacy are the positions in legacyKeys of deprecated task keys.
	legacy uint16
	old    *legacyTask
	// intID tells that the id is an integer, which is not the same string id.
	intID      bool
	errorNode  bool
	errorAttrs *linkAttrs
	inline     *document
	// checked tells that resolveTask has seen the node as it is.
	checked bool
}

// legacyTask is the value of a deprecated task key.
type legacyTask struct {
	identifier string
	inline     *document
}

// override replaces every attribute that o gives, among those in which.
func (n *node) override(o *node, which field) {
	given := o.has & which
	if given&hasLabel != 0 {
		n.Label = o.Label
	}
	if given&hasTaskType != 0 {
		n.TaskType = o.TaskType
	}
	if given&hasIdentifier != 0 {
		n.Identifier, n.inline = o.Identifier, o.inline
	}
	if given&hasGenerator != 0 {
		n.Generator = o.Generator
	}
	if given&hasDefaultInputs != 0 {
		n.DefaultInputs = o.DefaultInputs
	}
	if given&hasForceStart != 0 {
		n.ForceStart = o.ForceStart
	}
	if given&hasElseValue != 0 {
		n.ElseValue = o.ElseValue
	}
	if given&hasVarInfo != 0 {
		n.VarInfo = o.VarInfo
	}
	if given&hasErrorNode != 0 {
		n.errorNode = o.errorNode
	}
	if given&hasErrorAttributes != 0 {
		n.errorAttrs = o.errorAttrs
	}
	if given&hasResources != 0 {
		n.Resources = o.Resources
	}
	n.has |= given
	n.checked = false
}

// overrideAll replaces also the attributes that are not interpreted, and adds
// deprecated task keys.
func (n *node) overrideAll(o *node) {
	n.override(o, ^field(0)&^hasID)
	if n.legacy |= o.legacy; o.old != nil {
		n.old = o.old
	}
	n.Extra = overrideExtra(n.Extra, o.Extra)
}

// linkAttrs are the attributes of a link, an alias or an error handler.
type linkAttrs struct {
	has         field
	dataMapping []Mapping
	mapAll      bool
	conditions  []Condition
	onError     bool
	required    *bool
	cache       bool
	extra       map[string]json.RawMessage
}

// link is a link as it is written.
type link struct {
	linkAttrs
	source, target       ID
	subSource, subTarget ID
	subAttrs             *node
	// key is the multigraph key; links with equal keys are one link.
	key string
}

// override replaces every attribute that o gives.
func (a *linkAttrs) override(o *linkAttrs) {
	if o.has&hasDataMapping != 0 {
		a.dataMapping = o.dataMapping
	}
	if o.has&hasMapAll != 0 {
		a.mapAll = o.mapAll
	}
	if o.has&hasConditions != 0 {
		a.conditions = o.conditions
	}
	if o.has&hasOnError != 0 {
		a.onError = o.onError
	}
	if o.has&hasRequired != 0 {
		a.required = o.required
	}
	if o.has&hasCache != 0 {
		a.cache = o.cache
	}
	a.extra = overrideExtra(a.extra, o.extra)
	a.has |= o.has
}

// override replaces also the ends inside subgraphs.
func (l *link) override(o *link) {
	l.linkAttrs.override(&o.linkAttrs)
	if o.has&hasSubSource != 0 {
		l.subSource = o.subSource
	}
	if o.has&hasSubTarget != 0 {
		l.subTarget = o.subTarget
	}
	if o.has&hasSubAttributes != 0 {
		l.subAttrs = o.subAttrs
	}
}

// overrideExtra never changes its arguments: graphs share attribute maps.
func overrideExtra(old, over map[string]json.RawMessage) map[string]json.RawMessage {
	if len(over) == 0 {
		return old
	}
	if len(old) == 0 {
		return over
	}
	merged := make(map[string]json.RawMessage, len(old)+len(over))
	for key, value := range old {
		merged[key] = value
	}
	for key, value := range over {
		merged[key] = value
	}
	return merged
}

// alias is a name under which an embedding graph may link to a node.
type alias struct {
	has     field
	id      ID
	node    ID
	subNode ID
	attrs   linkAttrs
	extra   map[string]json.RawMessage
}

// edge is a link of a flat graph, between positions.
type edge struct {
	linkAttrs
	source, target int
	checked        bool
}
