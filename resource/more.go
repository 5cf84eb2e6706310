package resource

import (
	"cmp"
	"fmt"
	"math"
)

// Larger is what a task asks for that ran out of memory: so many times as much, or All if
// it has not said how much it needs.
func (n Need) Larger(factor float64) Need {
	if factor == 1 {
		return n
	}
	n.Starved, n.Outgrown = true, n.Memory
	if n.Memory == 0 {
		n.Memory = All
		return n
	}
	n.Memory = Bytes(min(math.Ceil(float64(n.Memory)*factor), float64(All)))
	return n
}

// More places a task that is Starved. What it asks for is cut to what workers have at
// most, so All is a worker for itself. The pool is chosen anew, unless the task or a rule
// names one. Errors are a MemoryError when it had as much before, or an UnfitError when
// there is no pool for it at all.
func (r Router) More(s Subject, n Need) (Need, error) {
	n.Starved = false
	if len(r.Pools) == 0 {
		n.Memory = n.Outgrown // nobody knows what there is
		return n, nil
	}
	before := r.pool(n.Pool).Capacity
	had := cmp.Or(n.Outgrown, before.MemoryOf(Need{}))
	if before.Nodes > 0 { // it had all of it, whatever it asked for
		had = max(had, before.Memory)
	}
	asked := n.Memory
	n.Memory = 0
	if n.Chosen {
		n.Pool, n.Chosen = "", false
	}
	home, unfit := r.Place(s, n)
	if unfit != nil {
		return n, unfit
	}
	most := r.most(n)
	switch {
	case most == 0 && asked == All: // nobody counts memory: to be alone is to have all cores
		home.Cores = r.pool(home.Pool).cores()
		return home, nil
	case most == 0:
		home.Memory = asked
		return home, nil
	case had >= most:
		return n, &MemoryError{Subject: s, Most: most}
	}
	n.Memory = min(asked, most)
	home, unfit = r.counting().Place(s, n)
	if unfit != nil {
		return n, unfit
	}
	return home, nil
}

// pool is that of a name, or one of which nothing is known.
func (r Router) pool(name string) Pool {
	for _, p := range r.Pools {
		if p.Name == name {
			return p
		}
	}
	return Pool{}
}

// most is the largest memory of a worker that could run the task; 0 is not known.
func (r Router) most(n Need) (most Bytes) {
	for _, p := range r.Pools {
		if (n.Pool == "" || n.Pool == p.Name) && p.lacks(n) == "" {
			most = max(most, p.Memory)
		}
	}
	return most
}

// counting has only the pools of which the memory is known.
func (r Router) counting() Router {
	known := Router{Rules: r.Rules}
	for _, p := range r.Pools {
		if p.Memory > 0 {
			known.Pools = append(known.Pools, p)
		}
	}
	return known
}

// MemoryError says that a task ran out of memory, of which no worker has more.
type MemoryError struct {
	Subject
	Most Bytes
}

func (e *MemoryError) Error() string {
	return fmt.Sprintf("node %q ran out of memory with %s, and no worker that it may go to has more", e.Node, e.Most)
}

// Hint tells what to do.
func (e *MemoryError) Hint() string {
	return "bring up a pool with more memory, or make the task need less"
}
