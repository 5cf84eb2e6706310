package cluster

import (
	"github.com/ewoks-hpc/ewoks-hpc/slurm"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Preview is what would be submitted for the jobs of a pool. It makes nothing.
func (s *Slurm) Preview(p PoolOptions, cluster string) (slurm.Submission, error) {
	key := task.NewKey()
	l := Launch{Key: key, Name: launchName(p.Spec.JobName, cluster, key), Pool: p.Name, Count: p.Jobs, Spec: p.Spec}
	script, err := s.render(l)
	return s.submission(l, script), err
}
