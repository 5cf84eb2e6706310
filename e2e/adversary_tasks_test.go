package e2e

import (
	"slices"
	"strings"
	"testing"
)

// rudeCode are tasks that mistreat their interpreter.
const rudeCode = `import _thread, os, resource, signal, subprocess, sys, threading, time
def fine():
    return "fine"
def closes_all():
    os.closerange(0, 65536)
def closes_standard():
    for fd in range(3):
        os.close(fd)
    return 1
def prints():
    print("printed"); return len("printed")
def opens_a_file_as_stdout():
    global file
    os.open("/dev/null", os.O_RDONLY)  # in case 0 is free, too
    os.close(1)
    file = open("data", "wb", 0)
    file.write(b"x" * 1000)
    return file.fileno()
def reads_that_file():
    return os.stat("data").st_size
def closes_streams():
    sys.stdout.close(); sys.stderr.close()
    return 1
def no_stdout():
    sys.stdout = None
    return 1
def stdout_without_flush():
    class Log:
        def write(self, text): pass
    sys.stdout = Log()
    print("where to?")
    return 1
def forks_and_returns():
    if os.fork() == 0:
        return "child"
    time.sleep(0.3)
    return "parent"
def forks_and_raises():
    if os.fork() == 0:
        raise ValueError("of the child")
    time.sleep(0.3)
    return "parent"
def forks_and_exits():
    pid = os.fork()
    if pid == 0:
        sys.exit(3)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
def leaves_a_daemon():
    subprocess.Popen(["sleep", "250"], start_new_session=True)
    return 1
def prints_much():
    for _ in range(1000):
        sys.stdout.write("x" * 100000 + "\n")
    return 1
def prints_garbage():
    os.write(1, os.urandom(1000000)); os.write(2, b"\xff\xfe\x00\x1b[2J" * 1000)
    return 1
def moves_away():
    os.makedirs("gone", exist_ok=True); os.chdir("gone"); os.rmdir("../gone")
    return 1
def ignores_signals():
    for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
        signal.signal(number, signal.SIG_IGN)
    return 1
def exits_at_once():
    os._exit(0)
def exits():
    sys.exit(0)
def interrupts():
    raise KeyboardInterrupt
def raises_base():
    raise BaseException("base")
def raises_what_cannot_be_shown():
    class Silent(Exception):
        def __str__(self): raise RuntimeError("no words")
        __repr__ = __str__
    raise Silent
def returns_a_lock():
    return threading.Lock()
def returns_itself():
    me = []; me.append(me)
    return me
def returns_depth():
    deep = []
    for _ in range(100000):
        deep = [deep]
    return deep
def returns_much():
    return b"x" * (20 << 20)
def cannot_be_described():
    class Shy:
        def __repr__(self): raise RuntimeError
    return Shy()
def few_recursions():
    sys.setrecursionlimit(60)
    return 1
def endless_threads():
    for _ in range(30):
        threading.Thread(target=time.sleep, args=(3600,)).start()
    return 1
def many_children():
    return len([subprocess.Popen(["sleep", "250"]) for _ in range(200)])
def kills_its_group():
    os.killpg(0, signal.SIGTERM); time.sleep(5)
def stops():
    os.kill(os.getpid(), signal.SIGSTOP)
def scribbles():
    for fd in range(3, 64):
        try: os.write(fd, b"garbage " * 8)
        except OSError: pass
    time.sleep(5)
def dies_when_idle():
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    return 1
def clears_the_environment():
    os.environ.clear()
    return 1
`

