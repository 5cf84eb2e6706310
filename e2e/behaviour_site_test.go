package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// soakEnv, when it is set, also runs the tests that take minutes; make soak sets it.
const soakEnv = "EWOKS_HPC_TEST_SOAK"

// The TestBehaviour tests hold what docs/slurm.md says, by the numbers there.

func soaking(t *testing.T) {
	t.Helper()
	if os.Getenv(soakEnv) == "" {
		t.Skipf("SKIPPED %s, which takes minutes (make soak sets %s)", t.Name(), soakEnv)
	}
}

// wrap puts a script around a command of Slurm. The script must run the real one,
// which it finds in $REAL; each call is counted.
func (s *site) wrap(command, script string) {
	s.Helper()
	real, err := exec.LookPath(command)
	if err != nil {
		s.Fatal(err)
	}
	bin := filepath.Join(s.dir, "bin")
	if err := os.MkdirAll(bin, 0o700); err != nil {
		s.Fatal(err)
	}
	text := fmt.Sprintf("#!/bin/sh\nREAL='%s'\necho called >>'%s'\n%s\n", real, s.callsFile(command), script)
	if err := os.WriteFile(filepath.Join(bin, command), []byte(text), 0o700); err != nil {
		s.Fatal(err)
	}
	for i, variable := range s.env {
		if path, ok := strings.CutPrefix(variable, "PATH="); ok && !strings.HasPrefix(path, bin+":") {
			s.env[i] = "PATH=" + bin + ":" + path
		}
	}
}

func (s *site) callsFile(command string) string { return filepath.Join(s.dir, command+".calls") }

// calls is how often a wrapped command was run.
func (s *site) calls(command string) int {
	text, _ := os.ReadFile(s.callsFile(command))
	return bytes.Count(text, []byte("\n"))
}

// begin runs ewoks-hpc beside the test.
func (s *site) begin(args ...string) <-chan ended {
	done := make(chan ended, 1)
	go func() { done <- s.try(args...) }()
	return done
}

// untilLong is for what Slurm does only every half minute.
func (s *site) untilLong(what string, patience time.Duration, ready func() bool) {
	s.Helper()
	for deadline := time.Now().Add(patience); !ready(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.Fatalf("%s: not within %s", what, patience)
		}
	}
}

// scontrol changes Slurm from outside.
func (s *site) scontrol(args ...string) {
	s.Helper()
	if out, err := s.slurm.Command("scontrol", args...).CombinedOutput(); err != nil {
		s.Fatalf("scontrol %v: %v\n%s", args, err, out)
	}
}

// history lists the jobs of a cluster, ended ones too: "id_index state".
func (s *site) history(cluster string) (jobs []string) {
	s.Helper()
	out, err := s.slurm.Command("squeue", "-h", "-r", "-t", "all", "-o", "%F_%K %T %j").Output()
	if err != nil {
		s.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		if before, _, ok := strings.Cut(line, " ewoks-hpc-"+cluster+"-"); ok {
			jobs = append(jobs, before)
		}
	}
	return jobs
}

// log is what the launcher of a cluster has logged.
func (s *site) log(cluster string) string {
	text, _ := os.ReadFile(s.state(cluster, "launcher.log"))
	return string(text)
}

// taskCode is what the tasks of these tests do. They say what they do by lines of
// files, which are appended whole.
const taskCode = `import os, time
def note(file, text):
    fd = os.open(file, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
    os.write(fd, (text + "\n").encode())
    os.close(fd)
def count(n, file="executed", seconds=0):
    note(file, str(n))
    time.sleep(seconds)
    return n
def wait(n, file="executed", go="go-on"):
    note(file, str(n))
    while not os.path.exists(go):
        time.sleep(0.02)
    return n
def total(**numbers):
    return sum(numbers.values())
`

// fan is a workflow of n tasks that call a function of taskCode, each with its
// number, and one that adds up what they return. More are further inputs of each.
func (s *site) fan(name, function string, n int, more string) {
	s.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "graph: {id: %s}\nnodes:\n  - {id: total, task_type: method, task_identifier: tasks.total}\n", name)
	for i := range n {
		fmt.Fprintf(&b, "  - {id: n%d, task_type: method, task_identifier: tasks.%s, default_inputs: [{name: n, value: %d}, {name: file, value: %s.executed}%s]}\n", i, function, i, name, more)
	}
	b.WriteString("links:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - {source: n%d, target: total, data_mapping: [{source_output: return_value, target_input: i%d}]}\n", i, i)
	}
	s.write("tasks.py", taskCode)
	s.write(name+".yaml", b.String())
}

// fanOutput is what the command run prints for a fan of n tasks.
func fanOutput(n int) string { return fmt.Sprintf("{\n  \"return_value\": %d\n}\n", n*(n-1)/2) }

// noted are the numbers of the tasks of a fan that were begun, in order.
func (s *site) noted(name string) []string {
	text, _ := os.ReadFile(filepath.Join(s.dir, "work", name+".executed"))
	return strings.Fields(string(text))
}

// doneRight checks the output of a fan of n tasks and that each was executed, and
// returns how many executions there were beyond one each.
func (s *site) doneRight(name string, n int, e ended) (again int) {
	s.Helper()
	if e.code != 0 || e.out != fanOutput(n) {
		s.Errorf("%s: exit code %d\n%s%s", name, e.code, e.out, e.err)
	}
	list, once := s.noted(name), map[string]bool{}
	for _, number := range list {
		once[number] = true
	}
	if len(once) != n {
		s.Errorf("%s: %d of %d tasks were executed", name, len(once), n)
	}
	return len(list) - n
}
