package workflow

import (
	"encoding/json"
	"strings"
)

// name decodes a string, and a number as its text; null is "".
func (d *decoder) name(field string) (string, error) {
	switch c := d.peek(); {
	case c == '"':
		text, err := d.text()
		return d.intern(text), err
	case c == 'n':
		return "", d.skip()
	case c == '-' || c >= '0' && c <= '9':
		raw, err := d.raw()
		return string(raw), err
	}
	return "", d.wrong(field, "a string")
}

// stringOnly decodes a string; null is "".
func (d *decoder) stringOnly(field string) (string, error) {
	switch d.peek() {
	case '"':
		text, err := d.text()
		return d.intern(text), err
	case 'n':
		return "", d.skip()
	}
	return "", d.wrong(field, "a string")
}

// boolean decodes true, false, and 1 and 0 as Python would; null is false.
func (d *decoder) boolean(field string, to *bool) error {
	start := d.pos
	d.peek()
	raw, err := d.raw()
	if err != nil {
		return err
	}
	switch string(raw) {
	case "true", "1":
		*to = true
	case "false", "0", "null":
		*to = false
	default:
		d.pos = start
		return d.wrong(field, "true or false")
	}
	return nil
}

// tristate decodes true, false or null.
func (d *decoder) tristate(field string) (*bool, error) {
	if d.peek() == 'n' {
		return nil, d.skip()
	}
	var value bool
	err := d.boolean(field, &value)
	return &value, err
}

// scalar decodes a value that can be compared; null is nil.
func (d *decoder) scalar(field string) (json.RawMessage, error) {
	switch d.peek() {
	case '{', '[':
		return nil, d.wrong(field, "a string, number, boolean or null")
	case 'n':
		return nil, d.skip()
	}
	return d.raw()
}

// id decodes a node id: a string, an integer (its decimal text), or a
// [parent, child] pair where child may again be a pair.
func (d *decoder) id(field string) (id ID, integer, ok bool, err error) {
	start := d.pos
	if d.peek() != '[' {
		part, integer, problem, err := d.idPart()
		if err != nil || problem == "" {
			return ID(part), integer, problem == "", err
		}
		d.problem(KindID, field, field+" "+problem, "")
		return "", false, false, nil
	}
	var path []string
	problem, err := d.idPair(&path)
	if err != nil {
		return "", false, false, err
	}
	if problem != "" {
		d.problem(KindID, field, field+" "+problem+": "+excerpt(d.data[start:d.pos]),
			`write a nested id as pairs: ["parent", ["child", "grandchild"]]`)
		return "", false, false, nil
	}
	return NewID(path...), false, true, nil
}

// idPair appends the components of a nested id to path.
func (d *decoder) idPair(path *[]string) (problem string, err error) {
	n := 0
	err = d.array(func() error {
		n++
		var trouble string
		var err error
		if n == 2 && d.peek() == '[' {
			trouble, err = d.idPair(path)
		} else {
			var part string
			part, _, trouble, err = d.idPart()
			*path = append(*path, part)
		}
		if trouble != "" {
			problem = trouble
		}
		return err
	})
	if problem == "" && n != 2 {
		problem = "must be a pair"
	}
	return problem, err
}

func (d *decoder) idPart() (part string, integer bool, problem string, err error) {
	if d.peek() == '"' {
		text, err := d.text()
		if err != nil {
			return "", false, "", err
		}
		part = string(text)
		switch {
		case part == "":
			problem = "is empty"
		case strings.Contains(part, pathSeparator):
			problem = "contains a NUL character"
		}
		return part, false, problem, nil
	}
	raw, err := d.raw()
	if err != nil {
		return "", false, "", err
	}
	if c := raw[0]; c != '-' && (c < '0' || c > '9') || strings.ContainsAny(string(raw), ".eE") {
		return "", false, "must be a string, not " + excerpt(raw), nil
	}
	if string(raw) == "-0" {
		return "0", true, "", nil
	}
	return string(raw), true, "", nil
}

// arg decodes the name of an argument: a string or an integer from 0.
func (d *decoder) arg() (arg Arg, problem string, err error) {
	c := d.peek()
	if c == '"' {
		text, err := d.text()
		if err != nil {
			return "", "", err
		}
		arg, wrong := NewArg(d.intern(text))
		if wrong != nil {
			problem = wrong.Error()
		}
		return arg, problem, nil
	}
	raw, err := d.raw()
	if err != nil {
		return "", "", err
	}
	if _, ok := Arg(raw).Position(); !ok {
		return "", "must be a string or a number from 0, not " + excerpt(raw), nil
	}
	arg, wrong := NewArg(string(raw))
	if wrong != nil {
		problem = wrong.Error()
	}
	return arg, problem, nil
}

// named decodes an argument name; null is "".
func (d *decoder) named(field string) (Arg, error) {
	if d.peek() == 'n' {
		return "", d.skip()
	}
	arg, problem, err := d.arg()
	if problem != "" {
		d.problem(KindDocument, field, field+": "+problem, "")
	}
	return arg, err
}
