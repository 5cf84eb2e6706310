package slurmtest

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: still not so after 30 s", what)
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// alive says whether the process whose id is in the file runs.
func alive(t *testing.T, pidFile string) bool {
	t.Helper()
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	_, _, ended := status(pid)
	return !ended
}

// A job that leaves a child outside its process group and session.
const strayJob = `#!/bin/sh
setsid sh -c 'echo $$ >"$DIR/stray.tmp"; mv "$DIR/stray.tmp" "$DIR/stray"; exec sleep 300' &
echo $$ >"$DIR/job.tmp"; mv "$DIR/job.tmp" "$DIR/job"
sleep 300
`

func submitStray(t *testing.T, c *Cluster, dir, node string) {
	t.Helper()
	cmd := c.Command("sbatch", "--parsable", "--output=/dev/null", "--nodelist="+node)
	cmd.Env = append(cmd.Env, "DIR="+dir)
	cmd.Stdin = strings.NewReader(strayJob)
	output(t, cmd)
	eventually(t, "job on "+node+" runs", func() bool {
		return exists(filepath.Join(dir, "job")) && exists(filepath.Join(dir, "stray"))
	})
}

func TestClustersSideBySide(t *testing.T) {
	t.Parallel()
	a := Start(t, Options{})
	b := Start(t, Options{Nodes: 2, CPUs: 8, Conf: []string{"KillWait=7"}, Partitions: []string{"PartitionName=urgent Nodes=ALL PriorityTier=9"}})
	nodes := []string{"sinfo", "-h", "-p", "debug", "-o", "%N %c %t %G", "-N"}
	if got, want := output(t, a.Command(nodes[0], nodes[1:]...)), "n1 4 idle gpu:1\nn2 4 idle gpu:1\nn3 4 idle gpu:1"; got != want {
		t.Errorf("nodes of the first:\n%s\nwant\n%s", got, want)
	}
	if got, want := output(t, b.Command(nodes[0], nodes[1:]...)), "n1 8 idle gpu:1\nn2 8 idle gpu:1"; got != want {
		t.Errorf("nodes of the second:\n%s\nwant\n%s", got, want)
	}
	if got, want := output(t, b.Command("sinfo", "-h", "-o", "%P")), "debug*\ngpu\nurgent"; got != want {
		t.Errorf("partitions %q, want %q", got, want)
	}
	if conf := output(t, b.Command("scontrol", "show", "config")); !strings.Contains(conf, "KillWait                = 7 sec") {
		t.Errorf("KillWait is not what Options.Conf says:\n%s", conf)
	}
	if got := output(t, a.Command("srun", "-p", "gpu", "--gres=gpu:1", "printenv", "CUDA_VISIBLE_DEVICES")); got != "0" {
		t.Errorf("a GPU job sees GPU %q", got)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Nodes: 1})
	dir := t.TempDir()
	submitStray(t, c, dir, "n1")
	daemons := []*daemon{c.munge, c.controller, c.nodes["n1"]}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	for _, d := range daemons {
		if d.alive() {
			t.Errorf("%v is alive", d.cmd.Args)
		}
	}
	for _, name := range []string{"job", "stray"} {
		if file := filepath.Join(dir, name); alive(t, file) {
			t.Errorf("process %s survived", name)
		}
	}
	if exists(c.Dir) {
		t.Errorf("%s is left", c.Dir)
	}
}

func TestFailedStartLeavesNothing(t *testing.T) {
	if _, err := findPrograms(); err != nil {
		Start(t, Options{}) // skips or fails, with the reason
	}
	tmp, err := os.MkdirTemp("", "st-") // short, or the cluster goes elsewhere
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	t.Setenv("TMPDIR", tmp)
	_, err = New(Options{Conf: []string{"SelectType=select/nonsense"}})
	if err == nil || !strings.Contains(err.Error(), "select/nonsense") {
		t.Fatalf("error %v does not say what is wrong", err)
	}
	if left, _ := os.ReadDir(tmp); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestNodeFailsAndReturns(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Nodes: 2})
	dead, other := t.TempDir(), t.TempDir()
	submitStray(t, c, dead, "n1")
	submitStray(t, c, other, "n2")
	if err := c.KillNode("n1"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"job", "stray"} {
		if alive(t, filepath.Join(dead, name)) {
			t.Errorf("process %s of the dead node survived", name)
		}
		if !alive(t, filepath.Join(other, name)) {
			t.Errorf("process %s of the other node is gone", name)
		}
	}
	output(t, c.Command("scontrol", "update", "nodename=n1", "state=down", "reason=test"))
	if err := c.StartNode("n1"); err != nil {
		t.Fatal(err)
	}
	if got := output(t, c.Command("srun", "-w", "n1", "printenv", "SLURMD_NODENAME")); got != "n1" {
		t.Errorf("ran on %q", got)
	}
}

func TestControllerStopsAndReturns(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Nodes: 1, Conf: []string{"MessageTimeout=2"}})
	ping := func() bool { return c.Command("scontrol", "ping").Run() == nil }
	if err := c.StopController(); err != nil {
		t.Fatal(err)
	}
	if ping() {
		t.Error("a stopped controller answers")
	}
	if err := c.ContController(); err != nil {
		t.Fatal(err)
	}
	if !ping() {
		t.Error("the controller does not answer after all")
	}
	c.KillController()
	if ping() {
		t.Error("a dead controller answers")
	}
	if err := c.StartController(); err != nil {
		t.Fatal(err)
	}
	if !ping() {
		t.Error("the new controller does not answer")
	}
}
