package broker_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
)

func openJournal(t testing.TB, o broker.JournalOptions) *broker.Journal {
	t.Helper()
	j, err := broker.OpenJournal(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func appendEntry(t testing.TB, j *broker.Journal, topic string, entry []byte) {
	t.Helper()
	kept, err := j.Append(topic, entry)
	if err == nil {
		err = kept.Wait()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func replay(t testing.TB, j *broker.Journal) (list []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := j.Replay(ctx, func(topic string, entry []byte) error {
		list = append(list, fmt.Sprintf("%s %d %.8s", topic, len(entry), entry))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestJournal(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	j := openJournal(t, broker.JournalOptions{Dir: dir})
	if list := replay(t, j); list != nil {
		t.Errorf("a new journal has %v", list)
	}
	large := bytes.Repeat([]byte("x"), 5<<20)
	appendEntry(t, j, "a", []byte("first"))
	appendEntry(t, j, "b", large)
	appendEntry(t, j, "a", nil)
	appendEntry(t, j, "c", []byte("gone"))
	if err := j.Forget("c"); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Append("no.*", nil); err == nil {
		t.Error("a topic that is none was taken")
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = openJournal(t, broker.JournalOptions{Dir: dir, Strict: true})
	want := []string{"a 5 first", "b 5242880 xxxxxxxx", "a 0 "}
	if got := replay(t, j); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("replayed %q, want %q", got, want)
	}
	if _, err := broker.OpenJournal(broker.JournalOptions{Dir: dir}); err == nil {
		t.Error("two journals in one folder")
	}
}

func TestJournalIsFull(t *testing.T) {
	j := openJournal(t, broker.JournalOptions{Dir: filepath.Join(t.TempDir(), "journal"), MaxBytes: 4 << 20})
	if err := j.Room(); err != nil {
		t.Fatal(err)
	}
	var err error
	for n := 0; err == nil && n < 10; n++ {
		var kept broker.Kept
		if kept, err = j.Append("a", bytes.Repeat([]byte("x"), 900<<10)); err == nil {
			err = kept.Wait()
		}
	}
	if err == nil {
		t.Fatal("a journal without room took everything")
	}
	var hint interface{ Hint() string }
	if err := j.Room(); err == nil || !errors.As(err, &hint) {
		t.Errorf("room in a full journal: %v", err)
	}
	if err := j.Forget("a"); err != nil {
		t.Fatal(err)
	}
	appendEntry(t, j, "b", []byte("there is room again"))
}

func BenchmarkJournalAppend(b *testing.B) {
	j := openJournal(b, broker.JournalOptions{Dir: filepath.Join(b.TempDir(), "journal")})
	entry := bytes.Repeat([]byte("x"), 300)
	for b.Loop() {
		appendEntry(b, j, "a", entry)
	}
}
