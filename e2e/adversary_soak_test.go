package e2e

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
	"github.com/ewoks-hpc/ewoks-hpc/slurm/slurmtest"
)

// TestSoakAdversary does to a cluster what TestSoak does not, every few seconds for as
// long as EWOKS_HPC_TEST_SOAK says. Then what is recorded is held against what the tasks
// wrote down.
func TestSoakAdversary(t *testing.T) {
	soaking(t)
	length, err := time.ParseDuration(os.Getenv(soakEnv))
	if err != nil {
		t.Fatalf("%s: %v", soakEnv, err)
	}
	slurm := slurmtest.Start(t, slurmtest.Options{Nodes: 3, CPUs: 4, Conf: []string{"MessageTimeout=3"}})
	a := &adversary{site: newSite(t, slurm), cluster: "adversary"}
	a.witnessed()
	a.up()
	end := time.Now().Add(length)
	var users sync.WaitGroup
	for user := range 2 {
		users.Go(func() { a.use(user, end) })
	}
	done := a.harm(end)
	users.Wait()
	t.Logf("faults: %v", done)
	a.until("nothing is executed any more", func() bool {
		for _, w := range a.status(a.cluster).Workers {
			if w.Holding > 0 {
				return false
			}
		}
		return true
	})
	// A launcher that is killed may take the records of its last moments with it.
	const last = 8
	a.agree(a.cluster, last*done["launcher killed"])
	a.down(a.cluster)
}

// use submits one run after the other.
func (a *adversary) use(user int, end time.Time) {
	for n := 0; time.Now().Before(end); n++ {
		run := fmt.Sprintf("u%dr%d", user, n)
		a.witnesses(run, 30, ", {name: seconds, value: 0.1}")
		e := a.try("run", run+".yaml", "--cluster", a.cluster, "-q", "--max-lost", "100", "--retries", "9", "--task-timeout", "10s", "--timeout-retries", "9")
		switch {
		case e.code == 3: // not submitted
			time.Sleep(500 * time.Millisecond)
		case e.code != 0 || e.out != witnessOutput(30):
			a.Errorf("run %s: exit code %d\n%s%s", run, e.code, e.out, e.err)
		}
	}
}

// harm does one thing after the other, and returns how often it did each.
func (a *adversary) harm(end time.Time) map[string]int {
	random, done := a.random(), map[string]int{}
	jobs := func() (list []string) {
		out, _ := a.slurm.Command("squeue", "-h", "-r", "-t", "R", "-o", "%i").Output()
		return strings.Fields(string(out))
	}
	onJob := func(command ...string) func() bool {
		return func() bool {
			list := jobs()
			return len(list) > 0 && a.slurm.Command(command[0], append(command[1:], list[random.IntN(len(list))])...).Run() == nil
		}
	}
	onTask := func(signal syscall.Signal, which func(pid int) int) func() bool {
		return func() bool {
			for _, p := range ewokstest.Processes(a.dir) {
				if args := string(p.Args); strings.Contains(args, "python") && strings.Contains(args, "\x00-c\x00") && random.IntN(3) == 0 {
					return syscall.Kill(which(p.PID), signal) == nil
				}
			}
			return false
		}
	}
	node := func(state string) func() bool {
		return func() bool {
			name := "nodename=" + a.slurm.Nodes[random.IntN(len(a.slurm.Nodes))]
			err := a.slurm.Command("scontrol", "update", name, "state="+state, "reason=test").Run()
			time.AfterFunc(4*time.Second, func() { _ = a.slurm.Command("scontrol", "update", name, "state=resume").Run() })
			return err == nil
		}
	}
	self := func(pid int) int { return pid }
	faults := []struct {
		name string
		do   func() bool
	}{
		{"batch step killed", onJob("scancel", "--batch", "--signal=KILL")},
		{"job suspended", func() bool {
			list := jobs()
			if len(list) == 0 || a.slurm.Command("scontrol", "suspend", list[0]).Run() != nil {
				return false
			}
			time.Sleep(3 * time.Second)
			return a.slurm.Command("scontrol", "resume", list[0]).Run() == nil
		}},
		{"process of Python frozen", onTask(syscall.SIGSTOP, self)},
		{"process of Python killed", onTask(syscall.SIGKILL, self)},
		{"node drained", node("drain")},
		{"node down", node("down")},
		{"slurmctld frozen", func() bool {
			if a.slurm.StopController() != nil {
				return false
			}
			time.Sleep(5 * time.Second)
			return a.slurm.ContController() == nil
		}},
		{"launcher frozen 20 s", func() bool { a.site.freeze(a.cluster, 20*time.Second); return true }},
		{"launcher killed", func() bool { a.kill(a.cluster); a.up(); return true }},
		{"logs deleted", func() bool { return os.RemoveAll(a.state(a.cluster, "jobs")) == nil }},
	}
	for time.Now().Before(end) {
		time.Sleep(time.Duration(1000+random.IntN(3000)) * time.Millisecond) // the pace of the faults
		if f := faults[random.IntN(len(faults))]; f.do() {
			done[f.name]++
		}
	}
	return done
}
