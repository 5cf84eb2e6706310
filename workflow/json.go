package workflow

import (
	"encoding/json"
	"strconv"
	"strings"
)

func quote(s string) string { return strconv.Quote(s) }

// decoder reads one document. Mistakes in attributes go to the report, so
// that all are found at once; an error is returned only for broken JSON.
type decoder struct {
	scanner
	report *report
	file   string
	// strings shares equal strings: identifiers repeat over many nodes.
	strings map[string]string
	// room is how many more nodes and links may be read.
	room int
}

func newDecoder(data []byte, maxDepth int, r *report) *decoder {
	return &decoder{
		scanner: scanner{data: data, maxDepth: maxDepth},
		report:  r, strings: map[string]string{}, room: DefaultMaxElements,
	}
}

// intern returns the string of b, shared with equal ones.
func (d *decoder) intern(b []byte) string {
	if s, ok := d.strings[string(b)]; ok {
		return s
	}
	s := string(b)
	d.strings[s] = s
	return s
}

func (d *decoder) problem(kind Kind, field, message, hint string) {
	d.report.add(Problem{Kind: kind, File: d.file, Field: field, Message: message, Hint: hint})
}

// wrong reports the value in front of the scanner and skips it.
func (d *decoder) wrong(field, want string) error {
	raw, err := d.raw()
	if err != nil {
		return err
	}
	d.problem(KindDocument, field, field+" must be "+want+", not "+excerpt(raw), "")
	return nil
}

// excerpt is the start of a value, for messages.
func excerpt(raw []byte) string {
	const limit = 40
	text := strings.Join(strings.Fields(string(raw[:min(len(raw), 4*limit)])), " ")
	if runes := []rune(text); len(runes) > limit {
		return string(runes[:limit]) + "..."
	}
	return text
}

// list decodes an array element by element; null is an empty list.
func (d *decoder) list(field string, element func() error) error {
	switch d.peek() {
	case '[':
		return d.array(element)
	case 'n':
		return d.skip()
	}
	return d.wrong(field, "a list")
}

// mapping decodes an object member by member; null is an empty one.
func (d *decoder) mapping(field string, member func(key []byte) error) error {
	switch d.peek() {
	case '{':
		return d.object(member)
	case 'n':
		return d.skip()
	}
	return d.wrong(field, "a mapping")
}

func (d *decoder) takeRoom() error {
	d.room--
	if d.room < 0 {
		return d.fail("the graph has too many nodes and links")
	}
	return nil
}

// document decodes a whole graph: graph attributes, nodes and links.
func (d *decoder) document() (*document, error) {
	doc := &document{file: d.file, blank: true}
	if d.peek() != '{' {
		return doc, d.wrong("graph", "a mapping with the keys graph, nodes and links")
	}
	err := d.object(func(key []byte) error {
		doc.blank = false
		switch string(key) {
		case "graph":
			return d.mapping("graph", func(key []byte) error { return d.graphAttribute(doc, key) })
		case "nodes":
			doc.nodes = doc.nodes[:0]
			return d.list("nodes", func() error { return d.node(doc) })
		case "links":
			doc.links = doc.links[:0]
			return d.list("links", func() error { return d.link(doc) })
		case "directed":
			directed := true
			err := d.boolean("directed", &directed)
			doc.undirected = !directed
			return err
		case "multigraph":
			multigraph := true
			err := d.boolean("multigraph", &multigraph)
			doc.simple = !multigraph
			return err
		case "__ewoks_serialize__":
			return d.serializer()
		}
		return d.skip()
	})
	if doc.undirected {
		d.problem(KindDirected, "directed", "the graph is not directed", `remove "directed": false`)
	}
	return doc, err
}

func (d *decoder) graphAttribute(doc *document, key []byte) (err error) {
	switch string(key) {
	case "id":
		doc.id, err = d.name("id")
	case "label":
		doc.label, err = d.name("label")
	case "schema_version":
		err = d.schemaVersion()
	case "input_nodes":
		doc.inputs = nil
		err = d.list("input_nodes", func() error { return d.alias("input_nodes", &doc.inputs) })
	case "output_nodes":
		doc.outputs = nil
		err = d.list("output_nodes", func() error { return d.alias("output_nodes", &doc.outputs) })
	default:
		err = d.keep(&doc.extra, key)
	}
	return err
}

// keep stores an attribute that is not interpreted.
func (d *decoder) keep(extra *map[string]json.RawMessage, key []byte) error {
	name := d.intern(key)
	raw, err := d.raw()
	if err != nil {
		return err
	}
	if *extra == nil {
		*extra = make(map[string]json.RawMessage)
	}
	(*extra)[name] = raw
	return nil
}

func (d *decoder) alias(field string, to *[]alias) error {
	if d.peek() != '{' {
		return d.wrong("an entry of "+field, "a mapping")
	}
	if err := d.takeRoom(); err != nil {
		return err
	}
	var a alias
	err := d.object(func(key []byte) (err error) {
		switch string(key) {
		case "id":
			err = d.optionalID(&a.id, &a.has, hasID, "id")
		case "node":
			err = d.optionalID(&a.node, &a.has, hasNode, "node")
		case "sub_node":
			err = d.optionalID(&a.subNode, &a.has, hasSubNode, "sub_node")
		case "link_attributes":
			a.attrs = linkAttrs{}
			err = d.linkAttributes("link_attributes", &a.attrs)
		default:
			err = d.keep(&a.extra, key)
		}
		return err
	})
	*to = append(*to, a)
	return err
}

// optionalID decodes an id; null is the same as no id.
func (d *decoder) optionalID(id *ID, has *field, bit field, name string) error {
	if d.peek() == 'n' {
		return d.skip()
	}
	value, _, ok, err := d.id(name)
	if ok {
		*id = value
		*has |= bit
	}
	return err
}
