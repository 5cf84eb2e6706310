package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
	"github.com/ewoks-hpc/ewoks-hpc/slurm/slurmtest"
)

const eats = `import os, time
def eat(me, you, size):
    open("begun-" + me, "w").close()
    while not os.path.exists("begun-" + you):
        time.sleep(0.01)
    food = bytearray(b"x") * (size << 20)
    time.sleep(1)
    return [len(food) >> 20, os.environ["OMP_NUM_THREADS"]]
`

// eating are two tasks that need so many MiB each, at the same time if nobody prevents it.
func eating(size int, resources string) string {
	text := "graph: {id: eating}\nnodes:\n"
	for me, you := range map[string]string{"a": "b", "b": "a"} {
		text += fmt.Sprintf("  - {id: %s, task_type: method, task_identifier: eats.eat, resources: %s, "+
			"default_inputs: [{name: me, value: %s}, {name: you, value: %s}, {name: size, value: %d}]}\n", me, resources, me, you, size)
	}
	return text
}

// The interpreters of a worker share a memory that the kernel really limits. Two tasks
// together need too much of it, and one after the other they do not.
func TestOutOfMemory(t *testing.T) {
	t.Parallel()
	s := newSite(t, slurmtest.Start(t, slurmtest.Options{Nodes: 1, CPUs: 4}))
	group := s.memoryGroup(220)
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal(err)
	}
	s.write("limited", fmt.Sprintf("#!/bin/sh\necho $$ > %s/cgroup.procs && exec %s \"$@\"\n", group, python))
	if err := os.Chmod(filepath.Join(s.dir, "work", "limited"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.write("eats.py", eats)
	s.ok("up", "--cluster", "fed", "--cores", "2", "--memory", "200MB", "--python", filepath.Join(s.dir, "work", "limited"), "--detach", poll)
	for _, resources := range []string{"{}", "{memory: 90MB}"} {
		s.write("eating.yaml", eating(120, resources))
		e := s.try("run", "eating.yaml", "--cluster", "fed", "--oom-retries", "3", "--no-merge-outputs")
		var got map[string]map[string][]any
		if e.code != 0 || !strings.Contains(e.err, "retr") || json.Unmarshal([]byte(e.out), &got) != nil || len(got) != 2 {
			t.Errorf("with %s: exit code %d\n%s%s", resources, e.code, e.out, e.err)
		}
		for node, outputs := range got {
			if size := outputs["return_value"][0]; size != 120.0 {
				t.Errorf("with %s node %s had %v MiB", resources, node, size)
			}
		}
		s.forget("begun-a", "begun-b")
	}
	s.write("eating.yaml", eating(400, "{memory: 90MB}"))
	e := s.try("run", "eating.yaml", "--cluster", "fed", "--oom-retries", "9", "-q")
	if e.code != 1 || !strings.Contains(e.err, "ran out of memory with 200MB, and no worker that it may go to has more") || !strings.Contains(e.err, "hint: bring up a pool with more memory") {
		t.Errorf("exit code %d\n%s%s", e.code, e.out, e.err)
	}
	s.down("fed")
}

// forget removes files.
func (s *site) forget(names ...string) {
	s.Helper()
	for _, name := range names {
		if err := os.Remove(filepath.Join(s.dir, "work", name)); err != nil {
			s.Error(err)
		}
	}
}

// memoryGroup makes a cgroup that is limited to so many MiB, where that is possible.
func (s *site) memoryGroup(limit int) string {
	if os.Getuid() != 0 {
		s.Skip("only root may make a cgroup")
	}
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		s.Skip(err)
	}
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		for _, root := range []string{"/sys/fs/cgroup/memory", "/sys/fs/cgroup"} {
			for parent := filepath.Join(root, parts[2]); strings.HasPrefix(parent, root); parent = filepath.Dir(parent) {
				if group := limitedBelow(parent, limit); group != "" {
					s.Cleanup(func() {
						if err := ewokstest.Wait("the end of the cgroup", func() error { return os.Remove(group) }); err != nil {
							s.Error(err)
						}
					})
					return group
				}
			}
		}
	}
	s.Skip("no memory cgroup can be made here")
	return ""
}

// limitedBelow makes a limited cgroup below another; empty where that is not allowed.
func limitedBelow(parent string, limit int) string {
	group, err := os.MkdirTemp(parent, "ewoks-hpc-e2e-")
	if err != nil {
		return ""
	}
	set := func(name, value string) bool {
		return os.WriteFile(filepath.Join(group, name), []byte(value), 0) == nil
	}
	bytes := fmt.Sprint(limit << 20)
	if !set("memory.max", bytes) && !set("memory.limit_in_bytes", bytes) {
		_ = os.Remove(group)
		return ""
	}
	_ = set("memory.swap.max", "0") || set("memory.memsw.limit_in_bytes", bytes) // where there is swap
	return group
}
