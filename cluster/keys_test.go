package cluster_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
	"github.com/ewoks-hpc/ewoks-hpc/cluster"
)

// purse holds the keys of a site's jobs. Every test of a cluster has one, and ends
// with an empty one.
type purse struct {
	mu    sync.Mutex
	valid map[string]bool // by job
}

func (p *purse) Grant(launch string, count int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.valid == nil {
		p.valid = map[string]bool{}
	}
	for i := range count {
		p.valid[broker.JobName(launch, i)] = true
	}
	return nil
}

func (p *purse) Revoke(jobs []cluster.Job) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, j := range jobs {
		delete(p.valid, broker.JobName(j.Key, j.Index))
	}
	return nil
}

func (p *purse) jobs() (jobs []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for job := range p.valid {
		jobs = append(jobs, job)
	}
	slices.Sort(jobs)
	return jobs
}

// testKeys: a job has a key from before it is submitted until it has ended, and
// each for itself.
func testKeys(t *testing.T, s *site) {
	c := start(t, s, cluster.PoolOptions{Name: "p", Size: cluster.Fixed(2), Spec: spec()})
	wait(t, "2 workers", func() bool { return greeted(in(c, cluster.Running)) == 2 })
	first := in(c, cluster.Running)
	for _, j := range first {
		if !slices.Contains(s.keys.jobs(), broker.JobName(j.Key, j.Index)) {
			t.Errorf("%s works without a key", j)
		}
	}
	s.quit(t, first[0])
	replaced := func(j cluster.Job) bool { return j.Key != first[0].Key }
	wait(t, "a replacement", func() bool {
		jobs := in(c, cluster.Running)
		return greeted(jobs) == 2 && slices.ContainsFunc(jobs, replaced)
	})
	var want []string
	for _, j := range in(c, cluster.Running) {
		want = append(want, broker.JobName(j.Key, j.Index))
	}
	slices.Sort(want)
	if got := s.keys.jobs(); !slices.Equal(got, want) {
		t.Errorf("keys of %s, want of %s", strings.Join(got, ", "), strings.Join(want, ", "))
	}
}
