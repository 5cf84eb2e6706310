package broker_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
)

const (
	damagedEntries = 90
	damagedSize    = 100_000 // bytes: all of them take two blocks of the server
)

// damages are what may happen to a file.
var damages = map[string]func([]byte) []byte{
	"emptied":  func([]byte) []byte { return []byte{} },
	"halved":   func(b []byte) []byte { return b[:len(b)/2] },
	"a flip":   func(b []byte) []byte { b[len(b)/2] ^= 0xff; return b },
	"zeros":    func(b []byte) []byte { clear(b[len(b)/3 : len(b)/2]); return b },
	"appended": func(b []byte) []byte { return append(b, bytes.Repeat([]byte("\x07garbage"), 100)...) },
	"removed":  func([]byte) []byte { return nil },
}

// A journal with a damaged file opens, gives what is left in order, ends to give it,
// and takes new entries. Files around the messages may be damaged without a loss.
func TestDamagedJournal(t *testing.T) {
	closed := filepath.Join(t.TempDir(), "closed")
	killed := filepath.Join(t.TempDir(), "killed")
	j := openJournal(t, broker.JournalOptions{Dir: closed})
	for i := range damagedEntries {
		appendEntry(t, j, "run", fmt.Appendf(nil, "%0*d", damagedSize, i))
	}
	copyDir(t, closed, killed) // as a launcher leaves it that is killed
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	for _, base := range []string{closed, killed} {
		for _, file := range filesOf(t, base) {
			for name, damage := range damages {
				small := filepath.Ext(file) != ".blk"
				if small && (name == "halved" || name == "zeros" || name == "appended") {
					continue // a checksum over all of it guards the file
				}
				t.Run(filepath.Base(base)+"/"+filepath.Base(file)+"/"+name, func(t *testing.T) {
					dir := filepath.Join(t.TempDir(), "journal")
					copyDir(t, base, dir)
					damageFile(t, filepath.Join(dir, file), damage)
					checkDamaged(t, dir, small)
				})
			}
		}
	}
}

func checkDamaged(t *testing.T, dir string, all bool) {
	j := openJournal(t, broker.JournalOptions{Dir: dir})
	got := replayNumbers(t, j)
	if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
		t.Errorf("entries are out of order: %v", got)
	}
	if all && len(got) != damagedEntries {
		t.Errorf("%d entries, want all %d", len(got), damagedEntries)
	}
	if len(got) == 0 {
		t.Error("nothing is left")
	}
	appendEntry(t, j, "run", fmt.Appendf(nil, "%0*d", damagedSize, damagedEntries))
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	again := replayNumbers(t, openJournal(t, broker.JournalOptions{Dir: dir}))
	if want := append(got, damagedEntries); !slices.Equal(again, want) {
		t.Errorf("after another entry and a restart %v, want %v", again, want)
	}
}

func replayNumbers(t *testing.T, j *broker.Journal) (list []int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := j.Replay(ctx, func(_ string, entry []byte) error {
		n, err := strconv.Atoi(string(entry[max(0, len(entry)-8):]))
		if err != nil || len(entry) != damagedSize {
			return fmt.Errorf("entry of %d bytes is not one of ours: %.20q", len(entry), entry)
		}
		list = append(list, n)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return list
}

// A journal that cannot be opened at all says which folder it is, and what to do.
func TestHopelessJournal(t *testing.T) {
	for _, broken := range []string{"jetstream", "jetstream/$G", "jetstream/$G/streams", "jetstream/$G/streams/JOURNAL"} {
		dir := filepath.Join(t.TempDir(), "journal")
		j := openJournal(t, broker.JournalOptions{Dir: dir})
		appendEntry(t, j, "run", []byte("x"))
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, broken)
		if err := errors.Join(os.RemoveAll(path), os.WriteFile(path, []byte("not a folder"), 0o600)); err != nil {
			t.Fatal(err)
		}
		j, err := broker.OpenJournal(broker.JournalOptions{Dir: dir})
		if err == nil {
			j.Close()
			t.Errorf("%s is a file, and the journal opens", broken)
			continue
		}
		var hint interface{ Hint() string }
		if !errors.As(err, &hint) || !bytes.Contains([]byte(err.Error()), []byte(dir)) {
			t.Errorf("%s is a file: %v", broken, err)
		}
		t.Log(err)
	}
}

// The first parts of an entry that was not finished do not become a part of the next.
func TestTornEntry(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	j := openJournal(t, broker.JournalOptions{Dir: dir, MaxBytes: 5 << 20})
	kept, err := j.Append("a", bytes.Repeat([]byte("torn"), 2<<20)) // more than there is room for
	if err == nil {
		err = kept.Wait()
	}
	if err == nil {
		t.Fatal("the whole entry was taken")
	}
	j.Close()
	j = openJournal(t, broker.JournalOptions{Dir: dir})
	if list := replay(t, j); list != nil {
		t.Errorf("a torn entry is there: %v", list)
	}
	appendEntry(t, j, "a", []byte("whole"))
	if list := replay(t, j); !slices.Equal(list, []string{"a 5 whole"}) {
		t.Errorf("after another entry: %v", list)
	}
}

func filesOf(t *testing.T, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && d.Name() != "broker.lock" {
			path, err = filepath.Rel(dir, path)
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) < 4 {
		t.Fatalf("files of %s: %v, %v", dir, files, err)
	}
	return files
}

func copyDir(t *testing.T, from, to string) {
	t.Helper()
	if err := errors.Join(os.CopyFS(to, os.DirFS(from)), os.Chmod(to, 0o700)); err != nil {
		t.Fatal(err)
	}
}

func damageFile(t *testing.T, path string, damage func([]byte) []byte) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(text) < 2 {
		t.Skip("there is nothing to damage")
	}
	if text = damage(text); text == nil {
		err = os.Remove(path)
	} else {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
