package workflow

import (
	"bytes"
	"errors"
	"unicode/utf8"
)

// decode reads a document of a known or, with anyFormat, unknown format.
func (l *loader) decode(name string, data []byte, as format) (*document, error) {
	switch as {
	case jsonFormat:
		return l.decodeJSON(name, data)
	case yamlFormat:
		return l.decodeYAML(name, data)
	}
	mark := l.report
	doc, jsonErr := l.decodeJSON(name, data)
	if jsonErr == nil || !isSyntax(jsonErr) {
		return doc, jsonErr
	}
	l.report = mark
	doc, yamlErr := l.decodeYAML(name, data)
	if yamlErr != nil && looksLikeJSON(data) {
		return nil, jsonErr
	}
	return doc, yamlErr
}

func isSyntax(err error) bool {
	var syntax *SyntaxError
	return errors.As(err, &syntax)
}

func looksLikeJSON(data []byte) bool {
	trimmed := bytes.TrimLeft(data, " \t\r\n")
	return len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[')
}

func (l *loader) decodeJSON(name string, data []byte) (*document, error) {
	if err := l.checkSize(name, len(data), jsonFormat); err != nil {
		return nil, err
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		return nil, syntaxError(name, data, &scanError{offset: invalidUTF8(data), message: "the text is not UTF-8"})
	}
	d := newDecoder(data, l.opts.MaxDepth, &l.report)
	d.file, d.room = name, l.opts.MaxElements
	doc, err := d.document()
	if err == nil {
		err = d.end()
	}
	if err != nil {
		return nil, syntaxError(name, data, err)
	}
	return doc, nil
}

func invalidUTF8(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(data)
}

// syntaxError gives a scanner's error the place in the file.
func syntaxError(name string, data []byte, err error) error {
	var at *scanError
	if !errors.As(err, &at) {
		return err
	}
	line, column := position(data, at.offset)
	return &SyntaxError{File: name, Line: line, Column: column, Message: at.message, Advice: at.hint}
}
