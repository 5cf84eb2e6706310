package history

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// writer is the goroutine that alone changes the files.
type writer struct {
	log    *Log
	files  files
	total  int64 // bytes of all files
	chunks map[string]*chunk
	// missed attempts of each key are still to be noted in its file; noted are
	// those that are.
	missed, noted map[string]uint64
	failing       bool // and said so
}

// chunk is what is to be appended to the file of a key.
type chunk struct {
	bytes.Buffer
	records uint64
	room    int64 // that the file has left, negative if it cannot be opened
}

// chunkSize is what is written at once, in bytes.
const chunkSize = 256 << 10

// maxSpare is how many attempts the memory may hold that is used again.
const maxSpare = 4096

func newWriter(l *Log) (*writer, error) {
	w := &writer{
		log: l, files: files{dir: l.o.Dir, most: l.o.MaxOpen, byName: map[string]*file{}},
		chunks: map[string]*chunk{}, missed: map[string]uint64{}, noted: map[string]uint64{},
	}
	kept, err := w.list()
	for _, k := range kept {
		w.total += k.size
	}
	return w, err
}

func (w *writer) run() {
	defer close(w.log.done)
	defer w.files.closeAll()
	for range w.log.wake {
		for {
			next, closed := w.take()
			if next.empty() && closed {
				w.note(true)
				return
			}
			if next.empty() {
				break
			}
			w.do(next)
		}
	}
}

func (w *writer) take() (next work, closed bool) {
	l := w.log
	l.mu.Lock()
	defer l.mu.Unlock()
	next, l.next = l.next, work{attempts: l.spare}
	l.spare = nil
	return next, l.closed
}

func (w *writer) do(next work) {
	for _, a := range next.abouts {
		w.about(a)
	}
	for i := range next.attempts {
		w.add(&next.attempts[i])
	}
	for _, key := range slices.Sorted(maps.Keys(w.chunks)) {
		w.flush(key, w.chunks[key])
	}
	clear(w.chunks)
	for key, n := range next.missed {
		w.missed[key] += n
	}
	w.note(false)
	for _, order := range next.orders {
		order(w)
	}
	if cap(next.attempts) > maxSpare {
		return
	}
	clear(next.attempts) // lets go of their texts
	w.log.mu.Lock()
	w.log.spare = next.attempts[:0]
	w.log.mu.Unlock()
}

func (w *writer) add(a *task.Attempt) {
	key := Key(a)
	c := w.chunks[key]
	if c == nil {
		c = &chunk{room: w.room(key)}
		w.chunks[key] = c
	}
	if int64(c.Len()) >= c.room {
		w.miss(key, 1)
		return
	}
	if err := json.NewEncoder(c).Encode(a); err != nil { // a time out of JSON's range
		w.miss(key, 1)
		return
	}
	if c.records++; c.Len() >= chunkSize {
		w.flush(key, c)
	}
}

// room is how much may be added to the file of a key.
func (w *writer) room(key string) int64 {
	if err := CheckKey(key); err != nil {
		w.complain(err)
		return -1
	}
	f, err := w.files.open(key + attemptsFile)
	if err != nil {
		w.complain(err)
		return -1
	}
	return w.log.o.MaxBytes - f.size
}

func (w *writer) flush(key string, c *chunk) {
	if c.records == 0 {
		return
	}
	if err := w.append(key+attemptsFile, c.Bytes()); err != nil {
		w.complain(err)
		w.miss(key, c.records)
	} else {
		w.failing = false
		w.log.mu.Lock()
		w.log.stats.Written += c.records
		w.log.mu.Unlock()
	}
	c.room -= int64(c.Len())
	c.Reset()
	c.records = 0
}

func (w *writer) append(name string, lines []byte) error {
	f, err := w.files.open(name)
	if err != nil {
		return err
	}
	if w.total+int64(len(lines)) > w.log.o.MaxTotal && !w.makeRoom(int64(len(lines))) {
		return fmt.Errorf("the records have reached their limit of %d bytes", w.log.o.MaxTotal)
	}
	if err := f.append(lines); err != nil {
		w.files.close(f) // and is looked at anew
		return err
	}
	w.total += int64(len(lines))
	return nil
}

func (w *writer) about(a about) {
	if err := w.append(a.key+aboutFile, a.line); err != nil {
		w.log.o.Logger.Warn("description not kept", "key", a.key, "error", err)
	}
}

func (w *writer) miss(key string, n uint64) {
	w.missed[key] += n
	w.log.mu.Lock()
	w.log.stats.Dropped += n
	w.log.mu.Unlock()
}

// note tells files how many attempts they miss. Of a file that is full, that is
// written seldom, unless all is to be: its notes must not let it grow.
func (w *writer) note(all bool) {
	for key, n := range w.missed {
		if CheckKey(key) != nil {
			delete(w.missed, key)
			continue
		}
		if !all && n*8 < w.noted[key] {
			continue
		}
		line, err := json.Marshal(dropped{Dropped(n)})
		if err == nil {
			err = w.append(key+attemptsFile, append(line, '\n'))
		}
		if err != nil {
			w.complain(err)
			continue // later
		}
		w.noted[key] += n
		delete(w.missed, key)
	}
}

// complain says once that something is wrong, until it is not any more.
func (w *writer) complain(err error) {
	if !w.failing {
		w.log.o.Logger.Warn("attempts are counted but not recorded", slog.Any("error", err))
	}
	w.failing = true
}
