package coordinator

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// A journal may have entries that cannot be read: of another version, or on a disk
// that was damaged. A run whose entries are not all there is set aside: it has failed,
// and what the journal has of it stays as long as the run is known. Rows of campaigns
// are dropped instead: whoever submitted them does so again.

// read redoes an entry, unless its topic was set aside.
func (c *Coordinator) read(topic string, data []byte) {
	if c.aside[topic] != nil {
		return
	}
	e, err := decodeEntry(data)
	if err == nil {
		err = c.follow(topic, e.Number)
	}
	if err == nil {
		err = c.redo(topic, e)
	}
	if err == nil {
		return
	}
	c.o.Logger.Error("an entry of the journal cannot be used", "topic", topic, "error", err)
	if numbered(topic) || strings.HasPrefix(topic, endTopic) {
		c.aside[topic] = err
	}
}

// numbered tells whether the entries of a topic have numbers: without one of them
// those that follow would be misunderstood.
func numbered(topic string) bool {
	return strings.HasPrefix(topic, runTopic) || strings.HasPrefix(topic, rowsTopic)
}

// number is that of the next entry of a topic.
func (c *Coordinator) number(topic string) uint64 {
	if !numbered(topic) {
		return 0
	}
	c.numbers[topic]++
	return c.numbers[topic]
}

// follow checks that no entry is missing before the one of that number. Those of
// earlier versions have none.
func (c *Coordinator) follow(topic string, number uint64) error {
	if want := c.number(topic); number != 0 && number != want {
		return fmt.Errorf("entry %d is missing", want)
	}
	return nil
}

// settleAside says what becomes of the runs that were set aside. It returns topics of
// which nothing is needed any more.
func (c *Coordinator) settleAside() (dropped []string) {
	for topic, err := range c.aside {
		if id, ok := strings.CutPrefix(topic, runTopic); ok {
			c.setAside(id, err, false)
		} else if id, ok := strings.CutPrefix(topic, endTopic); ok && c.runs[id] == nil {
			c.setAside(id, fmt.Errorf("its outcome: %w", err), true)
		} else if strings.HasPrefix(topic, rowsTopic) && c.dropRows(topic) {
			dropped = append(dropped, topic)
		}
	}
	c.aside = nil
	return dropped
}

// setAside makes a run one that has failed, unless its end is known.
func (c *Coordinator) setAside(id string, err error, kept bool) {
	r := c.runs[id]
	if r == nil {
		r = &run{id: id, submitted: time.Now()}
		c.add(r)
	}
	if r.kept {
		return
	}
	if r.state != nil {
		r.counts = r.state.Counts()
	}
	delete(c.earlier, id)
	c.revoke(id)
	c.sweep(id, engine.Outcome{})
	r.state, r.ended, r.aside, r.kept, r.told = nil, time.Now(), true, kept, kept
	r.outcome = engine.Outcome{Run: id, Status: engine.Failed, Failure: task.Failure{
		Message: "the journal of the run cannot be used: " + err.Error(), Advice: "submit the workflow again",
	}}
	if errors.Is(err, task.ErrVersion) {
		r.outcome.Failure.Advice += ": the run is of another version of ewoks-hpc"
	}
}

// dropRows drops the rows of a topic that have not ended, and tells whether those
// were all.
func (c *Coordinator) dropRows(topic string) bool {
	for id, r := range c.runs {
		if r.row != nil && r.row.batch == topic && r.state != nil {
			c.revoke(id)
			c.sweep(id, engine.Outcome{})
			delete(c.earlier, id)
			delete(c.runs, id)
			c.batches[topic]--
		}
	}
	if c.batches[topic] > 0 {
		return false
	}
	delete(c.batches, topic)
	return true
}
