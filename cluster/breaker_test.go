package cluster

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/jobscript"
	"github.com/ewoks-hpc/ewoks-hpc/slurm"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

func TestBlame(t *testing.T) {
	hello := time.Unix(1000, 0)
	ended := func(outcome slurm.Outcome, greeted bool, after time.Duration) end {
		return end{hello: hello, Job: Job{
			Outcome: string(outcome), Lost: outcome.CapacityLost(), Greeted: greeted, Since: hello.Add(after),
		}}
	}
	for name, test := range map[string]struct {
		end  end
		want blame
	}{
		"failed before hello":      {ended(slurm.Failed, false, 0), silent},
		"completed before hello":   {ended(slurm.Completed, false, 0), silent},
		"out of memory at start":   {ended(slurm.OutOfMemory, false, 0), silent},
		"unknown end, after start": {ended("", false, 0), silent},
		"failed after 2 s":         {ended(slurm.Failed, true, 2*time.Second), hasty},
		"memory after 2 s":         {ended(slurm.OutOfMemory, true, 2*time.Second), hasty},
		"failed after an hour":     {ended(slurm.Failed, true, time.Hour), well},
		"completed after 2 s":      {ended(slurm.Completed, true, 2*time.Second), well},
		"preempted":                {ended(slurm.Preempted, false, 0), nobody},
		"timeout":                  {ended(slurm.Timeout, false, 0), nobody},
		"deadline":                 {ended(slurm.Deadline, false, 0), nobody},
		"revoked":                  {ended(slurm.Revoked, false, 0), nobody},
		"preempted after hello":    {ended(slurm.Preempted, true, time.Second), nobody},
		"cancelled by hand":        {ended(slurm.Cancelled, false, 0), nobody},
		"node failure":             {ended(slurm.NodeFail, false, 0), nodeFailed},
		"node failure later":       {ended(slurm.NodeFail, true, time.Hour), nodeFailed},
		"boot failure":             {ended(slurm.BootFail, false, 0), nodeFailed},
		"cancelled by us":          {end{told: true, Job: Job{Outcome: Failed}}, nobody},
		"requeued":                 {end{requeued: true, Job: Job{Greeted: true}}, nobody},
		"cancelled in the queue":   {end{vanished: true}, nobody},
		"failed after a task":      {end{worked: true, hello: hello, Job: Job{Greeted: true, Outcome: Failed, Since: hello}}, well},
	} {
		if got := test.end.blame(); got != test.want {
			t.Errorf("%s: got %d, want %d", name, got, test.want)
		}
	}
}

func TestSuspects(t *testing.T) {
	noon := time.Unix(1e9, 0)
	var s suspects
	if s.note("n1", noon, silent, "a") != 1 || s.note("n1", noon, hasty, "b") != 2 || s.note("n2", noon, silent, "c") != 1 {
		t.Error("deaths are not counted by node")
	}
	for _, several := range []string{"", "n[1-2]", "n1,n2"} {
		if s.note(several, noon, silent, "x") != 0 {
			t.Errorf("%q is taken for one node", several)
		}
	}
	if s.note("n2", noon, well, "") != 0 || s.note("n2", noon, silent, "c") != 1 {
		t.Error("a job that worked does not clear its node")
	}
	if s.note("n3", noon, nodeFailed, "x") != 1 || s.note("n3", noon.Add(time.Second), nodeFailed, "x") != 1 || s.note("n3", noon.Add(2*oneFailure), nodeFailed, "y") != 2 {
		t.Error("jobs that end with their node count as several failures, or later ones do not count")
	}
	s.exclude("n1", noon)
	s.exclude("n9", noon) // never heard of
	if got := s.list(noon); len(got) != 1 || got[0].Node != "n1" || got[0].Reason != "2 jobs died fast there; the last: b" || !got[0].Until.Equal(noon.Add(excludedTime)) {
		t.Errorf("excluded: %+v", got)
	}
	s.note("n1", noon, well, "") // a job that was there before
	if !s.isExcluded("n1", noon) {
		t.Error("an old job brings the node back")
	}
	late := noon.Add(excludedTime + time.Second)
	if s.isExcluded("n1", late) || s.note("n1", late, silent, "d") != 1 || s.note("n2", late, silent, "d") != 1 {
		t.Error("what is long ago is not forgotten")
	}
	if s.forget(); len(s.names(noon)) > 0 {
		t.Error("not forgotten")
	}
}

