package jobscript

import (
	"slices"
	"strings"
)

// Excluding is the pool with nodes that its jobs must not get, beside those that
// an extra directive excludes: of two --exclude sbatch takes the last.
func (p Pool) Excluding(nodes []string) Pool {
	if len(nodes) == 0 {
		return p
	}
	list := nodes
	if mine, ok := p.extra("exclude"); ok && mine != "" {
		list = append([]string{mine}, nodes...)
	}
	p.JobExtraDirectives = append(slices.Clone(p.JobExtraDirectives), "--exclude="+strings.Join(list, ","))
	return p
}
