package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
	"github.com/ewoks-hpc/ewoks-hpc/slurm/slurmtest"
)

// TestSoak breaks something every few seconds while runs go through a cluster on a
// private Slurm, for as long as EWOKS_HPC_TEST_SOAK says (make soak). At the end
// every run has ended with the right result, and nothing is left behind.
func TestSoak(t *testing.T) {
	length, err := time.ParseDuration(os.Getenv("EWOKS_HPC_TEST_SOAK"))
	if err != nil {
		t.Skip("set EWOKS_HPC_TEST_SOAK to a time, like 10m, or type make soak")
	}
	seed := uint64(time.Now().UnixNano())
	if given, err := strconv.ParseUint(os.Getenv("EWOKS_HPC_TEST_SEED"), 10, 64); err == nil {
		seed = given
	}
	t.Logf("EWOKS_HPC_TEST_SEED=%d", seed)
	slurm := slurmtest.Start(t, slurmtest.Options{Nodes: 3, CPUs: 4})
	s := &soak{site: newSite(t, slurm), random: rand.New(rand.NewPCG(seed, 0)), faults: map[string]int{}}
	s.write("soak.py", soakTasks)
	s.ok(s.up()...)
	end := time.Now().Add(length)
	var users sync.WaitGroup
	for user := range 3 {
		users.Go(func() { s.use(user, end) })
	}
	for time.Now().Before(end) {
		time.Sleep(time.Duration(1000+s.random.IntN(3000)) * time.Millisecond) // the pace of the faults
		s.breakSomething()
	}
	users.Wait()
	t.Logf("%d runs ended well, through %v", s.runs, s.faults)
	if s.runs == 0 {
		t.Error("no run ended")
	}
	s.settle()
	s.down("soak")
}

type soak struct {
	*site
	random *rand.Rand // of the faults only
	faults map[string]int

	mu   sync.Mutex
	runs int
}

func (s *soak) up() []string {
	return []string{"up", "--cluster", "soak", "--jobs", "4", "--cores", "2", "--walltime", "01:00:00", "--detach", poll}
}

// soakTasks write down what they do; a task is told apart by run and number.
const soakTasks = `import os, time
def work(n, run):
    time.sleep(0.05 * (n % 5))
    with open("executed-" + run, "a") as f:
        f.write("%d\n" % n)
    return n
def total(run, **parts):
    with open("executed-" + run, "a") as f:
        f.write("total\n")
    return sum(parts.values())
`

const soakWidth = 40

func soakWorkflow(run string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "graph: {id: soak}\nnodes:\n  - {id: total, task_type: method, task_identifier: soak.total, default_inputs: [{name: run, value: %s}]}\n", run)
	for i := range soakWidth {
		fmt.Fprintf(&b, "  - {id: n%d, task_type: method, task_identifier: soak.work, default_inputs: [{name: n, value: %d}, {name: run, value: %s}]}\n", i, i, run)
	}
	b.WriteString("links:\n")
	for i := range soakWidth {
		fmt.Fprintf(&b, "  - {source: n%d, target: total, data_mapping: [{source_output: return_value, target_input: i%d}]}\n", i, i)
	}
	return b.String()
}

// use submits one run after the other. A run whose submission met a launcher that
// was away is submitted again, as a person would.
func (s *soak) use(user int, end time.Time) {
	for n := 0; time.Now().Before(end); n++ {
		run := fmt.Sprintf("u%dr%d", user, n)
		s.write(run+".yaml", soakWorkflow(run))
		e := s.try("run", run+".yaml", "--cluster", "soak", "-q", "--max-lost", "100", "--retries", "5")
		switch want := soakWidth * (soakWidth - 1) / 2; {
		case e.code == 3: // not submitted
			time.Sleep(500 * time.Millisecond)
		case e.code != 0 || e.out != fmt.Sprintf("{\n  \"return_value\": %d\n}\n", want):
			s.Errorf("run %s: exit code %d\n%s%s", run, e.code, e.out, e.err)
		default:
			s.complete(run)
		}
	}
}

