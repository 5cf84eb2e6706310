package cluster

import (
	"context"
	"regexp"
	"slices"
	"time"
)

const (
	// maxDeaths is how many jobs may die fast on a node until it is excluded.
	maxDeaths = 2
	// excludedTime is for how long a node is excluded, and for how long a death on
	// it counts: administrators repair nodes, and reboots take minutes.
	excludedTime = time.Hour
	// oneFailure is the time in which several jobs may end because their node
	// failed once.
	oneFailure = time.Minute
)

// Excluded is a node that jobs of a pool do not get for some time.
type Excluded struct {
	Node  string
	Until time.Time
	// Reason is how many jobs died there, and how the last did.
	Reason string
}

// suspects are nodes on which jobs of a pool died fast. It is pure: no clock, no I/O.
type suspects struct{ nodes map[string]*suspect }

type suspect struct {
	deaths int
	last   time.Time // death
	how    string    // it died
	until  time.Time // it is excluded; zero is not at all
}

// oneNode is a name of a single node: which of several is to blame is not known.
var oneNode = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,255}$`)

// note takes in how a job on nodes ended, and returns how many died there.
func (s *suspects) note(node string, now time.Time, b blame, how string) int {
	if !oneNode.MatchString(node) || b == nobody {
		return 0
	}
	s.expire(now)
	n := s.nodes[node]
	switch {
	case b == well:
		if n != nil && n.until.IsZero() {
			delete(s.nodes, node)
		}
		return 0
	case n == nil:
		n = &suspect{}
		if s.nodes == nil {
			s.nodes = map[string]*suspect{}
		}
		s.nodes[node] = n
	case b == nodeFailed && now.Sub(n.last) < oneFailure:
		return n.deaths
	}
	n.deaths++
	n.last, n.how = now, how
	return n.deaths
}

// exclude keeps later jobs away from a node.
func (s *suspects) exclude(node string, now time.Time) {
	if n := s.nodes[node]; n != nil {
		n.until = now.Add(excludedTime)
	}
}

// expire forgets what is long ago.
func (s *suspects) expire(now time.Time) {
	for name, n := range s.nodes {
		if over := n.until; over.IsZero() && now.Sub(n.last) > excludedTime || !over.IsZero() && now.After(over) {
			delete(s.nodes, name)
		}
	}
}

func (s *suspects) forget() { s.nodes = nil }

func (s *suspects) isExcluded(node string, now time.Time) bool {
	n := s.nodes[node]
	return n != nil && n.until.After(now)
}

// names are the nodes that are excluded.
func (s *suspects) names(now time.Time) (names []string) {
	for name := range s.nodes {
		if s.isExcluded(name, now) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// list is what people are told of the nodes that are excluded.
func (s *suspects) list(now time.Time) (list []Excluded) {
	for _, name := range s.names(now) {
		n := s.nodes[name]
		list = append(list, Excluded{Node: name, Until: n.until, Reason: deathsOf(n)})
	}
	return list
}

func deathsOf(n *suspect) string {
	if n.deaths == 1 {
		return "a job died there: " + n.how
	}
	return count(n.deaths, "job", "jobs") + " died fast there; the last: " + n.how
}

// exclude keeps later jobs of a pool away from a node, unless it is the only one
// that is left; then it is for the breaker.
func (c *Cluster) exclude(ctx context.Context, p *pool, node string) (excluded, only bool) {
	all, err := c.o.Backend.Nodes(ctx, p.Spec)
	if err != nil {
		c.o.Logger.Warn("node not excluded: which others there are is not known", "node", node, "error", err)
		return false, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	others := slices.DeleteFunc(slices.Clone(all), func(name string) bool { return name == node || p.suspects.isExcluded(name, now) })
	if len(others) == 0 {
		return false, true
	}
	p.suspects.exclude(node, now)
	c.o.Logger.Error("node excluded", "pool", p.Name, "node", node, "until", now.Add(excludedTime), "others", len(others))
	return true, false
}
