package workflow

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// YAML is the workflow as a YAML document for files. Nested ids carry the tag
// that makes them tuples in Python.
func (w *Workflow) YAML() ([]byte, error) {
	t := yamlTree{decoder: json.NewDecoder(bytes.NewReader(w.AppendJSON(nil)))}
	t.decoder.UseNumber()
	root, err := t.value()
	if err != nil {
		return nil, err
	}
	t.tagIDs(root)
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return nil, err
	}
	err = encoder.Close()
	return out.Bytes(), err
}

// yamlTree reads JSON as a YAML tree, keeping the order of the members.
type yamlTree struct{ decoder *json.Decoder }

func (t *yamlTree) value() (*yaml.Node, error) {
	token, err := t.decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Delim:
		n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		if token == '[' {
			n.Kind, n.Tag = yaml.SequenceNode, "!!seq"
		}
		for t.decoder.More() {
			item, err := t.value()
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, item)
		}
		if len(n.Content) == 0 {
			n.Style = yaml.FlowStyle
		}
		_, err := t.decoder.Token()
		return n, err
	case string:
		return yamlString(token), nil
	case json.Number:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: numberTag(string(token)), Value: yamlNumber(string(token))}, nil
	case bool:
		if token {
			return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"}, nil
		}
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "false"}, nil
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}, nil
}

var plainSafe = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_./-]*$`)

// yamlString quotes what YAML 1.1 or 1.2 might not read as a string.
func yamlString(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	if !plainSafe.MatchString(s) || yamlBool[s] != "" || yamlNull[s] || len(s) == 1 {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

func numberTag(text string) string {
	if strings.ContainsAny(text, ".eE") {
		return "!!float"
	}
	return "!!int"
}

// yamlNumber writes a float as YAML 1.1 wants it: with a point, and a sign in
// the exponent.
func yamlNumber(text string) string {
	at := strings.IndexAny(text, "eE")
	if at < 0 {
		return text
	}
	mantissa, exponent := text[:at], text[at+1:]
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	if exponent[0] != '+' && exponent[0] != '-' {
		exponent = "+" + exponent
	}
	return mantissa + "e" + exponent
}

// tagIDs marks the nested ids where a document has ids.
func (t *yamlTree) tagIDs(root *yaml.Node) {
	graph := member(root, "graph")
	for _, aliases := range []*yaml.Node{member(graph, "input_nodes"), member(graph, "output_nodes")} {
		tagMembers(aliases, "id", "node", "sub_node")
	}
	tagMembers(member(root, "nodes"), "id")
	tagMembers(member(root, "links"), "source", "target")
}

func member(n *yaml.Node, key string) *yaml.Node {
	if n == nil {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func tagMembers(list *yaml.Node, keys ...string) {
	if list == nil {
		return
	}
	for _, item := range list.Content {
		for _, key := range keys {
			tagTuple(member(item, key))
		}
	}
}

func tagTuple(n *yaml.Node) {
	for n != nil && n.Kind == yaml.SequenceNode {
		n.Tag = "!!python/tuple"
		n.Style = yaml.TaggedStyle | yaml.FlowStyle
		n = n.Content[1]
	}
}
