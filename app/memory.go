package app

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/cluster"
)

// memory is what a launcher has learned and the next one should know, besides the
// journal: nothing of it is needed for a result to be right.
type memory struct {
	Pools []cluster.PoolMemory `json:"pools,omitempty"`
	// Learned is how long tasks of an identifier take.
	Learned map[string]time.Duration `json:"learned,omitempty"`
}

const (
	memoryFile     = "memory.json"
	memoryInterval = 5 * time.Second
	maxMemory      = 16 << 20 // bytes
)

// recall reads what an earlier launcher has learned. What cannot be read is not worth
// a word to the user.
func (c *Cluster) recall(context.Context) error {
	if !c.o.Durability.Runs {
		return nil
	}
	if text := readBounded(filepath.Join(c.o.StateDir, memoryFile), maxMemory); text != nil {
		if err := json.Unmarshal(text, &c.recalled); err != nil {
			c.recalled = memory{}
			c.o.Logger.Warn("what an earlier launcher had learned is lost", "error", err)
		}
	}
	return nil
}

// startMemory writes down what is learned as soon as it is.
func (c *Cluster) startMemory(context.Context) error {
	if !c.o.Durability.Runs {
		return nil
	}
	var last []byte
	keep := func(m memory) {
		text, err := json.Marshal(m)
		if err == nil && !bytes.Equal(text, last) {
			err = writeWhole(filepath.Join(c.o.StateDir, memoryFile), text)
		}
		if err != nil {
			c.o.Logger.Warn("what was learned is not kept", "error", err)
			return
		}
		last = text
	}
	now := func() memory { return memory{Pools: c.pools.Memory(), Learned: c.coordinator.Learned()} }
	c.teardown.push("memory", func() error {
		m := now()
		if !c.suspended { // the next one begins anew
			m.Pools = nil
		}
		keep(m)
		return nil
	})
	c.repeat("learning", memoryInterval, func() { keep(now()) })
	return nil
}

// repeat does something again and again, now for the first time.
func (c *Cluster) repeat(name string, interval time.Duration, f func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			f()
			select {
			case <-ctx.Done():
				return
			case <-time.After(interval):
			}
		}
	}()
	c.teardown.push(name, func() error {
		cancel()
		<-done
		return nil
	})
}
