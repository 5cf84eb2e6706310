package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// seedEnv repeats a test of random moments with the seed that it printed.
const seedEnv = "EWOKS_HPC_TEST_SEED"

func (s *site) random() *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv(seedEnv); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			s.Fatal(err)
		}
	}
	s.Logf("%s=%d", seedEnv, seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// kill ends the launcher of a cluster at once, and waits until it has ended.
func (s *site) kill(cluster string) {
	s.Helper()
	pid := s.launcher(cluster)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		s.Fatal(err)
	}
	s.until("the launcher has ended", func() bool { return syscall.Kill(pid, 0) != nil })
}

// The launcher is killed at random moments while runs are submitted, dispatched and
// their results come in. Nothing is lost, and what a live worker has is not executed
// again.
func killedAnywhere(s *site) {
	const kills, tasks, slots = 6, 100, 4
	random := s.random()
	up := []string{"up", "--cluster", "chaos", "--jobs", "2", "--cores", "2", "--detach", poll}
	s.ok(up...)
	s.until("two workers", func() bool { return len(s.status("chaos").Workers) == 2 })
	runs := make([]<-chan ended, kills)
	for i := range runs {
		name := fmt.Sprintf("chaos%d", i)
		s.fan(name, "count", tasks, ", {name: seconds, value: 0.005}")
		runs[i] = s.begin("run", name+".yaml", "--cluster", "chaos")
		time.Sleep(time.Duration(random.IntN(900)) * time.Millisecond)
		s.kill("chaos")
		s.ok(up...)
	}
	again := 0
	for i, done := range runs {
		name := fmt.Sprintf("chaos%d", i)
		e := <-done
		if e.code == 3 && strings.Contains(e.err, "has ended") && len(s.noted(name)) == 0 {
			e = s.try("run", name+".yaml", "--cluster", "chaos") // it came while no launcher was there, and was told so
		}
		again += s.doneRight(name, tasks, e)
	}
	if again > kills*slots {
		s.Errorf("%d tasks were executed again, more than were under way at the kills", again)
	}
	s.Logf("%d tasks were executed again", again)
	if o := s.status("chaos"); o.Totals.Failed != 0 {
		s.Errorf("failed: %+v", o.Totals)
	}
	s.oneArray("chaos", 2)
	s.down("chaos")
}

// freeze stops the launcher of a cluster for some time.
func (s *site) freeze(cluster string, d time.Duration) {
	s.Helper()
	pid := s.launcher(cluster)
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		s.Fatal(err)
	}
	time.Sleep(d)
	if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
		s.Fatal(err)
	}
}

// While the broker does not answer, workers go on with what they have; then they
// come back with the results.
func frozenShortly(s *site) { frozen(s, "frozen", 5*time.Second) }

func frozen(s *site, cluster string, d time.Duration) {
	const tasks = 120
	s.fan(cluster, "count", tasks, ", {name: seconds, value: 0.1}")
	s.ok("up", "--cluster", cluster, "--jobs", "2", "--cores", "2", "--detach", poll)
	s.until("two workers", func() bool { return len(s.status(cluster).Workers) == 2 })
	done := s.begin("run", cluster+".yaml", "--cluster", cluster)
	s.until("the run is under way", func() bool { return len(s.noted(cluster)) > 10 })
	before := s.status(cluster)
	s.freeze(cluster, d)
	if again := s.doneRight(cluster, tasks, <-done); again != 0 {
		s.Errorf("%d tasks were executed again", again)
	}
	after := s.status(cluster)
	if after.Totals.Lost != 0 || len(after.Workers) != 2 {
		s.Errorf("lost %d, workers %+v", after.Totals.Lost, after.Workers)
	}
	for _, w := range before.Workers {
		if w.Worker != after.Workers[0].Worker && w.Worker != after.Workers[1].Worker {
			s.Errorf("worker %s did not come back", w.Worker)
		}
	}
	s.down(cluster)
}
