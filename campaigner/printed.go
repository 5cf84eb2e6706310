package campaigner

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
)

// printedLog is what the rows of a campaign printed: one line of JSON for each attempt
// that printed something. Ledgers refer to it by offset and length.
type printedLog struct {
	path string
	file *os.File
	size int64
}

// line is what one attempt printed.
type line struct {
	Row     int       `json:"row"`
	Run     string    `json:"run"`
	Printed []Printed `json:"printed"`
}

func (l *printedLog) open() (err error) {
	if l.file != nil {
		return nil
	}
	file, err := os.OpenFile(l.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return err
	}
	l.file, l.size = file, info.Size()
	return nil
}

// write appends what ends have printed, all at once, and returns where each is; empty
// is nowhere.
func (l *printedLog) write(ends []End) (places []string, err error) {
	places = make([]string, len(ends))
	var text bytes.Buffer
	lengths := make([]int, len(ends))
	for i := range ends {
		if len(ends[i].Printed) == 0 {
			continue
		}
		data, err := json.Marshal(line{ends[i].Row, ends[i].Run, ends[i].Printed})
		if err != nil {
			return places, err
		}
		lengths[i] = len(data)
		text.Write(append(data, '\n'))
	}
	if text.Len() == 0 {
		return places, nil
	}
	if err := l.open(); err != nil {
		return places, err
	}
	at := l.size
	n, err := l.file.Write(text.Bytes())
	l.size += int64(n)
	if err != nil {
		return places, err
	}
	for i, length := range lengths {
		if length > 0 {
			places[i] = fmt.Sprintf("%d:%d", at, length)
			at += int64(length) + 1
		}
	}
	return places, nil
}

func (l *printedLog) close() error {
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}

// maxPlace bounds what is read of one attempt, in bytes.
const maxPlace = 64 << 20

// readPrinted reads what the attempt of a place has printed.
func (f Folder) readPrinted(name, place string) ([]Printed, error) {
	var at, length int64
	if _, err := fmt.Sscanf(place, "%d:%d", &at, &length); err != nil || at < 0 || length <= 0 || length > maxPlace {
		return nil, fmt.Errorf("%q is no place in %s", place, f.log(name))
	}
	file, err := os.Open(f.log(name))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data := make([]byte, length)
	if _, err := file.ReadAt(data, at); err != nil {
		return nil, fmt.Errorf("%s: %w", f.log(name), err)
	}
	var l line
	if err := json.Unmarshal(data, &l); err != nil {
		return nil, fmt.Errorf("%s: %w", f.log(name), err)
	}
	return l.Printed, nil
}
