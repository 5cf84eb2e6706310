package pyhost

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

func TestOOMFile(t *testing.T) {
	const (
		v1    = "34 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n"
		both  = "34 31 0:32 / /cg/one\\040two rw - cgroup cgroup rw,cpu,memory\n"
		other = "33 31 0:30 / /sys/fs/cgroup/cpuacct rw,relatime - cgroup cgroup rw,cpuacct\n"
		v2    = "41 31 0:38 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
		part  = "41 31 0:38 /docker/abc /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n"
	)
	for name, test := range map[string]struct{ groups, mounts, want string }{
		"version 2":            {"0::/user.slice/a.scope\n", v2, "/sys/fs/cgroup/user.slice/a.scope/memory.events"},
		"version 1":            {"5:cpu:/x\n4:memory:/slurm/uid_1/job_2/step_0\n0::/y\n", other + v1 + v2, "/sys/fs/cgroup/memory/slurm/uid_1/job_2/step_0/memory.oom_control"},
		"controllers at once":  {"4:cpu,memory:/a:b\n", both, "/cg/one two/a:b/memory.oom_control"},
		"version 1 elsewhere":  {"9:name=systemd:/\n0::/y\n", other + v2, "/sys/fs/cgroup/y/memory.events"},
		"the root":             {"0::/\n", v2, "/sys/fs/cgroup/memory.events"},
		"in a container":       {"0::/docker/abc/inner\n", part, "/sys/fs/cgroup/inner/memory.events"},
		"not to be seen":       {"0::/docker/other\n", part, ""},
		"in another namespace": {"0::/../other\n", v2, ""},
		"not mounted":          {"4:memory:/a\n", other + v2, ""},
		"nothing":              {"", "", ""},
		"malformed":            {"4:memory\n0:\n::\n", "1 2 - x\n\n - \n- -\n", ""},
	} {
		if got := oomFile([]byte(test.groups), []byte(test.mounts)); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestCountOOMKills(t *testing.T) {
	for text, want := range map[string]uint64{
		"low 0\nhigh 0\nmax 61\noom 3\noom_kill 2\noom_group_kill 0\n": 2,
		"oom_kill_disable 0\nunder_oom 0\noom_kill 17\n":               17,
		"oom_kill 5": 5,
	} {
		if n, known := countOOMKills([]byte(text)); n != want || !known {
			t.Errorf("%q: %d, %t, want %d", text, n, known, want)
		}
	}
	for _, text := range []string{"", "oom_kill_disable 0\nunder_oom 0\n", "oom_kill many\n", "oom_kill -1\n", "oom_kill \n"} {
		if n, known := countOOMKills([]byte(text)); known {
			t.Errorf("%q: %d", text, n)
		}
	}
}

// A kill for want of memory is the end of one interpreter; other kills are not.
func TestJudgedDeaths(t *testing.T) {
	file := filepath.Join(t.TempDir(), "memory.events")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	shared := new(Starvations)
	p, neighbour := &Pool{o: Options{Starvations: shared}}, &Pool{o: Options{Starvations: shared}}
	write("oom_kill 4\n")
	m := memory{kills: oomKills(file), before: 4}
	expect := func(what string, m memory, cause error, status string, want task.Cause, advised bool) {
		t.Helper()
		f := p.died(m, cause, status, "")
		if f.Cause != want || (f.Advice != "") != advised {
			t.Errorf("%s: %+v, want %s", what, f, want)
		}
	}
	expect("somebody's kill", m, io.EOF, killed, task.Died, false)
	write("oom_kill 6\n")
	expect("another end", m, io.EOF, "exit status 3", task.Died, false)
	expect("the first of two", m, io.EOF, killed, task.OutOfMemory, true)
	expect("the second of two", m, io.ErrUnexpectedEOF, killed, task.OutOfMemory, true)
	expect("somebody's kill", m, io.EOF, killed, task.Died, false)
	if f := neighbour.died(m, io.EOF, killed, ""); f.Cause != task.Died {
		t.Errorf("another pool counts a kill again: %+v", f)
	}
	write("oom_kill 7\n")
	expect("one that started later", memory{kills: oomKills(file), before: 7}, io.EOF, killed, task.Died, false)
	expect("without a cgroup", memory{}, io.EOF, killed, task.Died, true)
	expect("without a cgroup, by itself", memory{}, errors.New("nonsense"), "exit status 1", task.Died, false)
}

// The limit of a task is that of its cgroup or of one around it, whichever is less.
func TestMemoryLimit(t *testing.T) {
	for name, c := range map[string]struct {
		file, outer, inner string
		want               int64
	}{
		"own":                   {"memory.events", "max\n", "1000\n", 1000},
		"outer":                 {"memory.events", "2000\n", "max\n", 2000},
		"less outside":          {"memory.events", "2000\n", "3000\n", 2000},
		"less inside":           {"memory.events", "3000\n", "2000\n", 2000},
		"none":                  {"memory.events", "max\n", "max\n", 0},
		"version 1":             {"memory.oom_control", "9223372036854771712\n", "5000\n", 5000},
		"version 1, none":       {"memory.oom_control", "9223372036854771712\n", "9223372036854771712\n", 0},
		"version 1, not number": {"memory.oom_control", "5000\n", "\n", 5000},
	} {
		limit := map[string]string{"memory.events": "memory.max", "memory.oom_control": "memory.limit_in_bytes"}[c.file]
		outer := t.TempDir()
		inner := filepath.Join(outer, "step")
		if err := errors.Join(
			os.Mkdir(inner, 0o700),
			os.WriteFile(filepath.Join(outer, limit), []byte(c.outer), 0o600),
			os.WriteFile(filepath.Join(inner, limit), []byte(c.inner), 0o600),
		); err != nil {
			t.Fatal(err)
		}
		if got := oomKills(filepath.Join(inner, c.file)).limit(); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	if got := oomKills("").limit(); got != 0 {
		t.Errorf("without a cgroup: %d", got)
	}
}
