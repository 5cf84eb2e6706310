package app

import (
	"slices"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
	"github.com/ewoks-hpc/ewoks-hpc/cluster"
)

// keys are those of the broker, as the pools see them.
type keys struct{ *broker.Server }

// Revoke ends the access of jobs.
func (k keys) Revoke(jobs []cluster.Job) error {
	names := make([]string, len(jobs))
	for i, j := range jobs {
		names[i] = broker.JobName(j.Key, j.Index)
	}
	return k.Server.Revoke(names...)
}

// revokeOthers ends the access of the jobs of an earlier launcher that this one
// does not go on with.
func (c *Cluster) revokeOthers(adopted []cluster.Launch) error {
	var kept []string
	for _, l := range adopted {
		for i := range l.Count {
			kept = append(kept, broker.JobName(l.Key, i))
		}
	}
	slices.Sort(kept)
	return c.broker.Revoke(slices.DeleteFunc(c.broker.Jobs(), func(job string) bool {
		_, found := slices.BinarySearch(kept, job)
		return found
	})...)
}
