package jobscript_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/jobscript"
)

// program writes an executable shell script and returns its path.
func program(t *testing.T, dir, name, body string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte("#!/usr/bin/env bash\n"+body), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

// command runs a rendered script as slurmd does: from a file, with bash.
func command(t *testing.T, script jobscript.Script, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("bash", program(t, t.TempDir(), "slurm_script", script.Text))
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, env...)
	return cmd
}

const printArguments = `printf '%s\0' "$@"` + "\n"

// arguments runs a script whose worker prints its arguments, and returns them.
func arguments(t *testing.T, script jobscript.Script, env ...string) []string {
	t.Helper()
	var stderr bytes.Buffer
	cmd := command(t, script, env...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("%v: %s\n%s", err, &stderr, script.Text)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

func after(list []string, word string) string {
	if i := slices.Index(list, word); i >= 0 && i+1 < len(list) {
		return list[i+1]
	}
	return ""
}

func TestArgumentsReachTheWorker(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b;c$HOME")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	w := jobscript.Worker{Binary: program(t, dir, "fake worker", printArguments), AccessFile: "/a (b)/$x;y&z", LaunchKey: "key-1"}
	extra := []string{"--label=$(touch nothing)", "it's", "`id`", `back\slash`, `"quoted"`, "*", "~", "a\tb", "é", "", "--", "!!", "#no"}
	pool := jobscript.Pool{
		Cores: 6, Processes: 3, Walltime: 90 * time.Second, Python: "/my env/$python", Interface: "ib0",
		LocalDirectory: "$BASE/x y/${SLURM_JOB_ID}/*", WorkerExtraArgs: extra,
	}
	for _, epilogue := range [][]string{nil, {"true"}} {
		pool.JobScriptEpilogue = epilogue
		before := time.Now().Unix()
		got := arguments(t, render(t, pool, w), "BASE=/scratch/$(id)", "SLURM_JOB_ID=12", "SLURM_JOB_END_TIME=1")
		end, err := strconv.ParseInt(after(got, "--ends-at"), 10, 64)
		if now := time.Now().Unix(); err != nil || end < before+90 || end > now+90 {
			t.Errorf("--ends-at %d is not 90 s after %d to %d (%v)", end, before, now, err)
		}
		want := append([]string{
			"worker", "--access", w.AccessFile, "--launch", "key-1", "--pool", "default", "--processes", "3", "--threads", "2", "--cores", "6",
			"--python", "/my env/$python", "--local-directory", "/scratch/$(id)/x y/12/*",
			"--death-timeout", "60s", "--ends-at", fmt.Sprint(end),
		}, extra...)
		if !slices.Equal(got, want) {
			t.Errorf("worker got\n%q, want\n%q", got, want)
		}
	}
}

func TestEndWithoutWalltime(t *testing.T) {
	w := worker
	w.Binary = program(t, t.TempDir(), "worker", printArguments)
	script := render(t, jobscript.Pool{}, w)
	if got := after(arguments(t, script, "SLURM_JOB_END_TIME=1790000000"), "--ends-at"); got != "1790000000" {
		t.Errorf("--ends-at is %q, want the end that Slurm tells", got)
	}
	if got := arguments(t, script); slices.Contains(got, "--ends-at") {
		t.Errorf("an end out of nowhere: %q", got)
	}
}

func TestNodesStartOneWorkerEach(t *testing.T) {
	dir := t.TempDir()
	w := worker
	w.Binary = program(t, dir, "worker", printArguments)
	program(t, dir, "srun", printArguments)
	got := arguments(t, render(t, jobscript.Pool{Nodes: 3, Cores: 4}, w), "PATH="+dir+":"+os.Getenv("PATH"))
	want := []string{"--nodes=3", "--ntasks=3", "--ntasks-per-node=1", "--cpus-per-task=4", "--kill-on-bad-exit=0", "--wait=0", w.Binary, "worker"}
	if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
		t.Errorf("srun got %q, want it to begin with %q", got, want)
	}
}

func TestUnsetVariableEndsTheJob(t *testing.T) {
	w := worker
	w.Binary = program(t, t.TempDir(), "worker", "echo started")
	out, err := command(t, render(t, jobscript.Pool{LocalDirectory: "$NOT_SET/x"}, w)).CombinedOutput()
	if err == nil || strings.Contains(string(out), "started") || !strings.Contains(string(out), "NOT_SET: is needed by local_directory") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestPrologueNamesTheLineThatFails(t *testing.T) {
	w := worker
	w.Binary = program(t, t.TempDir(), "worker", "echo started $A")
	sourced := program(t, t.TempDir(), "sourced", "false\ntrue\n")
	for _, test := range []struct {
		prologue []string
		status   int
		want     string
	}{
		{[]string{"export A=1", "false || true", "if false; then", "  :", "fi", ". " + sourced}, 0, "started 1"},
		{[]string{"f() { false; true; }\nf\nexport A=2"}, 0, "started 2"},
		{[]string{"true", "ls /does/not/exist 2>/dev/null", "true"}, 2, "ewoks-hpc: job_script_prologue line 2 failed with status 2: ls /does/not/exist"},
		{[]string{"true", "for i in 1; do\n  (exit 7)\ndone"}, 7, "job_script_prologue line 3 failed with status 7"},
		{[]string{"not_a_command_at_all"}, 127, "line 1 failed with status 127: not_a_command_at_all"},
	} {
		out, err := command(t, render(t, jobscript.Pool{JobScriptPrologue: test.prologue}, w)).CombinedOutput()
		if status := exitStatus(err); status != test.status || !strings.Contains(string(out), test.want) {
			t.Errorf("%q: status %d, want %d; output %s", test.prologue, status, test.status, out)
		}
	}
}

func exitStatus(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return 0
}

func TestEpilogueKeepsTheStatus(t *testing.T) {
	w := worker
	w.Binary = program(t, t.TempDir(), "worker", "exit 5")
	pool := jobscript.Pool{JobScriptPrologue: []string{"set -e"}, JobScriptEpilogue: []string{"echo status $ewoks_hpc_status"}}
	out, err := command(t, render(t, pool, w)).CombinedOutput()
	if exitStatus(err) != 5 || string(out) != "status 5\n" {
		t.Errorf("%v: %s", err, out)
	}
}

// A worker that says what signals it gets, and ends by itself at TERM only.
const signalledWorker = `
trap 'echo got USR1' USR1
trap 'echo got TERM; exit 3' TERM
echo ready
while :; do sleep 0.1 >/dev/null & wait $!; done
`

// Slurm signals the batch shell only: its process id is the one to signal.
func TestSignalsReachTheWorker(t *testing.T) {
	for _, epilogue := range [][]string{nil, {"echo epilogue"}} {
		t.Run(fmt.Sprint(epilogue), func(t *testing.T) {
			w := worker
			w.Binary = program(t, t.TempDir(), "worker", signalledWorker)
			cmd := command(t, render(t, jobscript.Pool{Walltime: time.Hour, JobScriptEpilogue: epilogue}, w))
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			cmd.Stderr = os.Stderr
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			guard := time.AfterFunc(20*time.Second, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
			defer guard.Stop()
			lines := bufio.NewReader(stdout)
			expect(t, lines, "ready")
			for range 3 {
				signal(t, cmd, syscall.SIGUSR1)
				expect(t, lines, "got USR1")
			}
			signal(t, cmd, syscall.SIGTERM)
			expect(t, lines, "got TERM")
			if epilogue != nil {
				expect(t, lines, "epilogue")
			}
			rest, _ := io.ReadAll(lines)
			if err := cmd.Wait(); exitStatus(err) != 3 || len(rest) > 0 {
				t.Errorf("ended with %v, want status 3; more output %q", err, rest)
			}
		})
	}
}

func signal(t *testing.T, cmd *exec.Cmd, sig os.Signal) {
	t.Helper()
	if err := cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, lines *bufio.Reader, want string) {
	t.Helper()
	if got, err := lines.ReadString('\n'); strings.TrimSpace(got) != want {
		t.Fatalf("got %q, %v; want %q", got, err, want)
	}
}
