package e2e

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/slurm/slurmtest"
)

// TestAdversaryNodes takes nodes, partitions and the controller away in the midst of
// runs, so its parts run in turn.
func TestAdversaryNodes(t *testing.T) {
	t.Parallel()
	slurm := slurmtest.Start(t, slurmtest.Options{Nodes: 3, CPUs: 4, Conf: []string{"MessageTimeout=3"}})
	for _, part := range []struct {
		name string
		test func(*adversary)
	}{
		{"node drained", nodeDrained},
		{"node down and up", nodeDownAndUp},
		{"partition down", partitionDown},
		{"slurmctld frozen", slurmctldFrozen},
		{"killed between hellos", killedBetweenHellos},
	} {
		t.Run(part.name, func(t *testing.T) {
			a := &adversary{site: newSite(t, slurm), cluster: strings.ReplaceAll(part.name, " ", "-")}
			a.witnessed()
			part.test(a)
		})
	}
}

// A node that is drained goes on with what it has; jobs that end there are replaced
// elsewhere.
func nodeDrained(a *adversary) {
	node := ""
	a.amid(func() {
		w := a.status(a.cluster).Workers[0]
		node = a.nodeOf(w.Job)
		a.scontrol("update", "nodename="+node, "state=drain", "reason=test")
	})
	defer a.scontrol("update", "nodename="+node, "state=resume")
	if n := a.status(a.cluster).Totals.Lost; n != 0 {
		a.Errorf("%d lost", n)
	}
	a.end()
}

// nodeOf is where a job runs.
func (a *adversary) nodeOf(job string) string {
	a.Helper()
	out, err := a.slurm.Command("squeue", "-h", "-j", job, "-o", "%N").Output()
	if err != nil {
		a.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func nodeDownAndUp(a *adversary) {
	a.amid(func() {
		node := a.nodeOf(a.status(a.cluster).Workers[0].Job)
		a.scontrol("update", "nodename="+node, "state=down", "reason=test")
		// The node comes back by itself when it next says that it is there; resume only
		// hastens that.
		_ = a.slurm.Command("scontrol", "update", "nodename="+node, "state=resume").Run()
	})
	a.until("two workers again", func() bool { return len(a.status(a.cluster).Workers) == 2 })
	a.end("lost: worker lost", "lost: walltime")
}

// No job can start in a partition that is down; what runs goes on.
func partitionDown(a *adversary) {
	a.scontrol("update", "partitionname=debug", "state=down")
	up := func() { a.scontrol("update", "partitionname=debug", "state=up") }
	a.Cleanup(func() { _ = a.slurm.Command("scontrol", "update", "partitionname=debug", "state=up").Run() })
	a.up()
	a.until("status says so", func() bool { return strings.Contains(a.ok("status", "--cluster", a.cluster), "PartitionDown") })
	up()
	a.goOn(func() {
		a.scontrol("update", "partitionname=debug", "state=down")
		a.scancel(a.status(a.cluster).Workers[0].Job)
		a.until("status says so again", func() bool {
			return strings.Contains(a.ok("status", "--cluster", a.cluster), "PartitionDown")
		})
	})
	up()
	a.until("two workers again", func() bool { return len(a.status(a.cluster).Workers) == 2 })
	a.end("lost: worker lost", "lost: walltime")
}

// Slurm does not answer, and a worker is killed meanwhile.
func slurmctldFrozen(a *adversary) {
	a.amid(func() {
		a.must(a.slurm.StopController())
		a.Cleanup(func() { _ = a.slurm.ContController() })
		a.must(syscall.Kill(a.status(a.cluster).Workers[0].Pid, syscall.SIGKILL))
	})
	a.until("status says so", func() bool { return strings.Contains(a.ok("status", "--cluster", a.cluster), "not known") })
	a.must(a.slurm.ContController())
	a.untilLong("two workers again", time.Minute, func() bool { return len(a.status(a.cluster).Workers) == 2 })
	a.end("lost: worker lost")
}

// The launcher is killed while workers say hello, over and over.
func killedBetweenHellos(a *adversary) {
	random := a.random()
	a.witnesses(a.cluster, adversaryTasks, ", {name: seconds, value: 0.1}")
	a.up()
	done := a.begin("run", a.cluster+".yaml", "--cluster", a.cluster)
	a.until("the run is known", func() bool { return strings.Contains(a.try("runs", "--cluster", a.cluster).out, a.cluster) })
	for range 5 {
		time.Sleep(time.Duration(random.IntN(600)) * time.Millisecond)
		a.kill(a.cluster)
		a.up()
	}
	if e := <-done; e.code != 0 || e.out != witnessOutput(adversaryTasks) {
		a.Errorf("exit code %d\n%s%s", e.code, e.out, e.err)
	}
	a.until("two workers", func() bool { return len(a.status(a.cluster).Workers) == 2 })
	a.oneArray(a.cluster, 2)
	a.end("lost: worker lost")
}
