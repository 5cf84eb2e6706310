package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestAdversaryLocal is what needs no Slurm. Disks and networks of their own need root;
// without it these parts are skipped.
func TestAdversaryLocal(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(*adversary){
		"state full":       stateFull,
		"network one way":  networkOneWay,
		"two hosts":        twoHosts,
		"module removed":   moduleRemoved,
		"keeper and child": keeperAndChild,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &adversary{site: newSite(t, nil), cluster: strings.ReplaceAll(name, " ", "-")}
			a.witnessed()
			test(a)
		})
	}
}

func (a *adversary) root() {
	a.Helper()
	if os.Getuid() != 0 {
		a.Skip("SKIPPED: only root has disks and networks to give away")
	}
}

func (a *adversary) upLocal(more ...string) {
	a.Helper()
	a.ok(append([]string{"up", "--local", "--cluster", a.cluster, "--n-workers", "2", "--detach"}, more...)...)
}

// Records of so many attempts may be missing: those that were stopped.
func (a *adversary) endLocal(missing int, causes ...string) {
	a.Helper()
	a.agree(a.cluster, missing)
	for cause, n := range a.causes(a.cluster, a.cluster) {
		a.Logf("%d attempts: %s", n, cause)
		if !contains(causes, cause) {
			a.Errorf("%d attempts were %q, want %q only", n, cause, causes)
		}
	}
	a.ok("down", "--cluster", a.cluster)
}

// ownDisk puts the state directory on a file system of so many bytes. Where mounts are
// not allowed the test is skipped.
func (a *adversary) ownDisk(size string) (dir string) {
	a.Helper()
	a.root()
	dir = filepath.Join(a.dir, "state")
	a.must(os.MkdirAll(dir, 0o700))
	if err := syscall.Mount("none", dir, "tmpfs", 0, "mode=0700,size="+size); err != nil {
		a.Skipf("SKIPPED: mount: %v", err)
	}
	a.Cleanup(func() {
		_ = syscall.Mount("none", dir, "", syscall.MS_REMOUNT, "")
		a.clear()
		a.must(syscall.Unmount(dir, syscall.MNT_DETACH))
	})
	return dir
}

func (a *adversary) begun(n int, more string, args ...string) <-chan ended {
	a.Helper()
	a.witnesses(a.cluster, n, more)
	done := a.begin(append([]string{"run", a.cluster + ".yaml", "--cluster", a.cluster}, args...)...)
	a.until("the run is under way", func() bool { return a.begunBy(a.cluster) > 4 })
	return done
}

// The disk of journal, records and logs is full. The launcher cannot go on then, and
// says so to whoever asks; the next one goes on once there is room.
func stateFull(a *adversary) {
	soaking(a.T) // an entry that is not kept is known after half a minute
	dir := a.ownDisk("160m")
	up := []string{"up", "--local", "--cluster", a.cluster, "--n-workers", "2", "--detach"}
	a.ok(up...)
	done := a.begun(40, ", {name: seconds, value: 0.15}")
	ballast := filepath.Join(dir, "ballast")
	fill(ballast)
	a.witnesses("late", 2, "")
	if e := a.try("run", "late.yaml", "--cluster", a.cluster); e.code != 3 || !strings.Contains(e.err, "hint: ") {
		a.Errorf("another run: exit code %d\n%s", e.code, e.err)
	}
	time.Sleep(5 * time.Second) // of a full disk
	a.must(os.Remove(ballast))
	const why = "nothing can be journaled any more"
	a.untilLong("status says so", 2*time.Minute, func() bool {
		return strings.Contains(a.ok("status", "--cluster", a.cluster), why)
	})
	if text := a.ok("explain", "last", "--cluster", a.cluster); !strings.Contains(text, why) {
		a.Errorf("explain says\n%s", text)
	}
	pid := a.launcher(a.cluster) // of a note: kill PID ... up
	a.must(syscall.Kill(pid, syscall.SIGTERM))
	a.until("the launcher has ended", func() bool { return syscall.Kill(pid, 0) != nil })
	a.ok(up...)
	if e := <-done; e.code != 0 || e.out != witnessOutput(40) {
		a.Errorf("exit code %d\n%s%s", e.code, e.out, e.err)
	}
	a.Logf("causes: %v", a.causes(a.cluster, a.cluster))
	a.agree(a.cluster, 4)
	a.ok("down", "--cluster", a.cluster)
}