// TestAdversaryTasks: whatever a task does to its interpreter, its run says what it
// was, the attempt is recorded once, and the next task is executed.
func TestAdversaryTasks(t *testing.T) {
	t.Parallel()
	for _, shape := range []struct {
		name string
		args []string
	}{
		{"alone", nil},
		{"in threads", []string{"--threads-per-worker", "2"}},
	} {
		t.Run(shape.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, nil)
			s.write("rude.py", rudeCode)
			s.ok(append([]string{"up", "--local", "--cluster", "rude", "--n-workers", "1", "--detach"}, shape.args...)...)
			for _, c := range rudeTasks {
				s.rude(c.name, c.out, c.err, c.cause)
				s.rude("fine", `"fine"`, "", "")
			}
			s.recordedOnce("rude")
			s.ok("down", "--cluster", "rude")
		})
	}
}

// rudeTasks print out or fail with err, for a cause.
var rudeTasks = []struct{ name, out, err, cause string }{
	{"closes_all", "", "the Python interpreter ended during the task", "died"},
	{"closes_standard", "1", "", ""},
	{"prints", "7", "", ""},
	{"opens_a_file_as_stdout", "1", "", ""},
	{"prints", "7", "", ""},
	{"reads_that_file", "1000", "", ""},
	{"closes_streams", "1", "", ""},
	{"no_stdout", "1", "", ""},
	{"stdout_without_flush", "1", "", ""},
	{"forks_and_returns", `"parent"`, "", ""},
	{"forks_and_raises", `"parent"`, "", ""},
	{"forks_and_exits", "3", "", ""},
	{"leaves_a_daemon", "1", "", ""},
	{"prints_much", "1", "", ""},
	{"prints_garbage", "1", "", ""},
	{"moves_away", "1", "", ""},
	{"exits_at_once", "", "ended during the task (exit status 0)", "died"},
	{"exits", "", "the task called sys.exit(0)", "exception"},
	{"interrupts", "", "KeyboardInterrupt", "exception"},
	{"raises_base", "", "base", "exception"},
	{"raises_what_cannot_be_shown", "", "no words", "exception"},
	{"returns_a_lock", `"_thread.lock"`, "", ""},
	{"returns_itself", `"[[...]]"`, "", ""},
	{"returns_depth", "repr failed", "", ""},
	{"returns_much", `"bytes"`, "", ""},
	{"cannot_be_described", "repr failed", "", ""},
	{"few_recursions", "1", "", ""},
	{"endless_threads", "1", "", ""},
	{"many_children", "200", "", ""},
	{"kills_its_group", "", "signal: terminated", "died"},
	{"stops", "", "took longer than its limit of 2s", "timeout"},
	{"scribbles", "", "the Python interpreter ended during the task", "died"},
	{"clears_the_environment", "1", "", ""},
}

// rude runs one task.
func (s *site) rude(name, out, err, cause string) {
	s.Helper()
	s.write("rude.yaml", "graph: {id: "+name+"}\nnodes: [{id: a, task_type: method, task_identifier: rude."+name+"}]\n")
	e := s.try("run", "rude.yaml", "--cluster", "rude", "-q", "--task-timeout", "2s")
	if failed := e.code == 1; failed != (cause != "") || e.code > 1 || !strings.Contains(e.out, out) || !strings.Contains(e.err, err) {
		s.Errorf("%s: exit code %d\n%s%s", name, e.code, e.out, e.err)
	}
}

// recordedOnce checks that each run of one task has one record, of the right cause.
func (s *site) recordedOnce(cluster string) {
	s.Helper()
	s.ok("report", "last", "--cluster", cluster, "--format", "json") // makes the launcher write what it has
	for _, r := range s.records(cluster) {
		i := slices.IndexFunc(rudeTasks, func(c struct{ name, out, err, cause string }) bool { return c.name == r.about.Label })
		cause := ""
		if i >= 0 {
			cause = rudeTasks[i].cause
		}
		list := r.attempts[r.about.Label+" a"]
		if len(list) != 1 || string(list[0].Failure.Cause) != cause || list[0].Number != 1 {
			s.Errorf("of %s is recorded %+v, want one attempt with the cause %q", r.about.Label, list, cause)
		}
	}
}
