package history

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Options configure a Log. Zero values mean the defaults.
type Options struct {
	// Dir is the folder of the files; it is made with mode 0700 if need be.
	Dir string
	// Recent is how many attempts stay in memory; default 10,000.
	Recent int
	// Waiting is how many attempts may wait for the disk; default 50,000.
	Waiting int
	// MaxBytes bounds the file of a key, default 256 MB; MaxTotal bounds all
	// files together, default 4 GB: beyond it the oldest files are removed.
	MaxBytes, MaxTotal int64
	// MaxOpen is how many files are open at the same time; default 64.
	MaxOpen int
	Logger  *slog.Logger
}

func (o *Options) complete() {
	o.Recent = cmp.Or(o.Recent, 10_000)
	o.Waiting = cmp.Or(o.Waiting, 50_000)
	o.MaxBytes = cmp.Or(o.MaxBytes, 256<<20)
	o.MaxTotal = cmp.Or(o.MaxTotal, 4<<30)
	o.MaxOpen = cmp.Or(o.MaxOpen, 64)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

// Log keeps attempts. Its methods may be called at the same time; those of the
// Folder read what is on the disk.
type Log struct {
	Folder
	o    Options
	wake chan struct{}
	done chan struct{}

	mu     sync.Mutex
	ring   ring
	next   work // what the writer takes next
	spare  []task.Attempt
	stats  Stats
	closed bool
}

// Stats count since the start.
type Stats struct {
	Added   uint64 `json:"added"`
	Written uint64 `json:"written"`
	// Dropped attempts are counted in their file, but not described.
	Dropped uint64 `json:"dropped"`
}

// work is what the writer is to do, in this order.
type work struct {
	attempts []task.Attempt
	missed   map[string]uint64 // of each key, because too many waited
	abouts   []about
	size     int // of the abouts, in bytes
	orders   []func(*writer)
}

func (w *work) empty() bool { return len(w.attempts)+len(w.missed)+len(w.abouts)+len(w.orders) == 0 }

type about struct {
	key  string
	line []byte
}

// Open makes a log that goes on with the files of the folder.
func Open(o Options) (*Log, error) {
	o.complete()
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("records of attempts: %w", err)
	}
	l := &Log{Folder: Folder(o.Dir), o: o, wake: make(chan struct{}, 1), done: make(chan struct{}), ring: ring{most: o.Recent}}
	w, err := newWriter(l)
	if err != nil {
		return nil, fmt.Errorf("records of attempts: %w", err)
	}
	go w.run()
	return l, nil
}

// Key is under which an attempt is kept: its campaign, or else its run.
func Key(a *task.Attempt) string { return cmp.Or(a.Campaign, a.Run) }

// Add keeps an attempt. It never waits for the disk.
func (l *Log) Add(a task.Attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.Added++
	l.ring.add(a)
	switch {
	case l.closed:
		l.stats.Dropped++
	case len(l.next.attempts) < l.o.Waiting:
		l.next.attempts = append(l.next.attempts, a)
		if len(l.next.attempts) == 1 {
			l.poke()
		}
	default:
		if l.next.missed == nil {
			l.next.missed = map[string]uint64{}
		}
		l.next.missed[Key(&a)]++
		l.stats.Dropped++
	}
}

// maxAbouts bounds the descriptions that wait for the disk, in bytes.
const maxAbouts = 64 << 20

// Describe adds to what is known of a run or campaign as a whole: the fields of
// value, encoded as JSON, replace those that were given before. Values that the
// disk cannot take are logged and lost.
func (l *Log) Describe(key string, value any) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	line, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("description of %s: %w", key, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.next.size+len(line) > maxAbouts {
		return fmt.Errorf("description of %s: the disk cannot keep up", key)
	}
	l.next.size += len(line)
	l.next.abouts = append(l.next.abouts, about{key, append(line, '\n')})
	l.poke()
	return nil
}

// Recent returns the newest attempts that were added after the given one, at most
// so many, the oldest first, and the number to ask for the next time. Numbers
// begin with 1; a number of an earlier launcher counts as 0. The attempts have no
// Steps.
func (l *Log) Recent(after uint64, most int) (list []task.Attempt, next uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	from, to := l.ring.first(after, most), l.ring.count
	list = make([]task.Attempt, 0, to-from)
	for from < to {
		n := min(recentStep, int(to-from))
		list = l.ring.appendTo(list, from, n)
		if from += uint64(n); from == to {
			break
		}
		l.mu.Unlock()
		runtime.Gosched()
		l.mu.Lock()
		if oldest := l.ring.oldest(); from < oldest { // they were overtaken: no gap, rather less
			from, list = min(oldest, to), list[:0]
		}
	}
	return list, to
}

// recentStep is how many attempts are copied at a time: Add must not wait for long.
const recentStep = 256

// Stats tell how much was kept.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stats
}

// Sync waits until everything that was added before is in the files, or counted there.
func (l *Log) Sync() { _ = l.order(func(w *writer) error { w.note(true); return nil }) }

// Remove forgets a key.
func (l *Log) Remove(key string) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	return l.order(func(w *writer) error { return w.remove(key) })
}

// Prune forgets the keys that nothing was added to for so long, and returns their
// number.
func (l *Log) Prune(olderThan time.Duration) (n int, err error) {
	err = l.order(func(w *writer) error {
		n, err = w.prune(time.Now().Add(-olderThan))
		return err
	})
	return n, err
}

// order lets the writer do something after what it has, and waits for it.
func (l *Log) order(f func(*writer) error) error {
	result := make(chan error, 1)
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return os.ErrClosed
	}
	l.next.orders = append(l.next.orders, func(w *writer) { result <- f(w) })
	l.poke()
	l.mu.Unlock()
	return <-result
}

func (l *Log) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Close writes what there is and ends the log. Recent still works.
func (l *Log) Close() {
	l.mu.Lock()
	l.closed = true
	l.poke()
	l.mu.Unlock()
	<-l.done
}
