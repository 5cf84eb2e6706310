package cluster

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/jobscript"
)

// PoolMemory is what the next launcher should know of a pool: why it submits nothing,
// and on which nodes its jobs died.
type PoolMemory struct {
	Pool string `json:"pool"`
	// Spec tells whether the pool is still as it was: else nothing is held against it.
	Spec    string          `json:"spec"`
	Silent  int             `json:"silent,omitempty"` // jobs in a row
	Stopped *Stopped        `json:"stopped,omitempty"`
	Nodes   []SuspectMemory `json:"nodes,omitempty"`
}

// SuspectMemory is a node on which jobs died fast.
type SuspectMemory struct {
	Node   string    `json:"node"`
	Deaths int       `json:"deaths"`
	Last   time.Time `json:"last"` // death
	How    string    `json:"how"`  // it died
	Until  time.Time `json:"until,omitzero"`
}

// Memory is that of all pools which have something against them.
func (c *Cluster) Memory() (list []PoolMemory) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.pools {
		m := PoolMemory{Pool: p.Name, Spec: digest(p.Spec), Silent: p.silent, Stopped: p.stopped, Nodes: p.suspects.memory(time.Now())}
		if m.Silent > 0 || m.Stopped != nil || len(m.Nodes) > 0 {
			list = append(list, m)
		}
	}
	return list
}

// recall takes over what an earlier launcher knew of the pools.
func (c *Cluster) recall(list []PoolMemory) {
	for _, m := range list {
		p := c.pool(m.Pool)
		if p == nil || m.Spec != digest(p.Spec) {
			continue
		}
		p.silent, p.stopped = m.Silent, m.Stopped
		p.suspects.recall(m.Nodes)
		p.suspects.expire(time.Now())
	}
}

func (s *suspects) memory(now time.Time) (list []SuspectMemory) {
	s.expire(now)
	for name, n := range s.nodes {
		list = append(list, SuspectMemory{name, n.deaths, n.last, n.how, n.until})
	}
	return list
}

func (s *suspects) recall(list []SuspectMemory) {
	s.nodes = map[string]*suspect{}
	for _, m := range list {
		if oneNode.MatchString(m.Node) {
			s.nodes[m.Node] = &suspect{m.Deaths, m.Last, m.How, m.Until}
		}
	}
}

// digest changes with the options of a pool.
func digest(spec jobscript.Pool) string {
	text, err := json.Marshal(spec)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}
