package workflow

import (
	"encoding/json"
	"maps"
	"slices"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// appendString writes s as a JSON string.
func appendString(out []byte, s string) []byte {
	out = append(out, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		size := 1
		replacement := ""
		if c >= utf8.RuneSelf {
			var r rune
			if r, size = utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
			replacement = `\ufffd`
		}
		out = append(out, s[start:i]...)
		switch {
		case replacement != "":
			out = append(out, replacement...)
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c == '\n':
			out = append(out, '\\', 'n')
		case c == '\t':
			out = append(out, '\\', 't')
		default:
			out = append(out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i += size
		start = i
	}
	return append(append(out, s[start:]...), '"')
}

// appendID writes a nested id as nested pairs.
func appendID(out []byte, id ID) []byte {
	depth := 0
	for {
		parent, child, nested := id.split()
		if !nested {
			break
		}
		out = append(out, '[')
		out = appendString(out, string(parent))
		out = append(out, ',')
		id = child
		depth++
	}
	out = appendString(out, string(id))
	for range depth {
		out = append(out, ']')
	}
	return out
}

// appendArg writes a position as a number.
func appendArg(out []byte, a Arg) []byte {
	if _, ok := a.Position(); ok {
		return append(out, a...)
	}
	return appendString(out, string(a))
}

// appendKey starts a member of an object, with a comma unless it is the first.
func appendKey(out []byte, key string) []byte {
	if last := out[len(out)-1]; last != '{' {
		out = append(out, ',')
	}
	return append(appendString(out, key), ':')
}

// appendComma separates elements of an array.
func appendComma(out []byte) []byte {
	if last := out[len(out)-1]; last != '[' {
		out = append(out, ',')
	}
	return out
}

func appendRaw(out []byte, value json.RawMessage) []byte {
	if value == nil {
		return append(out, "null"...)
	}
	return append(out, value...)
}

func appendExtra(out []byte, extra map[string]json.RawMessage) []byte {
	if len(extra) == 0 {
		return out
	}
	for _, key := range slices.Sorted(maps.Keys(extra)) {
		out = appendRaw(appendKey(out, key), extra[key])
	}
	return out
}
