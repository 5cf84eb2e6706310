package workflow

import (
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Plain scalars are read with the rules of YAML 1.1 as PyYAML has them, which
// is what writes and reads ewoks YAML files: "on" is true, "1e3" is a string.
var (
	yamlBool = map[string]string{
		"yes": "true", "Yes": "true", "YES": "true", "true": "true", "True": "true", "TRUE": "true", "on": "true", "On": "true", "ON": "true",
		"no": "false", "No": "false", "NO": "false", "false": "false", "False": "false", "FALSE": "false", "off": "false", "Off": "false", "OFF": "false",
	}
	yamlNull  = map[string]bool{"": true, "~": true, "null": true, "Null": true, "NULL": true}
	yamlInt   = regexp.MustCompile(`^[-+]?(0b[0-1_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(:[0-5]?[0-9])+)$`)
	yamlFloat = regexp.MustCompile(`^([-+]?[0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?|\.[0-9][0-9_]*([eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*)$`)
	yamlOdd   = regexp.MustCompile(`^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$`)
	yamlTime  = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$|^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(\.[0-9]*)?([ \t]*(Z|[-+][0-9]{1,2}(:[0-9]{2})?))?$`)
)

func (c *yamlConverter) scalar(n *yaml.Node) error {
	if n.Style&yaml.TaggedStyle == 0 {
		if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			c.out = appendString(c.out, n.Value)
			return nil
		}
		return c.plain(n)
	}
	switch n.ShortTag() {
	case "!!str", "!!python/str", "!!python/unicode", "!":
		c.out = appendString(c.out, n.Value)
		return nil
	case "!!null", "!!python/none":
		c.out = append(c.out, "null"...)
		return nil
	case "!!bool", "!!python/bool", "!!int", "!!python/int", "!!python/long", "!!float", "!!python/float":
		if c.plain(n) == nil && c.out[len(c.out)-1] != '"' {
			return nil
		}
		return c.fail(n, "", "%s %q is not valid", n.ShortTag(), n.Value)
	}
	return c.unknownTag(n)
}

func (c *yamlConverter) plain(n *yaml.Node) error {
	text := n.Value
	switch {
	case yamlNull[text]:
		c.out = append(c.out, "null"...)
	case yamlBool[text] != "":
		c.out = append(c.out, yamlBool[text]...)
	case yamlInt.MatchString(text):
		return c.integer(n)
	case yamlFloat.MatchString(text):
		return c.float(n)
	case yamlOdd.MatchString(text):
		return c.fail(n, "write null, or a string that the task understands", "%s is not a JSON value", text)
	case yamlTime.MatchString(text):
		return c.fail(n, `put it in quotes: "`+text+`"`, "the date %s would not be a string", text)
	default:
		c.out = appendString(c.out, text)
	}
	return nil
}

// maxDigits is Python's limit for the length of an integer.
const maxDigits = 4300

func (c *yamlConverter) integer(n *yaml.Node) error {
	text := strings.ReplaceAll(n.Value, "_", "")
	sign := ""
	switch text[0] {
	case '-':
		sign, text = "-", text[1:]
	case '+':
		text = text[1:]
	}
	if len(text) > maxDigits {
		return c.fail(n, "", "the integer has more than %d digits", maxDigits)
	}
	value, ok := new(big.Int), true
	switch {
	case strings.HasPrefix(text, "0b"), strings.HasPrefix(text, "0x"):
		_, ok = value.SetString(text, 0)
	case strings.Contains(text, ":"):
		for _, part := range strings.Split(text, ":") {
			digit, _ := new(big.Int).SetString(part, 10)
			value.Add(value.Mul(value, big.NewInt(60)), digit)
		}
	case len(text) > 1 && text[0] == '0':
		_, ok = value.SetString(text, 8)
	default:
		_, ok = value.SetString(text, 10)
	}
	if !ok {
		return c.fail(n, "", "%q is not an integer", n.Value)
	}
	if value.Sign() != 0 {
		c.out = append(c.out, sign...)
	}
	c.out = value.Append(c.out, 10)
	return nil
}

func (c *yamlConverter) float(n *yaml.Node) error {
	text := strings.ReplaceAll(n.Value, "_", "")
	value, err := 0.0, error(nil)
	if strings.Contains(text, ":") {
		sign := 1.0
		if text[0] == '-' {
			sign = -1
		}
		for _, part := range strings.Split(strings.TrimLeft(text, "+-"), ":") {
			digit, _ := strconv.ParseFloat(part, 64)
			value = value*60 + digit
		}
		value *= sign
	} else {
		value, err = strconv.ParseFloat(text, 64)
	}
	if err != nil || math.IsInf(value, 0) {
		return c.fail(n, "", "%s is not a finite number", n.Value)
	}
	mark := len(c.out)
	c.out = strconv.AppendFloat(c.out, value, 'g', -1, 64)
	if !strings.ContainsAny(string(c.out[mark:]), ".e") {
		c.out = append(c.out, ".0"...)
	}
	return nil
}
