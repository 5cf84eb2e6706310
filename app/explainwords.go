package app

import (
	"fmt"
	"strings"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/coordinator"
)

// The words in which an explanation tells of a task.

func explained(t coordinator.TaskStanding) ExplainedTask {
	e := ExplainedTask{
		Node: t.Node, Label: t.Label, Phase: string(t.Phase), Attempt: t.Attempt, Pool: t.Need.Pool,
		Worker: t.Worker, Host: t.Host, Ahead: t.Ahead,
	}
	for _, w := range t.Waits {
		e.WaitsFor = append(e.WaitsFor, w.Node)
	}
	switch t.Phase {
	case coordinator.Ready:
		e.Why = append(e.Why, "is ready"+queue(t.Ahead)+again(t))
		e.Why = append(e.Why, destination(t)...)
	case coordinator.Parked:
		e.Why = []string{"is ready, and held back: the run is paused" + again(t)}
	case coordinator.Delayed:
		e.Why = []string{fmt.Sprintf("has failed %s; attempt %d begins %s after the last failure", times(t.Failed), t.Attempt, span(t.Delay))}
	case coordinator.Executing:
		e.Why = []string{"is with worker " + t.Worker + " on " + t.Host + again(t)}
		if t.Held > t.Slots {
			e.Why = append(e.Why, fmt.Sprintf("that one has %d tasks for %s: it may not have begun", t.Held, count(t.Slots, "slot", "slots")))
		}
	case coordinator.Past:
		e.Why = []string{"was executed, and has nothing to do at present"}
	default:
		e.Why = blocked(t)
	}
	return e
}

func queue(ahead int) string {
	if ahead == 0 {
		return ", the next one for a worker"
	}
	return fmt.Sprintf(", behind %s", count(ahead, "other task", "other tasks"))
}

func again(t coordinator.TaskStanding) string {
	if t.Attempt < 2 {
		return ""
	}
	return fmt.Sprintf(" (attempt %d)", t.Attempt)
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// destination says where a task goes, what it needs and who is there.
func destination(t coordinator.TaskStanding) (lines []string) {
	need := t.Need
	need.Pool = ""
	if t.Need.Pool != "" {
		lines = append(lines, "goes to pool "+t.Need.Pool+", "+t.Why)
	}
	if text := need.String(); text != "" {
		lines = append(lines, "needs "+text+"; a worker has "+t.Capacity.String())
	}
	switch w := t.Workers; {
	case w.There == 0:
		lines = append(lines, "no worker is there for it")
	case w.Large == 0:
		lines = append(lines, fmt.Sprintf("none of the %s there has as much", count(w.There, "worker", "workers")))
	case w.Free == 0:
		lines = append(lines, busy(w.Large)+": no room for it now")
	case w.Late == w.Free:
		lines = append(lines, fmt.Sprintf("%s room, but not enough of their walltime is left", count(w.Free, "worker has", "workers have")))
	default:
		lines = append(lines, fmt.Sprintf("%s room for it", count(w.Free, "worker has", "workers have")))
	}
	return lines
}

func busy(workers int) string {
	if workers == 1 {
		return "the only worker that could take it is busy"
	}
	return fmt.Sprintf("all %d workers that could take it are busy", workers)
}

// maxWaits bounds the nodes that a sentence names.
const maxWaits = 5

// blocked says what a node waits for that was not started.
func blocked(t coordinator.TaskStanding) (lines []string) {
	if t.Later {
		return []string{"is ready, behind the tasks of the run that come before it"}
	}
	var open []string
	for _, w := range t.Waits {
		if !w.Ended {
			open = append(open, w.Node)
			continue
		}
		why := "it brought nothing"
		switch {
		case w.OnError:
			why = "it is for errors, and there was none"
		case w.Conditional:
			why = "its conditions did not hold"
		}
		lines = append(lines, fmt.Sprintf("%s has ended and its link was not followed: %s", w.Node, why))
	}
	which := ""
	if t.Any && len(open) > 1 {
		which = "any of "
	}
	switch rest := len(open) - maxWaits; {
	case len(t.Waits) == 0:
		return []string{"nothing leads to it, and it is no start node"}
	case len(open) == 0:
	case rest > 0:
		lines = append([]string{fmt.Sprintf("waits for %s%s and %d more", which, strings.Join(open[:maxWaits], ", "), rest)}, lines...)
	default:
		lines = append([]string{"waits for " + which + strings.Join(open, ", ")}, lines...)
	}
	return lines
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// span is a time as people read it.
func span(d time.Duration) string {
	if d < 10*time.Second {
		return max(0, d).Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// quoted is a word for a shell.
func quoted(word string) string {
	if word != "" && !strings.ContainsAny(word, " \t\n'\"\\$`*?[](){}<>|&;#~!") {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
