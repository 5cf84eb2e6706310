package app

import (
	"fmt"
	"os"

	"github.com/ewoks-hpc/ewoks-hpc/coordinator"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
)

// notices say why nothing is running, and what to do about it, what people did
// themselves first.
func (c *Cluster) notices(s coordinator.Status) (lines []string) {
	lines = append(lines, c.stuck(s.Stuck)...)
	if s.Paused {
		lines = append(lines, fmt.Sprintf("the cluster is paused: nothing new is given to workers; %s goes on", c.command("resume")))
	}
	going := 0
	for _, r := range s.Runs {
		if r.Status == engine.Running {
			going++
		}
		if r.Paused {
			lines = append(lines, fmt.Sprintf("run %s is paused: nothing new of it is given to workers; %s goes on", r.Run, c.command("resume "+r.Run)))
		}
	}
	lines = append(lines, c.pools.Explain()...)
	lines = append(lines, c.campaignNotices()...)
	lines = append(lines, c.o.homeless(s.Waiting)...)
	if s.Delayed > 0 && s.Ready == 0 && s.Leased == 0 {
		lines = append(lines, fmt.Sprintf("%d tasks that failed wait until they are tried again; wait, or %s gives up", s.Delayed, c.command("cancel RUN")))
	}
	if len(lines) == 0 && going == 0 && s.Ready+s.Leased == 0 { // rows of campaigns are no runs
		lines = append(lines, fmt.Sprintf("nothing is running because no run is under way; %s begins one", c.command("run WORKFLOW")))
	}
	return lines
}

// stuck tells what to do when nothing can be journaled any more. What is in memory only
// must not be told to anybody, so the launcher cannot go on; the next one can.
func (c *Cluster) stuck(why string) []string {
	if why == "" {
		return nil
	}
	return []string{fmt.Sprintf("%s: no run goes on; make room, then kill %d ends the launcher without its jobs and runs, and %s goes on with them", why, os.Getpid(), c.command("up"))}
}

// command is how to do something with the cluster.
func (c *Cluster) command(words string) string {
	if c.o.Name == "default" && words != "run WORKFLOW" { // which runs here without it
		return "ewoks-hpc " + words
	}
	return "ewoks-hpc " + words + " --cluster " + c.o.Name
}
