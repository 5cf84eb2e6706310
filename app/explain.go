package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/coordinator"
	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Explanation says in plain words why a run, or a node of it, is not further.
type Explanation struct {
	Run dashboard.Run `json:"run"`
	// Summary says how the run is, and Hint what can be done; it may be empty.
	Summary string `json:"summary"`
	Hint    string `json:"hint,omitempty"`
	// Tasks are those that are under way, and nodes that wait, what could begin soonest
	// first. More is how many are left out.
	Tasks []ExplainedTask `json:"tasks"`
	More  int             `json:"more,omitempty"`
	// Notices are about the pools that tasks wait for.
	Notices []string `json:"notices"`
}

// ExplainedTask is a task that is under way, or a node that has none.
type ExplainedTask struct {
	Node  string `json:"node"`
	Label string `json:"label,omitempty"`
	// Phase is ready, paused, delayed, executed, blocked or past.
	Phase   string `json:"phase"`
	Attempt int    `json:"attempt,omitempty"`
	Pool    string `json:"pool,omitempty"`
	Worker  string `json:"worker,omitempty"`
	Host    string `json:"host,omitempty"`
	// Ahead is how many tasks go before it.
	Ahead int `json:"ahead,omitempty"`
	// WaitsFor are nodes.
	WaitsFor []string `json:"waits_for,omitempty"`
	// Why are sentences without their subject, which is the task.
	Why []string `json:"why"`
}

// Explain asks a cluster why a run, or a node of it, is not further. What does not
// exist is an [InvalidError].
func (c *Client) Explain(ctx context.Context, run, node string) (e Explanation, err error) {
	err = c.Call(ctx, "explain", Order{Run: run, Node: node}, &e)
	var remote *coordinator.RemoteError
	if errors.As(err, &remote) && remote.Mistake() {
		return e, &InvalidError{Cause: err, Advice: remote.Hint()}
	}
	return e, err
}

// Glance is a picture of the cluster as it is known, without asking Slurm.
func (c *Client) Glance(ctx context.Context) (o dashboard.Overview, err error) {
	return o, c.Call(ctx, "glance", nil, &o)
}

func (c *Cluster) serveExplain(body []byte) (any, error) {
	var o Order
	if err := task.DecodeJSON(body, &o); err != nil {
		return nil, err
	}
	c.refresh()
	known, err := c.coordinator.Explain(o)
	if err != nil {
		return nil, err
	}
	e := Explanation{Run: dashboard.Run(known.Run), Tasks: []ExplainedTask{}, More: known.More, Notices: []string{}}
	e.Notices = append(e.Notices, c.stuck(c.coordinator.Stuck())...)
	e.Summary, e.Hint = c.summary(known, o.Node)
	waiting := map[string]bool{}
	for _, t := range known.Tasks {
		e.Tasks = append(e.Tasks, explained(t))
		waiting[t.Need.Pool] = waiting[t.Need.Pool] || t.Phase == coordinator.Ready
	}
	maps.DeleteFunc(waiting, func(_ string, waits bool) bool { return !waits })
	if len(waiting) > 0 {
		e.Notices = append(e.Notices, about(waiting, c.pools.Explain())...)
		e.Notices = append(e.Notices, c.coming(waiting)...)
	}
	return e, nil
}

// about are the lines that are about one of the pools, or about all.
func about(pools map[string]bool, lines []string) []string {
	return slices.DeleteFunc(lines, func(line string) bool {
		words := strings.Fields(line)
		return len(words) > 1 && words[0] == "pool" && !pools[strings.TrimSuffix(words[1], ":")] && !pools[""]
	})
}

// coming tells of pools without workers whether jobs are on their way.
func (c *Cluster) coming(waiting map[string]bool) (lines []string) {
	there := map[string]int{}
	for _, w := range c.coordinator.Status().Workers {
		there[w.Pool]++
	}
	for _, p := range c.pools.Pools() {
		switch {
		case !waiting[p.Name] && !waiting[""] || there[p.Name] > 0 || p.Stopped != nil:
		case p.Jobs > 0:
			lines = append(lines, fmt.Sprintf("pool %s: %s on the way, and no worker is there yet", p.Name, count(p.Jobs, "job is", "jobs are")))
		case p.Size.Max > 0:
			lines = append(lines, fmt.Sprintf("pool %s: no worker is there, and no job; the next look at the queue submits some", p.Name))
		}
	}
	return lines
}

// summary says how a run is, and what can be done about it.
func (c *Cluster) summary(e coordinator.Explanation, node string) (text, hint string) {
	r := e.Run
	name := "run " + r.Run
	if r.Label != "" {
		name += " (" + r.Label + ")"
	}
	took := span(r.Ended.Sub(r.Submitted))
	switch r.Status {
	case engine.Succeeded:
		return fmt.Sprintf("%s has succeeded: %d tasks in %s", name, r.Counts.Succeeded, took), ""
	case engine.Cancelled:
		return fmt.Sprintf("%s was cancelled after %s: %s", name, took, r.Message), ""
	case engine.Failed:
		return fmt.Sprintf("%s has failed after %s, at node '%s': %s", name, took, r.Node, r.Message),
			c.command("logs "+r.Run+" "+quoted(r.Node)) + " prints what that node printed"
	}
	doing := fmt.Sprintf(" is running for %s: %d of %s done", span(time.Since(r.Submitted)), r.Counts.Succeeded, count(r.Counts.Nodes, "node", "nodes"))
	switch {
	case e.Paused:
		return name + doing + "; the cluster is paused, nothing new is given to workers", c.command("resume") + " goes on"
	case r.Paused:
		return name + doing + "; it is paused, nothing new of it is given to workers", c.command("resume "+r.Run) + " goes on"
	}
	return name + doing, ""
}
