package history_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/history"
)

// A file does not grow beyond its limit, but for notes of what is missing.
func TestMaxBytes(t *testing.T) {
	const limit, n = 20_000, 5000
	l := open(t, history.Options{MaxBytes: limit})
	for i := range n {
		l.Add(attempt("r", uint64(i)))
		if i%100 == 0 {
			l.Sync() // so that there are many notes
		}
	}
	l.Sync()
	list, missing := read(t, l.Folder, "r")
	if len(list) == 0 || len(list)+missing != n {
		t.Errorf("%d attempts and %d missing of %d", len(list), missing, n)
	}
	if info, err := os.Stat(filepath.Join(string(l.Folder), "r.jsonl")); err != nil || info.Size() > limit+2000 {
		t.Errorf("size %d %v", info.Size(), err)
	}
	if s := l.Stats(); int(s.Written) != len(list) || int(s.Dropped) != missing {
		t.Errorf("%+v, %d and %d in the file", s, len(list), missing)
	}
}

// When all files together are too large, the oldest go; the newest stay.
func TestMaxTotal(t *testing.T) {
	const limit = 100_000
	l := open(t, history.Options{MaxTotal: limit, MaxOpen: 2})
	for key := range 40 {
		for i := range 20 {
			l.Add(attempt(fmt.Sprintf("run%02d", key), uint64(i)))
		}
		l.Sync()
		past := time.Now().Add(time.Duration(key-100) * time.Hour)
		_ = os.Chtimes(filepath.Join(string(l.Folder), fmt.Sprintf("run%02d.jsonl", key)), past, past)
	}
	names, _ := filepath.Glob(filepath.Join(string(l.Folder), "*"))
	total := int64(0)
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
	}
	if total > limit || total < limit/2 {
		t.Errorf("%d bytes in %d files", total, len(names))
	}
	if list, missing := read(t, l.Folder, "run39"); len(list) != 20 || missing != 0 {
		t.Errorf("the newest has %d attempts, %d missing", len(list), missing)
	}
	if _, err := os.Stat(filepath.Join(string(l.Folder), "run00.jsonl")); err == nil {
		t.Error("the oldest is still there")
	}
}

// When more is added than may wait, the rest is counted.
func TestBurst(t *testing.T) {
	const n = 20_000
	l := open(t, history.Options{Waiting: 100})
	for i := range n {
		l.Add(attempt("r", uint64(i)))
	}
	l.Sync()
	list, missing := read(t, l.Folder, "r")
	if len(list) < 100 || len(list)+missing != n {
		t.Errorf("%d attempts and %d missing of %d", len(list), missing, n)
	}
}

const limitedEnv = "EWOKS_HPC_TEST_LIMITED"

// A disk that takes no more: the kernel cuts writes short and refuses them. What
// is in the files stays readable, what is not is counted, and when there is room
// again the log goes on. It happens in a process of its own.
func TestFullDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "history")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), limitedEnv+"="+dir)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var s history.Stats
	if err := json.Unmarshal(out, &s); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	list, missing := read(t, history.Folder(dir), "r")
	if len(list) == 0 || missing == 0 || len(list)+missing != limitedAdds+1 {
		t.Errorf("%d attempts and %d missing of %d", len(list), missing, limitedAdds+1)
	}
	if last := list[len(list)-1].Task; last != limitedAdds {
		t.Errorf("the last attempt is %d, not that which came when there was room again", last)
	}
	if int(s.Written) != len(list) || int(s.Dropped) != missing {
		t.Errorf("%+v, %d and %d in the file", s, len(list), missing)
	}
}

const limitedAdds = 3000

func limited() {
	signal.Ignore(syscall.SIGXFSZ)
	var before syscall.Rlimit
	must(syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before))
	must(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 100_000, Max: before.Max}))
	l, err := history.Open(history.Options{Dir: os.Getenv(limitedEnv)})
	must(err)
	for i := range limitedAdds {
		l.Add(attempt("r", uint64(i)))
		if i%50 == 0 {
			l.Sync()
		}
	}
	must(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before))
	l.Add(attempt("r", limitedAdds))
	l.Close()
	must(json.NewEncoder(os.Stdout).Encode(l.Stats()))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		panic(err)
	}
}

// What the coordinator pays: without the disk, since the buffer is full.
func BenchmarkAdd(b *testing.B) {
	l, err := history.Open(history.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	a := attempt("r", 1)
	for b.Loop() {
		l.Add(a)
	}
}

// What a record costs in all: added and written.
func BenchmarkWritten(b *testing.B) {
	l, err := history.Open(history.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	a := attempt("r", 1)
	for i := 0; b.Loop(); i++ {
		l.Add(a)
		if i%1000 == 999 {
			l.Sync()
		}
	}
	l.Sync()
	if s := l.Stats(); s.Dropped != 0 {
		b.Fatalf("%+v", s)
	}
}

func BenchmarkRead(b *testing.B) {
	l, err := history.Open(history.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	for i := range 10_000 {
		l.Add(attempt("r", uint64(i)))
	}
	l.Sync()
	for b.Loop() {
		n := 0
		for _, err := range l.Read("r") {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != 10_000 {
			b.Fatal(n)
		}
	}
}
