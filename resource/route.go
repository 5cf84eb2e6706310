package resource

import (
	"fmt"
	"slices"
	"strings"
)

// Rule says what some nodes need and where they go. What a node says itself counts
// more.
type Rule struct {
	// Node, Label and Task are globs: * is any text, ? any character. All that are
	// given have to match; Task is the task identifier.
	Node, Label, Task string
	Need
}

// Subject is a node as rules see it.
type Subject struct{ Node, Label, Task string }

func (r Rule) matches(s Subject) bool {
	return given(r.Node, s.Node) && given(r.Label, s.Label) && given(r.Task, s.Task)
}

func given(pattern, text string) bool { return pattern == "" || Glob(pattern, text) }

// Glob tells whether the pattern describes the whole text. Its cost is at most the
// product of their lengths.
func Glob(pattern, text string) bool {
	p, t := 0, 0
	star, mark := -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0: // let the last star take one more
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// Router decides which pool a node goes to. Without pools everything may go
// anywhere.
type Router struct {
	// Rules are tried in order: the first that matches counts.
	Rules []Rule
	// Pools are in the order in which they are preferred.
	Pools []Pool
}

// Place says what a node needs, with the pool that it goes to: the one that it or a
// rule names, else the first that it fits, where pools with GPUs that it does not ask for, and
// then those with more nodes than it asks for, come last. The error is an UnfitError.
func (r Router) Place(s Subject, n Need) (Need, *UnfitError) {
	if i := slices.IndexFunc(r.Rules, func(rule Rule) bool { return rule.matches(s) }); i >= 0 {
		n = n.Or(r.Rules[i].Need)
	}
	if len(r.Pools) == 0 {
		return n, nil
	}
	best, found := 0, false
	for i, p := range r.Pools {
		switch {
		case n.Pool != "" && n.Pool != p.Name, p.lacks(n) != "":
		case !found || p.idle(n) < r.Pools[best].idle(n):
			best, found = i, true
		}
	}
	if !found {
		return n, &UnfitError{Subject: s, Need: n, Pools: r.Pools}
	}
	n.Chosen = n.Chosen || n.Pool == ""
	n.Pool = r.Pools[best].Name
	return n, nil
}

// idle grows with what the task would keep from those that want it: GPUs above all,
// then nodes.
func (p Pool) idle(n Need) int {
	idle := p.Nodes
	if p.GPUs > 0 && n.GPUs == 0 {
		idle += maxCount
	}
	return idle
}

// UnfitError says that no pool can ever run a node.
type UnfitError struct {
	Subject
	Need  Need
	Pools []Pool
}

func (e *UnfitError) Error() string {
	asked := e.Need.String()
	if asked == "" {
		asked = "a slot"
	}
	var whys []string
	for _, p := range e.Pools {
		switch {
		case e.Need.Pool != "" && e.Need.Pool != p.Name:
		default:
			whys = append(whys, fmt.Sprintf("pool %s %s", p.Name, p.lacks(e.Need)))
		}
	}
	if len(whys) == 0 {
		whys = []string{"the cluster has no such pool"}
	}
	return fmt.Sprintf("node %q asks for %s: %s", e.Node, asked, strings.Join(whys, "; "))
}

// Hint lists what there is.
func (e *UnfitError) Hint() string {
	var all []string
	for _, p := range e.Pools {
		text := p.Name + " (" + p.Capacity.String()
		if p.Walltime > 0 {
			text += ", walltime " + p.Walltime.String()
		}
		all = append(all, text+")")
	}
	return "a worker has, by pool: " + strings.Join(all, ", ") + "; change resources of the node, the [[route]], or the pool"
}
