package cluster

import (
	"github.com/ewoks-hpc/ewoks-hpc/slurm"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Preview is what would be submitted for a pool: all jobs of a fixed size, or the
// first one that tasks ask for. It makes nothing.
func (s *Slurm) Preview(p PoolOptions, cluster string) (slurm.Submission, error) {
	key, count := task.NewKey(), p.Size.Max
	if p.Size.Adapts() {
		count = max(1, p.Size.Min)
	}
	l := Launch{Key: key, Name: launchName(p.Spec.JobName, cluster, key), Pool: p.Name, Count: count, Spec: p.Spec}
	script, err := s.render(l)
	return s.submission(l, script), err
}
