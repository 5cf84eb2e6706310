package campaign

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"unicode/utf8"
)

const objectAdvice = `write one object in each line, like {"path": "a.h5", "threshold": 3}`

func openJSONLines(path string) (*Table, error) {
	t := &Table{rows: func(context.Context) iter.Seq2[Row, error] {
		return func(yield func(Row, error) bool) { readJSONLines(path, yield) }
	}}
	first, ok, err := firstRow(t.rows(context.Background()))
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, &Error{Where: path, Message: "the table is empty", Advice: objectAdvice}
	}
	t.columns = first.Columns()
	return t, nil
}

func readJSONLines(path string, yield func(Row, error) bool) {
	f, err := openRegular(path)
	if err != nil {
		yield(Row{}, err)
		return
	}
	defer f.Close()
	lines := bufio.NewReaderSize(f, 64<<10)
	number := 0
	for line := 1; ; line++ {
		where := fmt.Sprintf("%s:%d", path, line)
		text, err := readLine(lines)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			yield(Row{}, &Error{Where: where, Cause: err})
			return
		}
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		row, err := parseObject(where, number, text)
		if !yield(row, err) || err != nil {
			return
		}
		number++
	}
}

// readLine reads a line of bounded length, and io.EOF after the last.
func readLine(r *bufio.Reader) (line []byte, err error) {
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > MaxLine:
			return nil, errLine
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(line) > 0:
			return line, nil
		}
		return line, err
	}
}

// parseObject keeps the order of the members.
func parseObject(where string, number int, text []byte) (Row, error) {
	row := Row{Number: number, where: where}
	decoder := json.NewDecoder(bytes.NewReader(text))
	fail := func(cause error, advice string) (Row, error) {
		return Row{}, &Error{Where: fmt.Sprintf("%s:%d", where, decoder.InputOffset()+1), Cause: cause, Advice: advice}
	}
	if !utf8.Valid(text) {
		return fail(errors.New("not UTF-8"), "convert the table, with iconv -t utf-8 for example")
	}
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return fail(errors.New("not an object"), objectAdvice)
	}
	for decoder.More() {
		value, err := member(decoder)
		if err != nil {
			return fail(err, objectAdvice)
		}
		row.Values = append(row.Values, value)
		if len(row.Values) > MaxColumns {
			break
		}
	}
	if err := checkColumns(row.Columns()); err != nil {
		return fail(err, objectAdvice)
	}
	if _, err := decoder.Token(); err != nil {
		return fail(fmt.Errorf("the object is not complete: %w", err), objectAdvice)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return fail(errors.New("something follows the object"), objectAdvice)
	}
	return row, nil
}

func member(decoder *json.Decoder) (v Value, err error) {
	key, err := decoder.Token()
	if err != nil {
		return v, err
	}
	v.Column = key.(string) // the decoder takes nothing else for a key
	var raw json.RawMessage
	if err := decoder.Decode(&raw); err != nil {
		return v, fmt.Errorf("the value of %q: %w", v.Column, err)
	}
	if len(raw) > MaxCell {
		return v, fmt.Errorf("the value of %q has %d bytes, at most %d", v.Column, len(raw), MaxCell)
	}
	v.JSON = compact(raw)
	return v, nil
}
