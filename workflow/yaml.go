package workflow

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// decodeYAML turns YAML into JSON text and decodes that, so that there is one
// reader of documents.
func (l *loader) decodeYAML(name string, data []byte) (*document, error) {
	if err := l.checkSize(name, len(data), yamlFormat); err != nil {
		return nil, err
	}
	root, err := parseYAML(name, data)
	if err != nil {
		return nil, err
	}
	// Aliases may repeat parts of a document, but not without bound.
	const floor, growth = 1 << 20, 16
	c := yamlConverter{maxDepth: l.opts.MaxDepth, room: floor + growth*len(data)}
	if err := c.value(root); err != nil {
		var at *yamlError
		if errors.As(err, &at) {
			return nil, &SyntaxError{File: name, Line: at.line, Column: at.column, Message: at.message, Advice: at.hint}
		}
		return nil, err
	}
	return l.decodeJSON(name, c.out)
}

// parseYAML reads exactly one YAML document.
func parseYAML(name string, data []byte) (root *yaml.Node, err error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var first, second yaml.Node
	switch err := decoder.Decode(&first); {
	case errors.Is(err, io.EOF):
		return &yaml.Node{Kind: yaml.ScalarNode}, nil
	case err != nil:
		return nil, yamlSyntaxError(name, data, err)
	}
	switch err := decoder.Decode(&second); {
	case errors.Is(err, io.EOF):
		return &first, nil
	case err != nil:
		return nil, yamlSyntaxError(name, data, err)
	}
	return nil, &SyntaxError{File: name, Line: max(second.Line, 1), Column: second.Column,
		Message: "a second YAML document starts here", Advice: "put each workflow in its own file"}
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line ([0-9]+): )?`)

// yamlSyntaxError takes the line out of the library's message. The library
// does not tell the column, so the text of the line is the hint.
func yamlSyntaxError(name string, data []byte, err error) error {
	text := err.Error()
	found := yamlLine.FindStringSubmatch(text)
	e := &SyntaxError{File: name, Line: 1, Message: strings.TrimPrefix(text, "yaml: ")}
	if found != nil {
		e.Message = strings.TrimPrefix(text, found[0])
		if n, err := strconv.Atoi(found[1]); err == nil {
			e.Line = n
		}
		if strings.HasPrefix(e.Message, "did not find expected") {
			e.Line++ // parser errors count lines from zero
		}
	}
	lines := bytes.SplitN(data, []byte("\n"), e.Line+1)
	if e.Line <= len(lines) {
		if line := bytes.TrimSpace(lines[e.Line-1]); len(line) > 0 {
			e.Advice = "near: " + excerpt(line)
		}
	}
	return e
}

// yamlError is a well-formed piece of YAML that a workflow cannot hold.
type yamlError struct {
	line, column  int
	message, hint string
}

func (e *yamlError) Error() string { return e.message }

// yamlConverter writes a YAML tree as JSON, reading plain scalars as PyYAML does.
type yamlConverter struct {
	out      []byte
	room     int
	depth    int
	maxDepth int
	// open are the anchored values being written: an alias to one is a loop.
	open map[*yaml.Node]bool
}

func (c *yamlConverter) fail(n *yaml.Node, hint, format string, args ...any) error {
	return &yamlError{line: max(n.Line, 1), column: n.Column, message: fmt.Sprintf(format, args...), hint: hint}
}

// take bounds the work and the output.
func (c *yamlConverter) take(n *yaml.Node, size int) error {
	if c.room -= size + 1; c.room < 0 {
		return c.fail(n, "write the repeated parts out", "aliases make this document too large")
	}
	return nil
}

func (c *yamlConverter) value(n *yaml.Node) error {
	if err := c.take(n, len(n.Value)); err != nil {
		return err
	}
	if c.depth++; c.depth > c.maxDepth+1 {
		return c.fail(n, "", "values are nested deeper than %d", c.maxDepth)
	}
	defer func() { c.depth-- }()
	switch n.Kind {
	case yaml.DocumentNode:
		return c.value(n.Content[0])
	case yaml.AliasNode:
		return c.alias(n, func() error { return c.value(n.Alias) })
	case yaml.MappingNode:
		return c.mapping(n)
	case yaml.SequenceNode:
		return c.sequence(n)
	}
	return c.scalar(n)
}

// alias follows an alias, once at a time.
func (c *yamlConverter) alias(n *yaml.Node, follow func() error) error {
	if c.open[n.Alias] {
		return c.fail(n, "", "the anchor %q contains itself", n.Value)
	}
	if c.open == nil {
		c.open = map[*yaml.Node]bool{}
	}
	c.open[n.Alias] = true
	defer delete(c.open, n.Alias)
	return follow()
}

func (c *yamlConverter) sequence(n *yaml.Node) error {
	if n.Style&yaml.TaggedStyle != 0 {
		switch n.ShortTag() {
		case "!!seq", "!!python/tuple", "!!python/list":
		default:
			return c.unknownTag(n)
		}
	}
	c.out = append(c.out, '[')
	for i, item := range n.Content {
		if i > 0 {
			c.out = append(c.out, ',')
		}
		if err := c.value(item); err != nil {
			return err
		}
	}
	c.out = append(c.out, ']')
	return nil
}

func (c *yamlConverter) mapping(n *yaml.Node) error {
	if n.Style&yaml.TaggedStyle != 0 {
		switch n.ShortTag() {
		case "!!map", "!!python/dict":
		default:
			return c.unknownTag(n)
		}
	}
	c.out = append(c.out, '{')
	first := true
	if err := c.members(n, &first); err != nil {
		return err
	}
	c.out = append(c.out, '}')
	return nil
}

// members writes merged members first: of equal keys the last one counts.
func (c *yamlConverter) members(n *yaml.Node, first *bool) error {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if isMerge(n.Content[i]) {
			if err := c.merge(n.Content[i+1], first); err != nil {
				return err
			}
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if !isMerge(n.Content[i]) {
			if err := c.member(n.Content[i], n.Content[i+1], first); err != nil {
				return err
			}
		}
	}
	return nil
}

func isMerge(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.Value == "<<" && key.ShortTag() == "!!merge"
}

func (c *yamlConverter) member(key, value *yaml.Node, first *bool) error {
	for key.Kind == yaml.AliasNode {
		key = key.Alias
	}
	if key.Kind != yaml.ScalarNode {
		return c.fail(key, "", "a key must be a string")
	}
	if err := c.take(key, len(key.Value)); err != nil {
		return err
	}
	if !*first {
		c.out = append(c.out, ',')
	}
	*first = false
	text, err := c.keyText(key)
	if err != nil {
		return err
	}
	c.out = appendString(c.out, text)
	c.out = append(c.out, ':')
	return c.value(value)
}

// keyText is the key as a string. Keys that PyYAML reads as something else
// get Python's string form of it.
func (c *yamlConverter) keyText(key *yaml.Node) (string, error) {
	mark := len(c.out)
	err := c.scalar(key)
	text := string(c.out[mark:])
	c.out = c.out[:mark]
	switch {
	case err != nil:
		return "", err
	case text == "true":
		return "True", nil
	case text == "false":
		return "False", nil
	case text == "null":
		return "None", nil
	case strings.HasPrefix(text, `"`):
		return key.Value, nil
	}
	return text, nil
}

// merge writes the members of the mappings that a "<<" key names, those that
// count first last.
func (c *yamlConverter) merge(n *yaml.Node, first *bool) error {
	if err := c.take(n, 0); err != nil {
		return err
	}
	if c.depth++; c.depth > c.maxDepth+1 {
		return c.fail(n, "", "values are nested deeper than %d", c.maxDepth)
	}
	defer func() { c.depth-- }()
	switch n.Kind {
	case yaml.AliasNode:
		return c.alias(n, func() error { return c.merge(n.Alias, first) })
	case yaml.SequenceNode:
		for i := len(n.Content) - 1; i >= 0; i-- {
			if err := c.merge(n.Content[i], first); err != nil {
				return err
			}
		}
		return nil
	case yaml.MappingNode:
		return c.members(n, first)
	}
	return c.fail(n, "", `"<<" needs a mapping`)
}

func (c *yamlConverter) unknownTag(n *yaml.Node) error {
	return c.fail(n, "only Python can make such a value; write it as a string, list or mapping", "the tag %s is not supported", n.ShortTag())
}
