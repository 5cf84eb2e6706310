package app

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// Differences of clocks: beyond the first, logs are hard to compare and walltimes
// are misjudged; beyond the second munge refuses credentials (its default is 5 min).
const (
	clockWarning = 2 * time.Second
	clockFailure = 4 * time.Minute
)

// judge makes findings of what the probe saw.
func (d *doctor) judge(ctx context.Context, r nodeReport) {
	d.say(ctx, "node program", d.judgeProgram(r))
	d.say(ctx, "node state directory", d.judgeState(r))
	d.say(ctx, "node working directory", d.judgeDir(r))
	d.say(ctx, "node scratch", judgeScratch(r))
	python, ewokscore := r.Python.findings()
	if python.Mark == MarkFailed {
		python.Hint = "name one that the nodes have with --python, or load one with --job-script-prologue 'module load ...'"
	}
	d.say(ctx, "node Python", python)
	d.say(ctx, "node ewokscore", ewokscore)
	d.say(ctx, "node broker", d.judgeBroker(r))
	d.say(ctx, "node clock", judgeClock(r))
}

func (d *doctor) judgeProgram(r nodeReport) Finding {
	if r.Program != d.o.Version {
		return failed("the nodes must see the program of this machine: put it on a shared file system", "ewoks-hpc is %s there and %s here", r.Program, d.o.Version)
	}
	return found("ewoks-hpc %s runs there", r.Program)
}

func (d *doctor) judgeState(r nodeReport) Finding {
	if r.Access != "" {
		return failed("choose a folder that the nodes see, and only you can read, with --state-dir", "the access file cannot be read there: %s", r.Access)
	}
	return found("seen there, on %s, and the access file is readable", r.Kind)
}

func (d *doctor) judgeDir(r nodeReport) Finding {
	same := r.Dir == d.o.Dir
	if real, err := filepath.EvalSymlinks(d.o.Dir); err == nil && real == r.Dir {
		same = true
	}
	if !same {
		return failed("choose a folder that the nodes see with --chdir, or run this in one; does the prologue leave it?", "jobs start in %s, not in %s", r.Dir, d.o.Dir)
	}
	return found("%s", r.Dir)
}

func judgeScratch(r nodeReport) Finding {
	if r.Scratch != "" {
		return failed("choose a folder that can be made on the nodes with --local-directory, or set TMPDIR in the prologue", "%s", r.Scratch)
	}
	return found("temporary files can be made")
}

// judgeBroker is content with one address: a worker tries all.
func (d *doctor) judgeBroker(r nodeReport) Finding {
	if r.Access != "" {
		return skipped("not checked: the access file tells the addresses")
	}
	var good, bad []string
	for _, a := range r.Dialled {
		if a.Error == "" {
			good = append(good, fmt.Sprintf("%s (%s)", a.Host, a.Trip.Round(10*time.Microsecond)))
		} else {
			bad = append(bad, fmt.Sprintf("%s (%s)", a.Host, a.Error))
		}
	}
	switch {
	case len(good) == 0:
		return failed("name an address of this machine that the nodes can reach with --advertise or --interface; does a firewall let their connections in?", "no address can be reached: %s", strings.Join(bad, "; "))
	case r.Dialled[0].Error != "":
		return warning("workers lose time with the first address: name the good one with --advertise", "reached at %s; not at %s", strings.Join(good, ", "), strings.Join(bad, "; "))
	case len(bad) > 0:
		return found("reached at %s; not at %s, which is not needed", strings.Join(good, ", "), strings.Join(bad, "; "))
	}
	return found("reached at %s", strings.Join(good, ", "))
}

func judgeClock(r nodeReport) Finding {
	if r.Ahead == nil {
		return skipped("not measured: that is done over the broker; its time was %s", r.Time.UTC().Format(time.RFC3339))
	}
	off := r.Ahead.Abs().Round(time.Millisecond)
	text := fmt.Sprintf("%s ahead of this machine", off)
	switch {
	case off == 0:
		text = "less than 1ms from that of this machine"
	case *r.Ahead < 0:
		text = fmt.Sprintf("%s behind this machine", off)
	}
	const hint = "see that the clocks of both are synchronised: chronyc tracking, or timedatectl"
	switch {
	case off > clockFailure:
		return failed(hint, "%s", text)
	case off > clockWarning:
		return warning(hint, "%s", text)
	}
	return found("%s", text)
}