// complete checks that every task was executed; those that were lost on the way
// may have been executed more than once.
func (s *soak) complete(run string) {
	text, _ := os.ReadFile(filepath.Join(s.dir, "work", "executed-"+run))
	seen := map[string]int{}
	for _, line := range strings.Fields(string(text)) {
		seen[line]++
	}
	if len(seen) != soakWidth+1 {
		s.Errorf("run %s executed %d tasks of %d", run, len(seen), soakWidth+1)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs++
}

// breakSomething does one thing that no user would do on purpose.
func (s *soak) breakSomething() {
	faults := []struct {
		name string
		do   func() bool
	}{
		{"worker killed", func() bool { return s.signalWorker(syscall.SIGKILL) }},
		{"worker asked to end", func() bool { return s.signalWorker(syscall.SIGTERM) }},
		{"worker frozen", s.freezeWorker},
		{"interpreter killed", s.killInterpreter},
		{"job cancelled", func() bool { return s.onJob("scancel") }},
		{"job requeued", func() bool { return s.onJob("scontrol", "requeue") }},
		{"launcher killed", func() bool { return s.relaunch(syscall.SIGKILL) }},
		{"launcher ended", func() bool { return s.relaunch(syscall.SIGTERM) }},
		{"launcher frozen", s.freezeLauncher},
	}
	f := faults[s.random.IntN(len(faults))]
	if f.do() {
		s.faults[f.name]++
	}
}

func (s *soak) signalWorker(signal syscall.Signal) bool {
	pid := s.pick(func(p ewokstest.Process) bool { return strings.Contains(string(p.Args), "ewoks-hpc\x00worker\x00") })
	return pid != 0 && syscall.Kill(pid, signal) == nil
}

func (s *soak) freezeWorker() bool {
	pid := s.pick(func(p ewokstest.Process) bool { return strings.Contains(string(p.Args), "ewoks-hpc\x00worker\x00") })
	return pid != 0 && s.freeze(pid, 20*time.Second)
}

func (s *soak) freezeLauncher() bool { return s.freeze(s.launcher("soak"), 5*time.Second) }

// freeze stops a process for a while, in the background.
func (s *soak) freeze(pid int, most time.Duration) bool {
	if syscall.Kill(pid, syscall.SIGSTOP) != nil {
		return false
	}
	time.AfterFunc(time.Duration(s.random.Int64N(int64(most))), func() { _ = syscall.Kill(pid, syscall.SIGCONT) })
	return true
}

func (s *soak) killInterpreter() bool {
	pid := s.pick(func(p ewokstest.Process) bool {
		args := string(p.Args)
		return strings.Contains(args, "python") && strings.Contains(args, "\x00-c\x00")
	})
	return pid != 0 && syscall.Kill(pid, syscall.SIGKILL) == nil
}

// pick chooses one of the processes of the site.
func (s *soak) pick(match func(ewokstest.Process) bool) int {
	var pids []int
	for _, p := range ewokstest.Processes(s.dir) {
		if match(p) {
			pids = append(pids, p.PID)
		}
	}
	if len(pids) == 0 {
		return 0
	}
	return pids[s.random.IntN(len(pids))]
}

// onJob gives one of the cluster's jobs to a command of Slurm.
func (s *soak) onJob(command ...string) bool {
	out, err := s.slurm.Command("squeue", "-h", "-r", "-t", "R", "-o", "%i %j").Output()
	if err != nil {
		return false
	}
	var ids []string
	for line := range strings.Lines(string(out)) {
		if id, name, _ := strings.Cut(line, " "); strings.Contains(name, "ewoks-hpc-soak-") {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return false
	}
	args := append(command[1:len(command):len(command)], ids[s.random.IntN(len(ids))])
	return s.slurm.Command(command[0], args...).Run() == nil
}

func (s *soak) relaunch(signal syscall.Signal) bool {
	pid := s.launcher("soak")
	if syscall.Kill(pid, signal) != nil {
		return false
	}
	_ = syscall.Kill(pid, syscall.SIGCONT) // it may be frozen
	s.until("the launcher has ended", func() bool { return syscall.Kill(pid, 0) != nil })
	s.ok(s.up()...)
	return true
}

// settle waits until nothing is executed any more, and all is thawed.
func (s *soak) settle() {
	for _, p := range ewokstest.Processes(s.dir) {
		_ = syscall.Kill(p.PID, syscall.SIGCONT)
	}
	s.until("nothing is executed any more", func() bool {
		for _, w := range s.status("soak").Workers {
			if w.Holding > 0 {
				return false
			}
		}
		return true
	})
}
