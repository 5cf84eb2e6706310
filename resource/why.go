package resource

import (
	"fmt"
	"slices"
	"strings"
)

// Why says in a few words how a node came to the pool of a need that Place returned.
func (r Router) Why(s Subject, placed Need) string {
	if !slices.ContainsFunc(r.Pools, func(p Pool) bool { return p.Name == placed.Pool }) {
		return "which the cluster does not have"
	}
	if i := slices.IndexFunc(r.Rules, func(rule Rule) bool { return rule.matches(s) }); i >= 0 && r.Rules[i].Pool == placed.Pool {
		return "as the [[route]] says for " + r.Rules[i].subjects()
	}
	if len(r.Pools) == 1 {
		return "the only one"
	}
	free := placed
	free.Pool = ""
	if again, err := (Router{Pools: r.Pools}).Place(s, free); err != nil || again.Pool != placed.Pool {
		return "which the node names"
	}
	return "the first that it fits"
}

// subjects are the globs of a rule, as they stand in a file.
func (r Rule) subjects() string {
	var parts []string
	for _, p := range [][2]string{{"node", r.Node}, {"label", r.Label}, {"task", r.Task}} {
		if p[1] != "" {
			parts = append(parts, fmt.Sprintf("%s = %q", p[0], p[1]))
		}
	}
	if len(parts) == 0 {
		return "all nodes"
	}
	return strings.Join(parts, ", ")
}
