package history

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Folder is where a log keeps its files. It can be read while a log writes to it,
// and when none does.
type Folder string

// What the names of files end with. No key and ending give the name of another's.
const (
	attemptsFile = ".jsonl"
	aboutFile    = ".about"
)

var validKey = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}$`)

// CheckKey refuses keys that are no good as names of files.
func CheckKey(key string) error {
	if !validKey.MatchString(key) {
		return fmt.Errorf("%.140q is not the name of a run or campaign", key)
	}
	return nil
}

func (f Folder) path(key, ending string) string { return filepath.Join(string(f), key+ending) }

// Dropped says that so many attempts are not described, because the disk could
// not take them.
type Dropped uint64

func (d Dropped) Error() string { return fmt.Sprintf("%d attempts are not recorded", uint64(d)) }

// dropped is the line of a file that stands for attempts that are not there.
type dropped struct {
	Dropped Dropped `json:"dropped"`
}

const droppedPrefix = `{"dropped":`

// DamagedError is a line that is not the record of an attempt.
type DamagedError struct {
	Key   string
	Cause error
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("a record of %s is damaged: %v", e.Key, e.Cause)
}
func (e *DamagedError) Unwrap() error { return e.Cause }

// maxLine bounds a line that is read, in bytes.
const maxLine = 64 << 20

// Read goes through the attempts of a key in the order in which they ended. After
// an error of type Dropped or DamagedError it goes on; what a crash has left of a
// last line is not an error. Without a file it is
// [fs.ErrNotExist].
func (f Folder) Read(key string) iter.Seq2[task.Attempt, error] {
	return func(yield func(task.Attempt, error) bool) {
		for line, err := range f.lines(key, attemptsFile) {
			var a task.Attempt
			if err == nil {
				err = decode(key, line, &a)
			}
			if !yield(a, err) {
				return
			}
		}
	}
}

// ReadRow goes through the attempts at one row of a campaign, like Read. It decodes
// no others: a campaign may have millions.
func (f Folder) ReadRow(campaign string, row int) iter.Seq2[task.Attempt, error] {
	return func(yield func(task.Attempt, error) bool) {
		for line, err := range f.lines(campaign, attemptsFile) {
			var a task.Attempt
			if err == nil {
				if !mentions(line, row) {
					continue
				}
				err = decode(campaign, line, &a)
			}
			if errors.As(err, new(Dropped)) || err == nil && a.Row != row {
				continue
			}
			if !yield(a, err) {
				return
			}
		}
	}
}

// mentions tells whether a line can be of a row; that of row 0 has no number.
// Within texts the quotation marks would be escaped.
func mentions(line []byte, row int) bool {
	const field = `"row":`
	if row == 0 {
		return !bytes.Contains(line, []byte(field))
	}
	return bytes.Contains(line, strconv.AppendInt([]byte(field), int64(row), 10))
}

func decode(key string, line []byte, a *task.Attempt) error {
	if strings.HasPrefix(string(line[:min(len(line), len(droppedPrefix))]), droppedPrefix) {
		var d dropped
		if err := json.Unmarshal(line, &d); err != nil {
			return &DamagedError{key, err}
		}
		return d.Dropped
	}
	if err := json.Unmarshal(line, a); err != nil {
		*a = task.Attempt{}
		return &DamagedError{key, err}
	}
	return nil
}

// About decodes what Describe was given for a key into a pointer, oldest first.
// If that was nothing it is [fs.ErrNotExist].
func (f Folder) About(key string, value any) error {
	for line, err := range f.lines(key, aboutFile) {
		if err == nil {
			err = json.Unmarshal(line, value)
		}
		if err != nil {
			return fmt.Errorf("description of %s: %w", key, err)
		}
	}
	return nil
}

// lines goes through the complete lines of a file.
func (f Folder) lines(key, ending string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if err := CheckKey(key); err != nil {
			yield(nil, err)
			return
		}
		file, err := os.Open(f.path(key, ending))
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("nothing is recorded of %s: %w", key, fs.ErrNotExist)
		}
		if err != nil {
			yield(nil, err)
			return
		}
		defer file.Close()
		r := bufio.NewReaderSize(file, 256<<10)
		var line []byte
		for {
			part, err := r.ReadSlice('\n')
			line = append(line, part...)
			switch {
			case errors.Is(err, bufio.ErrBufferFull) && len(line) <= maxLine:
				continue
			case errors.Is(err, io.EOF): // without its end a line is not complete
				return
			case err != nil:
				yield(nil, fmt.Errorf("records of %s: %w", key, err))
				return
			}
			if !yield(line, nil) {
				return
			}
			line = line[:0]
		}
	}
}
