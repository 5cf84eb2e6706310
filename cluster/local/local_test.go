package local_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ewoks-hpc/ewoks-hpc/cluster"
	"github.com/ewoks-hpc/ewoks-hpc/cluster/local"
)

// launcherDir makes this test binary a launcher with one worker, for the test that
// kills a launcher.
const launcherDir = "EWOKS_HPC_TEST_LAUNCHER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(launcherDir); dir != "" {
		_, err := newBackend(dir, `trap 'touch told; exit 0' TERM; echo $$ >pid; while :; do sleep 0.05; done`).Submit(context.Background(), launch(1))
		fmt.Println("started", err)
		select {} // until it is killed
	}
	goleak.VerifyTestMain(m)
}

func launch(count int) cluster.Launch {
	return cluster.Launch{Key: "key", Name: "name", Count: count}
}

// newBackend runs a shell script in dir as its workers; $1 is the index.
func newBackend(dir, script string) *local.Backend {
	return local.New(local.Options{
		Logs: filepath.Join(dir, "logs"), Grace: 300 * time.Millisecond,
		Command: func(_ cluster.Launch, index int) *exec.Cmd {
			cmd := exec.Command("/bin/sh", "-c", script, "worker", strconv.Itoa(index))
			cmd.Dir = dir
			return cmd
		},
	})
}

func wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never %s", what)
		}
	}
}

// pid reads the number that a worker wrote.
func pid(t *testing.T, path string) (pid int) {
	t.Helper()
	wait(t, path, func() bool {
		text, err := os.ReadFile(path)
		if err == nil && strings.HasSuffix(string(text), "\n") {
			pid, err = strconv.Atoi(strings.TrimSpace(string(text)))
		}
		return err == nil && pid > 0
	})
	return pid
}

// dead says whether a process is gone or a zombie that nobody has waited for.
func dead(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ")
}

func jobs(t *testing.T, b *local.Backend, l cluster.Launch) []cluster.Job {
	t.Helper()
	jobs, complete, err := b.List(t.Context(), []cluster.Launch{l})
	if err != nil || !complete {
		t.Fatalf("list: complete %v, %v", complete, err)
	}
	return jobs
}

// TestStubbornWorker is killed after the grace, with what it had started.
func TestStubbornWorker(t *testing.T) {
	dir := t.TempDir()
	b := newBackend(dir, `trap '' TERM; sleep 600 & echo $! >child; wait; while :; do sleep 600; done`)
	l, err := b.Submit(t.Context(), launch(1))
	if err != nil {
		t.Fatal(err)
	}
	child := pid(t, filepath.Join(dir, "child"))
	if err := b.Cancel(t.Context(), jobs(t, b, l)); err != nil {
		t.Fatal(err)
	}
	if j := jobs(t, b, l)[0]; j.Phase != cluster.Ending {
		t.Errorf("told to end, but %+v", j)
	}
	<-b.Changed()
	if j := jobs(t, b, l)[0]; j.Phase != cluster.Ended || j.Outcome != cluster.Cancelled || j.Reason != "signal: killed" {
		t.Errorf("killed, but %+v", j)
	}
	wait(t, "child gone", func() bool { return dead(child) })
}

// TestDeathIsToldAtOnce: a worker that is killed leaves nothing running behind.
func TestDeathIsToldAtOnce(t *testing.T) {
	dir := t.TempDir()
	b := newBackend(dir, `sleep 600 & echo $! >child; wait`)
	l, err := b.Submit(t.Context(), launch(1))
	if err != nil {
		t.Fatal(err)
	}
	child := pid(t, filepath.Join(dir, "child"))
	if err := syscall.Kill(jobs(t, b, l)[0].Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case <-b.Changed():
	case <-time.After(10 * time.Second):
		t.Fatal("nobody tells")
	}
	if j := jobs(t, b, l)[0]; j.Phase != cluster.Ended || j.Outcome != cluster.Failed {
		t.Errorf("killed by somebody, but %+v", j)
	}
	wait(t, "child gone", func() bool { return dead(child) })
}

// TestAllOrNone: when one worker cannot be started, none stays.
func TestAllOrNone(t *testing.T) {
	dir := t.TempDir()
	b := local.New(local.Options{Logs: filepath.Join(dir, "logs"), Command: func(_ cluster.Launch, index int) *exec.Cmd {
		if index == 1 {
			return exec.Command(filepath.Join(dir, "absent"))
		}
		return exec.Command("/bin/sh", "-c", "sleep 600; echo never")
	}})
	if _, err := b.Submit(t.Context(), launch(2)); err == nil || !strings.Contains(err.Error(), "start worker 1") {
		t.Errorf("got %v", err)
	}
	if left := jobs(t, b, launch(2)); len(left) > 0 {
		t.Errorf("left %+v", left)
	}
}

// TestLauncherKilled: workers are told to end when their launcher is killed.
func TestLauncherKilled(t *testing.T) {
	dir := t.TempDir()
	launcher := exec.Command(os.Args[0])
	launcher.Env = append(os.Environ(), launcherDir+"="+dir)
	out, err := launcher.StdoutPipe()
	if err == nil {
		err = launcher.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	said, _ := bufio.NewReader(out).ReadString('\n')
	worker := pid(t, filepath.Join(dir, "pid"))
	_ = launcher.Process.Kill()
	_ = launcher.Wait()
	if said != "started <nil>\n" {
		t.Fatalf("launcher said %q", said)
	}
	t.Cleanup(func() { _ = syscall.Kill(-worker, syscall.SIGKILL) })
	wait(t, "worker gone", func() bool { return dead(worker) })
	if _, err := os.Stat(filepath.Join(dir, "told")); err != nil {
		t.Errorf("the worker was not told: %v", err)
	}
}
