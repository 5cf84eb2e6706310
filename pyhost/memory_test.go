package pyhost_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/pyhost"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

const memoryTasks = `
import time

def use(size, seconds):
    data = bytearray(size)
    for i in range(0, size, 4096):
        data[i] = 1
    time.sleep(seconds)
`

// The peak of a task is its own, not that of the one before, and nobody looks at what
// short tasks take.
func TestPeakMemory(t *testing.T) {
	each(t, func(t *testing.T, o pyhost.Options) {
		o.Dir = t.TempDir()
		if err := os.WriteFile(filepath.Join(o.Dir, "greedy.py"), []byte(memoryTasks), 0o600); err != nil {
			t.Fatal(err)
		}
		p := start(t, o)
		use := func(seq uint64, size int, seconds float64) task.Result {
			p.Submit([]*task.Request{method(seq, "greedy.use", literal("0", fmt.Sprint(size)), literal("1", fmt.Sprint(seconds)))})
			return collect(t, p, 1)[seq]
		}
		const large = 200 << 20
		for seq := range uint64(4) {
			if r := use(3*seq, large, 0.02); r.PeakMemory < large || r.PeakMemory > 2*large {
				t.Errorf("a task of %d bytes has a peak of %d", large, r.PeakMemory)
			}
			if r := use(3*seq+1, 1000, 0.02); r.PeakMemory < 1<<20 || r.PeakMemory > large/2 {
				t.Errorf("a small task has a peak of %d", r.PeakMemory)
			}
			if r := use(3*seq+2, 1000, 0); r.PeakMemory != 0 && r.Duration < 20*time.Millisecond {
				t.Errorf("somebody looked after a task of %s: %d", r.Duration, r.PeakMemory)
			}
		}
	})
}

// A result says when its task began, however it ended.
func TestStarted(t *testing.T) {
	each(t, func(t *testing.T, o pyhost.Options) {
		p := start(t, o)
		slow := method(3, "time.sleep", literal("0", "100"))
		slow.Limit = 300 * time.Millisecond
		for _, c := range []struct {
			request *task.Request
			least   time.Duration
		}{
			{method(1, "time.sleep", literal("0", "0.2")), 200 * time.Millisecond},
			{method(2, "os._exit", literal("0", "1")), 0},
			{slow, 300 * time.Millisecond},
		} {
			begun := time.Now()
			p.Submit([]*task.Request{c.request})
			r := collect(t, p, 1)[c.request.Seq]
			if r.Started.Before(begun.Add(-time.Millisecond)) || r.Started.Add(r.Duration).After(time.Now()) || r.Duration < c.least {
				t.Errorf("task %d of %s: started %s for %s, submitted %s", r.Seq, c.request.Identifier, r.Started, r.Duration, begun)
			}
		}
	})
}