// fill writes until nothing fits any more.
func fill(file string) {
	f, err := os.Create(file)
	if err != nil {
		return
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
}

// What the launcher sends does not arrive for some seconds, what it
// receives does.
func networkOneWay(a *adversary) {
	const cut = 5 * time.Second
	a.root()
	for _, tool := range []string{"unshare", "nsenter", "iptables", "ip"} {
		if _, err := exec.LookPath(tool); err != nil {
			a.Skipf("SKIPPED: %v", err)
		}
	}
	holder := a.command("unshare", "--net", "sleep", "300")
	a.must(holder.Start())
	a.Cleanup(func() { _ = holder.Process.Kill(); _ = holder.Wait() })
	own, err := os.Readlink("/proc/self/ns/net")
	a.must(err)
	a.until("a network of its own", func() bool { // not ours, whatever happens
		its, err := os.Readlink("/proc/" + itoa(holder.Process.Pid) + "/ns/net")
		return err == nil && its != own
	})
	within := func(args ...string) ended {
		cmd := a.command("nsenter", append([]string{"--net=/proc/" + itoa(holder.Process.Pid) + "/ns/net"}, args...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			a.Logf("%v: %v %s", args, err, out)
		}
		return ended{out: string(out), code: cmd.ProcessState.ExitCode()}
	}
	within("ip", "link", "set", "lo", "up")
	within(program, "up", "--local", "--cluster", a.cluster, "--n-workers", "2", "--detach")
	a.witnesses(a.cluster, 60, ", {name: seconds, value: 0.15}")
	done := make(chan ended, 1)
	go func() { done <- within(program, "run", a.cluster+".yaml", "--cluster", a.cluster) }()
	a.until("the run is under way", func() bool { return a.begunBy(a.cluster) > 4 })
	text := within(program, "status", "--cluster", a.cluster, "-o", "json").out
	port := between(text, `"address": "tls://127.0.0.1:`, `"`)
	rule := []string{"INPUT", "-p", "tcp", "--sport", port, "-j", "DROP"}
	within(append([]string{"iptables", "-A"}, rule...)...)
	time.Sleep(cut)
	within(append([]string{"iptables", "-D"}, rule...)...)
	e := <-done
	if e.code != 0 || !strings.Contains(e.out, witnessOutput(60)) {
		a.Errorf("exit code %d\n%s", e.code, e.out)
	}
	a.agree(a.cluster, 0)
	within(program, "down", "--cluster", a.cluster)
}

func between(text, before, after string) string {
	_, text, _ = strings.Cut(text, before)
	text, _, _ = strings.Cut(text, after)
	return text
}

// A launcher on another host must not take a state directory that is in use.
func twoHosts(a *adversary) {
	a.root()
	a.upLocal()
	e := a.elsewhere("up", "--local", "--cluster", a.cluster, "--n-workers", "1", "--detach")
	if here := a.launcher(a.cluster); e.code != 3 || !strings.Contains(e.out, "process "+itoa(here)+",") || !strings.Contains(e.out, "hint: ") {
		a.Errorf("on another host: exit code %d, process %d is up\n%s", e.code, here, e.out)
	}
	a.ok("down", "--cluster", a.cluster)
}

// elsewhere runs ewoks-hpc on a host of another name; its output is all that it said.
func (a *adversary) elsewhere(args ...string) ended {
	a.Helper()
	cmd := a.command("unshare", append([]string{"--uts", "sh", "-c", `hostname elsewhere && exec "$@"`, "sh", program}, args...)...)
	out, _ := cmd.CombinedOutput()
	if strings.Contains(string(out), "Operation not permitted") {
		a.Skipf("SKIPPED: %s", out)
	}
	return ended{out: string(out), code: cmd.ProcessState.ExitCode()}
}

// The module of tasks vanishes while they run.
func moduleRemoved(a *adversary) {
	a.upLocal()
	done := a.begun(60, ", {name: seconds, value: 0.15}", "--retries", "1")
	a.must(os.Remove(filepath.Join(a.dir, "work", "witness.py")))
	for _, pid := range a.interpreters() {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	e := <-done
	if e.code != 1 || !strings.Contains(e.err, "Cannot import witness from witness") || !strings.Contains(e.err, "hint: looked in") {
		a.Errorf("exit code %d\n%s", e.code, e.err)
	}
	// What the other worker executes when the run fails is stopped, and has no end.
	a.endLocal(1, "failed: died", "failed: exception", "skipped: ")
}

// A keeper is killed whose task has started a process in a session of its own.
func keeperAndChild(a *adversary) {
	a.Skip("SKIPPED: only the keeper finds what left the session of its interpreter; when it is killed by itself, that stays")
	a.write("strays.py", `import os, subprocess, time
def stray():
    subprocess.Popen(["setsid", "sleep", "250"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open("pid.tmp", "w") as f: f.write(str(os.getppid()))
    os.rename("pid.tmp", "pid")
    time.sleep(250)
`)
	a.write("strays.yaml", "graph: {id: strays}\nnodes: [{id: a, task_type: method, task_identifier: strays.stray}]\n")
	a.upLocal()
	done := a.begin("run", "strays.yaml", "--cluster", a.cluster)
	a.must(syscall.Kill(a.pidIn("pid"), syscall.SIGKILL))
	e := <-done
	if e.code != 1 {
		a.Errorf("exit code %d", e.code)
	}
	a.ok("down", "--cluster", a.cluster) // and newSite finds what is left
}
