package history_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ewoks-hpc/ewoks-hpc/history"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

func TestMain(m *testing.M) {
	if os.Getenv(limitedEnv) != "" {
		limited()
		return
	}
	goleak.VerifyTestMain(m)
}

var began = time.Date(2026, 3, 1, 20, 0, 0, 123456000, time.UTC)

func attempt(run string, n uint64) task.Attempt {
	start := began.Add(time.Duration(n) * time.Millisecond)
	return task.Attempt{
		Run: run, Task: n, Number: 1, Node: "integrate", Label: "Integrate <b>", Identifier: "pkg.tasks.Integrate", Worker: "01JB-17_0-0",
		Pool: "gpu", Host: "node17", Job: "17_0", Cores: 4, Started: start, Ended: start.Add(1500 * time.Microsecond), Status: "succeeded",
	}
}

func open(t *testing.T, o history.Options) *history.Log {
	t.Helper()
	if o.Dir == "" {
		o.Dir = filepath.Join(t.TempDir(), "history")
	}
	l, err := history.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// read returns the attempts of a key and how many its file says are missing.
func read(t *testing.T, f history.Folder, key string) (list []task.Attempt, missing int) {
	t.Helper()
	for a, err := range f.Read(key) {
		var d history.Dropped
		switch {
		case errors.As(err, &d):
			missing += int(d)
		case err != nil:
			t.Fatalf("%s: %v", key, err)
		default:
			list = append(list, a)
		}
	}
	return list, missing
}

// Many add at the same time; each key has its own, in order, also after a restart.
func TestConcurrentAddsAndRestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "history")
	const writers, each, lives = 8, 500, 3
	for life := range lives {
		l := open(t, history.Options{Dir: dir, MaxOpen: 3})
		var group sync.WaitGroup
		for w := range writers {
			group.Go(func() {
				for i := range each {
					l.Add(attempt(fmt.Sprintf("run%d", w), uint64(life*each+i)))
				}
			})
		}
		group.Wait()
		l.Close()
		if s := l.Stats(); s.Added != writers*each || s.Written != s.Added || s.Dropped != 0 {
			t.Errorf("life %d: %+v", life, s)
		}
	}
	for w := range writers {
		run := fmt.Sprintf("run%d", w)
		list, missing := read(t, history.Folder(dir), run)
		if len(list) != lives*each || missing != 0 {
			t.Fatalf("%s: %d attempts, %d missing", run, len(list), missing)
		}
		for i, a := range list {
			if want := attempt(run, uint64(i)); !reflect.DeepEqual(a, want) {
				t.Fatalf("%s: attempt %d is %+v, want %+v", run, i, a, want)
			}
		}
	}
}

func TestModes(t *testing.T) {
	l := open(t, history.Options{})
	l.Add(attempt("r", 1))
	if err := l.Describe("r", map[string]string{"label": "x"}); err != nil {
		t.Fatal(err)
	}
	l.Sync()
	for path, want := range map[string]fs.FileMode{"": 0o700 | fs.ModeDir, "r.jsonl": 0o600, "r.about": 0o600} {
		info, err := os.Stat(filepath.Join(string(l.Folder), path))
		if err != nil || info.Mode() != want {
			t.Errorf("%q: %v %v, want %v", path, info.Mode(), err, want)
		}
	}
}

func TestCampaignIsTheKey(t *testing.T) {
	l := open(t, history.Options{})
	for i := range 3 {
		a := attempt(fmt.Sprintf("run%d", i), 1)
		a.Campaign, a.Row = "night", i
		l.Add(a)
	}
	l.Sync()
	if list, _ := read(t, l.Folder, "night"); len(list) != 3 || list[2].Row != 2 {
		t.Errorf("campaign has %+v", list)
	}
	for _, err := range l.Read("run0") {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a row's run has a file of its own: %v", err)
		}
	}
}

// The ring gives what came after a number, the newest of it, and forgets the oldest.
func TestRecent(t *testing.T) {
	const size = 10
	l := open(t, history.Options{Recent: size})
	steps := []task.Step{{Node: "a"}}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	count := uint64(0)
	for range 300 {
		for range r.IntN(7) {
			count++
			a := attempt("r", count)
			a.Steps = steps
			l.Add(a)
		}
		after, most := r.Uint64N(count+4), r.IntN(2*size)
		list, next := l.Recent(after, most)
		from := after
		if after > count {
			from = 0 // of an earlier launcher
		}
		want := min(count-from, size, uint64(most))
		if next != count || uint64(len(list)) != want {
			t.Fatalf("after %d of %d, at most %d: %d attempts, next %d", after, count, most, len(list), next)
		}
		for i, a := range list {
			if a.Task != count-want+uint64(i)+1 || a.Steps != nil {
				t.Fatalf("attempt %d of %d after %d is number %d with steps %v", i, len(list), after, a.Task, a.Steps)
			}
		}
	}
}

