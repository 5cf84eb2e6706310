package pyhost_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
	"github.com/ewoks-hpc/ewoks-hpc/pyhost"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// spread starts processes that leave the interpreter's group and session, and are
// nobody's children: one of them knows nothing of the interpreter's environment,
// another is a copy of it.
const spread = `
import os, signal, subprocess, time

def note(pid):
    with open("pids", "a") as file:
        file.write("%d\n" % pid)

def spread(end):
    subprocess.run(["sh", "-c", "setsid sleep 1000 & echo $! >> pids; env -i setsid sleep 1000 & echo $! >> pids"], check=True)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            note(os.getpid())
            time.sleep(1000)
        os._exit(0)
    os.wait()
    while len(open("pids").readlines()) < 3:
        time.sleep(0.01)
    open("spread", "w").close()
    if end == "wait":
        time.sleep(1000)
    if end == "exit":
        os._exit(3)
    if end == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    return end
`

// running are the processes of dir/pids that run.
func running(t *testing.T, dir string) (list []string) {
	t.Helper()
	pids, err := os.ReadFile(filepath.Join(dir, "pids"))
	if err != nil {
		t.Fatal(err)
	}
	for pid := range strings.FieldsSeq(string(pids)) {
		if stat, err := os.ReadFile("/proc/" + pid + "/stat"); err == nil {
			list = append(list, string(stat))
		}
	}
	return list
}

// Whatever a task has started ends with its interpreter, before its failure is told.
func TestTree(t *testing.T) {
	for _, shape := range []string{"one", "threads", "forked"} {
		for end, limit := range map[string]time.Duration{"wait": 2 * time.Second, "exit": 0, "kill": 0} {
			t.Run(shape+" "+end, func(t *testing.T) {
				t.Parallel()
				p, dir := spreading(t, shape, end, limit)
				if r := collect(t, p, 1)[1]; r.Status != task.Failed {
					t.Errorf("%+v", r)
				}
				if left := running(t, dir); len(left) > 0 {
					t.Errorf("left behind: %q", left)
				}
				p.Submit([]*task.Request{method(2, "operator.neg", literal("0", "1"))})
				if r := collect(t, p, 1)[2]; r.Status != task.Succeeded {
					t.Errorf("afterwards: %+v", r)
				}
			})
		}
	}
}

// spreading begins the task in a fresh directory.
func spreading(t *testing.T, shape, end string, limit time.Duration) (*pool, string) {
	t.Helper()
	o := shapes[shape]
	o.Dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(o.Dir, "t.py"), []byte(spread), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, process := range ewokstest.Left(o.Dir) {
			t.Errorf("left behind: %s", process)
		}
	})
	p := start(t, o)
	r := method(1, "t.spread", literal("0", fmt.Sprintf("%q", end)))
	r.Limit = limit
	p.Submit([]*task.Request{r})
	return p, o.Dir
}

// What a task that ended well has started is left alone until its interpreter ends.
func TestTreeOfSuccess(t *testing.T) {
	p, dir := spreading(t, "one", "return", 0)
	if r := collect(t, p, 1)[1]; r.Status != task.Succeeded {
		t.Errorf("%+v", r)
	}
	if left := running(t, dir); len(left) != 3 {
		t.Errorf("of 3 processes there are %q", left)
	}
	p.Close()
	if left := running(t, dir); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// A task that is stopped ends with all that it has started, and the interpreter is
// replaced after that.
func TestTreeOfStopped(t *testing.T) {
	for _, shape := range []string{"one", "forked"} {
		t.Run(shape, func(t *testing.T) {
			p, dir := spreading(t, shape, "wait", 0)
			if err := ewokstest.Wait("the processes", func() error {
				_, err := os.Stat(filepath.Join(dir, "spread"))
				return err
			}); err != nil {
				t.Fatal(err)
			}
			p.Stop([]task.ID{{Run: "r", Seq: 1}})
			if err := ewokstest.Wait("their end", func() error {
				if left := running(t, dir); len(left) > 0 {
					return fmt.Errorf("there are %q", left)
				}
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
}

// How an interpreter ended is told by whoever stays behind.
func TestStatus(t *testing.T) {
	for _, shape := range []string{"one", "forked"} {
		for inputs, want := range map[string]string{
			"os._exit 3":             "(exit status 3)",
			"os._exit 0":             "(exit status 0)",
			"signal.raise_signal 9":  "(signal: killed)",
			"signal.raise_signal 11": "(signal: segmentation fault)",
			"signal.raise_signal 15": "(signal: terminated)",
		} {
			t.Run(shape+" "+inputs, func(t *testing.T) {
				t.Parallel()
				p := start(t, shapes[shape])
				call, argument, _ := strings.Cut(inputs, " ")
				p.Submit([]*task.Request{method(1, call, literal("0", argument))})
				f := collect(t, p, 1)[1].Failure
				if f.Cause != task.Died || !strings.Contains(f.Message, want) {
					t.Errorf("%+v, want %s", f, want)
				}
			})
		}
	}
}

const waitAndDie = `import os, signal, time
def die(number):
    open("begun", "w").close()
    while not os.path.exists("go"):
        time.sleep(0.01)
    signal.raise_signal(number)
`

// The same when there are requests that the interpreter has not read.
func TestStatusUnread(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "waits.py"), []byte(waitAndDie), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, pyhost.Options{Dir: dir})
	p.Submit([]*task.Request{method(1, "waits.die", literal("0", "9"))})
	if err := ewokstest.Wait("its begin", func() error { _, err := os.Stat(filepath.Join(dir, "begun")); return err }); err != nil {
		t.Fatal(err)
	}
	p.Submit([]*task.Request{method(2, "time.sleep", literal("0", "0"))})
	p.Drop("r", []uint64{7}) // nothing that there is, but it has to be told
	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f := collect(t, p, 2)[1].Failure
	if f.Cause != task.Died || !strings.Contains(f.Message, "(signal: killed)") || strings.Contains(f.Message, "reset") {
		t.Errorf("%+v", f)
	}
}
