package app

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"
)

// tailInterval is the time between two looks at a file that grows. Over network file
// systems nobody says that it did.
const tailInterval = 200 * time.Millisecond

// maxLine bounds a line, in bytes; what is longer comes in pieces.
const maxLine = 1 << 20

// tail calls line with every line of a file, without its end, as they come, until over
// says that no more will. The file may come into being meanwhile: find is asked for
// its path.
func tail(ctx context.Context, find func() (string, error), over func() bool, line func([]byte) error) error {
	var f *os.File
	defer func() {
		if f != nil {
			_ = f.Close()
		}
	}()
	var rest []byte
	for {
		last := over() // before reading: what was written until now is read
		if f == nil {
			var err error
			if f, err = openFound(find); err != nil {
				return err
			}
		}
		var err error
		if rest, err = lines(f, rest, line); err != nil {
			return err
		}
		if last {
			if len(rest) > 0 {
				return line(rest)
			}
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(tailInterval):
		}
	}
}

// openFound opens a file, which need not be there: then it is nil.
func openFound(find func() (string, error)) (*os.File, error) {
	path, err := find()
	if err != nil || path == "" {
		return nil, err
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return f, err
}

// lines passes on what is complete, and returns the rest.
func lines(f *os.File, rest []byte, line func([]byte) error) ([]byte, error) {
	if f == nil {
		return rest, nil
	}
	r := bufio.NewReader(f)
	for {
		part, err := r.ReadSlice('\n')
		rest = append(rest, part...)
		if whole := bytes.TrimSuffix(rest, []byte("\n")); len(whole) < len(rest) || len(rest) >= maxLine {
			if err := line(whole); err != nil {
				return nil, err
			}
			rest = rest[:0]
		}
		if err == nil || errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return rest, err
	}
}