func TestKeys(t *testing.T) {
	l := open(t, history.Options{})
	for _, key := range []string{"", ".", "..", "../x", "a/b", "/etc/passwd", ".hidden", "a\x00b", strings.Repeat("x", 129), "ü", "a b"} {
		if err := history.CheckKey(key); err == nil {
			t.Errorf("key %q is accepted", key)
		}
		l.Add(attempt(key, 1))
		if l.Remove(key) == nil || l.Describe(key, 1) == nil || l.About(key, new(int)) == nil {
			t.Errorf("key %q is not refused everywhere", key)
		}
	}
	l.Add(attempt("01JBX-good_run.2", 1))
	l.Sync()
	if s := l.Stats(); s.Written != 1 || s.Dropped != 11 {
		t.Errorf("%+v", s)
	}
	above, err := os.ReadDir(filepath.Dir(string(l.Folder)))
	if err != nil || len(above) != 1 {
		t.Errorf("beside the folder: %v %v", above, err)
	}
}

// What a crash leaves of a last line is not read, and the next launcher goes on
// after the last whole one.
func TestTornLine(t *testing.T) {
	for name, torn := range map[string]string{"part": `{"run":"r","ta`, "long": strings.Repeat("x", 200_000), "only": "y"} {
		t.Run(name, func(t *testing.T) {
			l := open(t, history.Options{})
			if name != "only" {
				l.Add(attempt("r", 0))
			}
			l.Close()
			path := filepath.Join(string(l.Folder), "r.jsonl")
			f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.WriteString(torn); err != nil {
				t.Fatal(err)
			}
			f.Close()
			before, _ := read(t, l.Folder, "r")
			next := open(t, history.Options{Dir: string(l.Folder)})
			next.Add(attempt("r", 1))
			next.Sync()
			after, _ := read(t, l.Folder, "r")
			if len(after) != len(before)+1 || after[len(before)].Task != 1 {
				t.Errorf("%d attempts before, after %+v", len(before), after)
			}
		})
	}
}

// A line in the middle that is not an attempt is one error, and reading goes on.
func TestForeignLine(t *testing.T) {
	dir := t.TempDir()
	text := "{\"run\":\"r\",\"task\":1}\nnonsense\n{\"dropped\":\"many\"}\n{\"run\":\"r\",\"task\":2}\n"
	if err := os.WriteFile(filepath.Join(dir, "r.jsonl"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var tasks []uint64
	failures := 0
	for a, err := range history.Folder(dir).Read("r") {
		var damaged *history.DamagedError
		if errors.As(err, &damaged) {
			failures++
			continue
		}
		tasks = append(tasks, a.Task)
	}
	if failures != 2 || !reflect.DeepEqual(tasks, []uint64{1, 2}) {
		t.Errorf("%d errors, tasks %v", failures, tasks)
	}
}

// Later descriptions replace the fields that they have.
func TestAbout(t *testing.T) {
	l := open(t, history.Options{})
	type about struct {
		Label, Status string
		Nodes         []int
	}
	for _, v := range []any{about{"scan", "running", []int{1, 2}}, map[string]string{"Status": "succeeded"}} {
		if err := l.Describe("r", v); err != nil {
			t.Fatal(err)
		}
	}
	l.Sync()
	var got about
	if err := l.About("r", &got); err != nil || !reflect.DeepEqual(got, about{"scan", "succeeded", []int{1, 2}}) {
		t.Errorf("%+v %v", got, err)
	}
	if err := l.About("other", &got); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of an unknown run: %v", err)
	}
}

func TestRemoveAndPrune(t *testing.T) {
	l := open(t, history.Options{})
	for _, key := range []string{"old", "middle", "new"} {
		l.Add(attempt(key, 1))
		_ = l.Describe(key, 1)
	}
	l.Sync()
	for key, age := range map[string]time.Duration{"old": 48 * time.Hour, "middle": 10 * time.Hour} {
		for _, ending := range []string{".jsonl", ".about"} {
			past := time.Now().Add(-age)
			if err := os.Chtimes(filepath.Join(string(l.Folder), key+ending), past, past); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n, err := l.Prune(24 * time.Hour); n != 1 || err != nil {
		t.Errorf("pruned %d %v", n, err)
	}
	if err := l.Remove("middle"); err != nil {
		t.Error(err)
	}
	if err := l.Remove("never was"); err == nil {
		t.Error("a key with a blank was removed")
	}
	if err := l.Remove("never-was"); err != nil {
		t.Error(err)
	}
	names, _ := filepath.Glob(filepath.Join(string(l.Folder), "*"))
	if len(names) != 2 {
		t.Errorf("left: %v", names)
	}
	l.Add(attempt("middle", 2)) // a removed key begins anew
	l.Sync()
	if list, _ := read(t, l.Folder, "middle"); len(list) != 1 {
		t.Errorf("%d attempts", len(list))
	}
}

func TestAfterClose(t *testing.T) {
	l := open(t, history.Options{})
	l.Add(attempt("r", 1))
	l.Close()
	l.Close()
	l.Add(attempt("r", 2))
	l.Sync()
	if err := l.Remove("r"); !errors.Is(err, os.ErrClosed) {
		t.Errorf("remove after the end: %v", err)
	}
	if list, _ := l.Recent(0, 9); len(list) != 2 {
		t.Errorf("%d attempts in memory", len(list))
	}
	if s := l.Stats(); s.Written != 1 || s.Dropped != 1 {
		t.Errorf("%+v", s)
	}
}
