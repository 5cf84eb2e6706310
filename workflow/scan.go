package workflow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// scanner reads JSON text piece by piece, so that nodes and links are decoded
// straight into structs. It accepts exactly RFC 8259 and bounds the depth.
type scanner struct {
	data     []byte
	pos      int
	depth    int
	maxDepth int
}

// scanError is a syntax error at an offset.
type scanError struct {
	offset        int
	message, hint string
}

func (e *scanError) Error() string { return e.message }

func (s *scanner) fail(format string, args ...any) error {
	return &scanError{offset: s.pos, message: fmt.Sprintf(format, args...)}
}

// position turns an offset into a line and a column, both from 1.
func position(data []byte, offset int) (line, column int) {
	before := data[:min(offset, len(data))]
	line = bytes.Count(before, []byte{'\n'}) + 1
	return line, len(before) - bytes.LastIndexByte(before, '\n')
}

// peek skips white space and returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

func (s *scanner) unexpected(want string) error {
	if s.pos >= len(s.data) {
		return s.fail("the text ends where %s was expected", want)
	}
	r, _ := utf8.DecodeRune(s.data[s.pos:])
	return s.fail("%q where %s was expected", r, want)
}

func (s *scanner) enter() error {
	s.depth++
	if s.depth > s.maxDepth {
		return s.fail("values are nested deeper than %d", s.maxDepth)
	}
	s.pos++
	return nil
}

func (s *scanner) leave() {
	s.pos++
	s.depth--
}

// object calls member for each key, with the scanner in front of the value.
// The key is only valid during the call.
func (s *scanner) object(member func(key []byte) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	if s.peek() == '}' {
		s.leave()
		return nil
	}
	for {
		if s.peek() != '"' {
			return s.unexpected("a key in double quotes")
		}
		key, err := s.text()
		if err != nil {
			return err
		}
		if s.peek() != ':' {
			return s.unexpected("':'")
		}
		s.pos++
		s.peek()
		if err := member(key); err != nil {
			return err
		}
		switch s.peek() {
		case ',':
			s.pos++
		case '}':
			s.leave()
			return nil
		default:
			return s.unexpected("',' or '}'")
		}
	}
}

// array calls element with the scanner in front of each element.
func (s *scanner) array(element func() error) error {
	if err := s.enter(); err != nil {
		return err
	}
	if s.peek() == ']' {
		s.leave()
		return nil
	}
	for {
		s.peek()
		if err := element(); err != nil {
			return err
		}
		switch s.peek() {
		case ',':
			s.pos++
		case ']':
			s.leave()
			return nil
		default:
			return s.unexpected("',' or ']'")
		}
	}
}

// raw skips one value and returns its text, which aliases the document.
func (s *scanner) raw() (json.RawMessage, error) {
	s.peek()
	start := s.pos
	if err := s.skip(); err != nil {
		return nil, err
	}
	return json.RawMessage(s.data[start:s.pos:s.pos]), nil
}

func (s *scanner) skip() error {
	switch c := s.peek(); c {
	case '{':
		return s.object(func([]byte) error { return s.skip() })
	case '[':
		return s.array(s.skip)
	case '"':
		_, err := s.quoted()
		return err
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	default:
		if c == '-' || c >= '0' && c <= '9' {
			return s.number()
		}
		return s.notJSON()
	}
}

func (s *scanner) notJSON() error {
	rest := s.data[s.pos:]
	for _, word := range []string{"NaN", "Infinity"} {
		if bytes.HasPrefix(rest, []byte(word)) {
			return &scanError{s.pos, word + " is not a JSON value", "write null, or a string that the task understands"}
		}
	}
	return s.unexpected("a value")
}

func (s *scanner) word(word string) error {
	if !bytes.HasPrefix(s.data[s.pos:], []byte(word)) {
		return s.unexpected("a value")
	}
	s.pos += len(word)
	return nil
}

func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.data) && s.data[s.pos] >= '0' && s.data[s.pos] <= '9' {
		s.pos++
	}
	return s.pos > start
}

func (s *scanner) at(set string) bool {
	return s.pos < len(s.data) && bytes.IndexByte([]byte(set), s.data[s.pos]) >= 0
}

func (s *scanner) number() error {
	if s.at("-") {
		s.pos++
	}
	if s.at("I") {
		return s.notJSON()
	}
	if s.at("0") {
		s.pos++
	} else if !s.digits() {
		return s.unexpected("a digit")
	}
	if s.at(".") {
		s.pos++
		if !s.digits() {
			return s.unexpected("a digit")
		}
	}
	if s.at("eE") {
		s.pos++
		if s.at("+-") {
			s.pos++
		}
		if !s.digits() {
			return s.unexpected("a digit")
		}
	}
	return nil
}

// quoted skips a string and tells whether it has escapes.
func (s *scanner) quoted() (escaped bool, err error) {
	start := s.pos
	for i := s.pos + 1; i < len(s.data); i++ {
		switch c := s.data[i]; {
		case c == '"':
			s.pos = i + 1
			return escaped, nil
		case c == '\\':
			escaped = true
			n := escapeLength(s.data[i:])
			if n == 0 {
				s.pos = i
				return false, s.fail("invalid escape in a string")
			}
			i += n - 1
		case c < ' ':
			s.pos = i
			return false, s.fail("control character %q in a string", c)
		}
	}
	s.pos = start
	return false, s.fail("the string that starts here does not end")
}

// escapeLength is the length of the escape at the start of b, 0 if invalid.
func escapeLength(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(b) < 6 {
			return 0
		}
		for _, c := range b[2:6] {
			if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F') {
				return 0
			}
		}
		return 6
	}
	return 0
}

// text reads a string. Without escapes the result aliases the document.
func (s *scanner) text() ([]byte, error) {
	start := s.pos
	escaped, err := s.quoted()
	if err != nil {
		return nil, err
	}
	if !escaped {
		return s.data[start+1 : s.pos-1], nil
	}
	var out string
	if err := json.Unmarshal(s.data[start:s.pos], &out); err != nil {
		s.pos = start
		return nil, s.fail("invalid string: %v", err)
	}
	return []byte(out), nil
}

// end fails when something follows the value.
func (s *scanner) end() error {
	if s.peek(); s.pos < len(s.data) {
		return s.unexpected("the end of the text")
	}
	return nil
}
