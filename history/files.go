package history

import (
	"bytes"
	"container/list"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// files are those that are open, the one that was used last at the front.
type files struct {
	dir    string
	most   int
	byName map[string]*file
	order  list.List
}

// file ends with a complete line at size, always.
type file struct {
	*os.File
	name string
	size int64
	here *list.Element
}

func (s *files) open(name string) (*file, error) {
	if f := s.byName[name]; f != nil {
		s.order.MoveToFront(f.here)
		return f, nil
	}
	opened, err := os.OpenFile(filepath.Join(s.dir, name), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	f := &file{File: opened, name: name}
	if f.size, err = repair(opened); err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	for len(s.byName) >= s.most {
		s.close(s.order.Back().Value.(*file))
	}
	f.here = s.order.PushFront(f)
	s.byName[name] = f
	return f, nil
}

// repair cuts off what a crash has left of a last line, and returns the size.
func repair(f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	size, block := info.Size(), make([]byte, 64<<10)
	for end := size; end > 0; {
		start := max(0, end-int64(len(block)))
		part := block[:end-start]
		if _, err := io.ReadFull(io.NewSectionReader(f, start, end-start), part); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(part, '\n'); i >= 0 {
			return cut(f, size, start+int64(i)+1)
		}
		end = start
	}
	return cut(f, size, 0)
}

func cut(f *os.File, size, to int64) (int64, error) {
	if to == size {
		return size, nil
	}
	return to, f.Truncate(to)
}

// append writes complete lines, or nothing.
func (f *file) append(lines []byte) error {
	n, err := f.Write(lines)
	if err == nil {
		f.size += int64(n)
		return nil
	}
	if n > 0 {
		err = errors.Join(err, f.Truncate(f.size))
	}
	return err
}

func (s *files) close(f *file) {
	delete(s.byName, f.name)
	s.order.Remove(f.here)
	_ = f.Close() // what was written is with the kernel
}

func (s *files) closeAll() {
	for _, f := range s.byName {
		s.close(f)
	}
}