// field is a model of nodes, some of which are bad, and the coordinator of the
// workers on them.
type field struct {
	t     *testing.T
	rand  *rand.Rand
	nodes map[string]blame // what happens to jobs on it; well is good
	next  int
	jobs  map[jobKey]Job
	c     *Cluster
	asked bool // for its nodes
}

func (f *field) MaxCount(context.Context) (int, error) { return 100, nil }
func (f *field) Submit(_ context.Context, l Launch) (Launch, error) {
	f.next++
	l.ID = fmt.Sprint(f.next)
	for i := range l.Count {
		f.jobs[jobKey{l.Key, i}] = Job{Launch: l, Index: i, Phase: Queued}
	}
	return l, nil
}
func (f *field) Adopt(_ context.Context, l Launch) (Launch, bool, error) { return l, false, nil }
func (f *field) List(context.Context, []Launch) (jobs []Job, complete bool, err error) {
	for _, j := range f.jobs {
		jobs = append(jobs, j)
	}
	return jobs, true, nil
}
func (f *field) Cancel(_ context.Context, jobs []Job) error {
	for _, j := range jobs {
		f.end(j, slurm.Cancelled)
	}
	return nil
}
func (f *field) Nodes(context.Context, jobscript.Pool) (names []string, err error) {
	if first := !f.asked; first && f.rand.IntN(2) == 0 {
		f.asked = true
		return nil, slurm.ErrTransient // and then it answers
	}
	for name := range f.nodes {
		names = append(names, name)
	}
	return names, nil
}
func (f *field) Log(Job) string           { return "" }
func (f *field) Changed() <-chan struct{} { return nil }

func (f *field) Work() (w Work) {
	for _, j := range f.jobs {
		if j.Phase == Running && j.Greeted {
			w.Workers = append(w.Workers, WorkerView{Hello: hello(j)})
		}
	}
	return w
}
func (f *field) Gone(func(task.Hello) bool, string) {}
func (f *field) Drain(func(task.Hello) bool)        {}

func (f *field) end(j Job, o slurm.Outcome) {
	j.Phase, j.Outcome, j.Lost, j.Since = Ended, string(o), o.CapacityLost(), time.Now()
	f.jobs[jobKey{j.Key, j.Index}] = j
}

// pass lets time pass: jobs start on nodes that they may get, and do what they do
// there. Few of those that work are taken away.
func (f *field) pass() {
	taken := []slurm.Outcome{slurm.Preempted, slurm.Timeout, slurm.Cancelled, slurm.Revoked}
	for key, j := range f.jobs {
		switch {
		case j.Phase == Queued && f.rand.IntN(2) == 0:
			var names []string
			for name := range f.nodes {
				if !slices.Contains(j.Exclude, name) {
					names = append(names, name)
				}
			}
			slices.Sort(names) // so that a seed says it all
			j.Phase, j.Nodes = Running, names[f.rand.IntN(len(names))]
			f.jobs[key] = j
		case j.Phase == Running && f.rand.IntN(5) == 0 && f.nodes[j.Nodes] == nobody:
			f.end(j, taken[f.rand.IntN(len(taken))])
		case j.Phase == Running && f.nodes[j.Nodes] == silent:
			f.end(j, slurm.Failed)
		case j.Phase == Running && !j.Greeted:
			f.c.Greet(hello(j))
			j.Greeted = true
			f.jobs[key] = j
		case j.Phase == Running && f.nodes[j.Nodes] == hasty:
			f.end(j, slurm.Failed)
		}
	}
}

