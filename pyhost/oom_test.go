package pyhost_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
	"github.com/ewoks-hpc/ewoks-hpc/pyhost"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

func TestMemoryError(t *testing.T) {
	p := start(t, pyhost.Options{})
	p.Submit([]*task.Request{method(1, "builtins.bytearray", literal("0", "4611686018427387904"))})
	if f := collect(t, p, 1)[1].Failure; f.Cause != task.OutOfMemory || f.Type != "MemoryError" {
		t.Errorf("%+v", f)
	}
}

// limitedGroup makes a memory cgroup with a limit of so many MiB.
func limitedGroup(t *testing.T, limit int) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root may make a cgroup")
	}
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Skip(err)
	}
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		for _, root := range []string{"/sys/fs/cgroup/memory", "/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
			for parent := filepath.Join(root, parts[2]); strings.HasPrefix(parent, root); parent = filepath.Dir(parent) {
				if dir := tryGroup(t, parent, limit); dir != "" {
					return dir
				}
			}
		}
	}
	t.Skip("no memory cgroup can be made here")
	return ""
}

// tryGroup makes one below another, where the kernel and the system allow it.
func tryGroup(t *testing.T, parent string, limit int) string {
	dir := filepath.Join(parent, fmt.Sprintf("ewoks-hpc-test-%d", os.Getpid()))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return ""
	}
	set := func(name, value string) bool {
		return os.WriteFile(filepath.Join(dir, name), []byte(value), 0) == nil
	}
	bytes := fmt.Sprint(limit << 20)
	if !set("memory.max", bytes) && !set("memory.limit_in_bytes", bytes) {
		_ = os.Remove(dir)
		return ""
	}
	_ = set("memory.swap.max", "0") || set("memory.memsw.limit_in_bytes", bytes) // where there is swap
	t.Cleanup(func() {
		if err := ewokstest.Wait("the end of the cgroup", func() error { return os.Remove(dir) }); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// The kernel really kills an interpreter that uses more than its cgroup may.
func TestOOMKill(t *testing.T) {
	group := limitedGroup(t, 128)
	t.Log("in", group)
	python, err := pyhost.Find("", os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	results := make(chan []task.Result, 10)
	inside := []string{"sh", "-c", `echo $$ > "$0/cgroup.procs" && exec "$@"`, group}
	host, err := pyhost.Start(pyhost.Options{
		Python: append(inside, python...), Dir: t.TempDir(), OnResults: func(r []task.Result) { results <- r },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(host.Close)
	p := &pool{host, results}
	greedy := func(seq uint64) *task.Request {
		return method(seq, "operator.mul", literal("0", `"ab"`), literal("1", "200000000"))
	}
	for _, test := range []struct {
		request *task.Request
		want    task.Cause
	}{
		{greedy(1), task.OutOfMemory},
		{method(2, "signal.raise_signal", literal("0", "9")), task.Died},
		{greedy(3), task.OutOfMemory},
		{method(4, "os._exit", literal("0", "1")), task.Died},
	} {
		p.Submit([]*task.Request{test.request})
		r := collect(t, p, 1)[test.request.Seq]
		f := r.Failure
		if want := map[task.Cause]int64{task.OutOfMemory: 128 << 20}[test.want]; r.PeakMemory != want {
			t.Errorf("task %d: peak of %d bytes, want %d", test.request.Seq, r.PeakMemory, want)
		}
		if f.Cause != test.want || (f.Advice != "") != (test.want == task.OutOfMemory) {
			t.Errorf("task %d: %+v, want %s", test.request.Seq, f, test.want)
		}
	}
}