func (f *field) count(ok func(Job) bool) (n int) {
	for _, j := range f.jobs {
		if ok(j) {
			n++
		}
	}
	return n
}

// TestBadNodes: one bad node among others is excluded and stops nothing. Bad nodes
// alone stop the pool, after few jobs. What is taken away stops nothing. There is
// always a node left.
func TestBadNodes(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for n := range uint64(120) {
		random := rand.New(rand.NewPCG(seed, n))
		kinds := [][]blame{ // of nodes
			{well, silent, well, nobody}, {silent, well}, {hasty, well, nobody}, {nobody, nobody, nobody},
			{silent}, {silent, silent, silent, silent}, {hasty}, {hasty, hasty}, {silent, hasty},
		}[n%9]
		badNodes(t, random, kinds)
		if t.Failed() {
			t.Fatalf("in simulation %d with nodes %v", n, kinds)
		}
	}
}

func badNodes(t *testing.T, random *rand.Rand, kinds []blame) {
	f := &field{t: t, rand: random, nodes: map[string]blame{}, jobs: map[jobKey]Job{}}
	good := 0
	for i, kind := range kinds {
		f.nodes[fmt.Sprint("n", i)] = kind
		if kind == well || kind == nobody {
			good++
		}
	}
	size := 1 + random.IntN(8)
	c, err := New(Options{Name: "t", Backend: f, Coordinator: f, Pools: []PoolOptions{{Name: "p", Size: Fixed(size), Slots: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	f.c = c
	p := c.pools[0]
	play := func(rounds int) {
		for range rounds {
			if err := c.round(t.Context()); err != nil {
				t.Fatal(err)
			}
			names := p.suspects.names(time.Now())
			if len(names) >= len(f.nodes) {
				t.Errorf("all nodes are excluded: %v", names)
			}
			for _, name := range names {
				if k := f.nodes[name]; k == well || k == nobody {
					t.Errorf("%s is excluded, and was good", name)
				}
			}
			f.pass()
		}
		if err := c.round(t.Context()); err != nil { // replaces those that were taken last
			t.Fatal(err)
		}
	}
	play(60)
	if good == 0 {
		// Some of the first jobs may greet before the pool is stopped.
		if p.stopped == nil || p.stopped.Hint == "" || f.count(func(Job) bool { return true }) > 4*size+2*maxSilent+len(kinds)*maxDeaths {
			t.Errorf("on bad nodes %d jobs were submitted, %d at a time; stopped: %+v", len(f.jobs), size, p.stopped)
		}
	} else {
		running := f.count(func(j Job) bool { return j.Phase == Running || j.Phase == Queued })
		if p.stopped != nil || running != size {
			t.Errorf("%d of %d jobs are there; stopped: %+v", running, size, p.stopped)
		}
	}
	before := len(f.jobs)
	resumed, err := c.Resume(t.Context())
	if err != nil || p.stopped != nil || len(p.suspects.names(time.Now())) > 0 || good == 0 && (len(resumed) != 1 || !resumed[0].Stopped) {
		t.Errorf("resumed %+v, %v", resumed, err)
	}
	play(10)
	if good == 0 && len(f.jobs) == before {
		t.Error("after resume nothing is submitted")
	}
}

// A pool whose jobs are refused without the excluded nodes says so.
func TestRefusedWithoutExcluded(t *testing.T) {
	p := &pool{}
	p.suspects.note("n2", time.Now(), silent, "x")
	p.suspects.exclude("n2", time.Now())
	p.refuse(&slurm.Error{Kind: slurm.ErrRejected, Command: "sbatch", Words: "Requested node configuration is not available"})
	if !strings.Contains(p.stopped.Reason, "died fast on n2") || !strings.Contains(p.stopped.Reason, "Requested node") || len(p.suspects.names(time.Now())) > 0 {
		t.Errorf("%+v", p.stopped)
	}
}
