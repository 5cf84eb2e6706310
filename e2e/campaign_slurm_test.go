package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
	"github.com/ewoks-hpc/ewoks-hpc/slurm/slurmtest"
)

// A campaign through all that can go wrong: rows that raise, hang, need too much memory
// or kill their interpreter, a launcher that is killed twice and a job that is cancelled.
// At the end the ledger tells what the tasks themselves have written down.
func TestCampaignOnSlurm(t *testing.T) {
	t.Parallel()
	venv := ewokstest.Venv(t)
	s := newSite(t, slurmtest.Start(t, slurmtest.Options{Nodes: 3, CPUs: 2}), "VIRTUAL_ENV="+venv)
	const rows = 400
	table := study(s.random(), rows)
	s.writeStudy(table)
	up := []string{"up", "--cluster", "night", "--cores", "2", "--max-jobs", "3", "--idle-timeout", "3s", "--python", s.limitedPython(venv, 500), "--detach", poll}
	s.ok(up...)
	done := s.begin("campaign", "run", "study.toml", "--cluster", "night", "--task-timeout", "12s")
	s.untilEnded(rows / 5)
	s.kill("night")
	s.ok(up...)
	s.untilEnded(2 * rows / 5)
	s.cancelJob("night")
	s.untilEnded(3 * rows / 5)
	s.kill("night")
	s.ok(up...)
	e := <-done
	if e.code != 1 || !strings.Contains(e.err, "FileNotFoundError in act") {
		t.Errorf("exit code %d\n%s%s", e.code, e.out, e.err)
	}
	s.until("the jobs have ended", func() bool { return len(s.queue("night")) == 0 })
	s.compare(table)
	s.down("night")
}

// limitedPython is an interpreter whose processes on each node of Slurm together have so
// many MiB of memory.
func (s *site) limitedPython(venv string, limit int) string {
	name, script := filepath.Join(s.dir, "work", "limited"), "#!/bin/sh\ncase $SLURMD_NODENAME in\n"
	for _, node := range s.slurm.Nodes {
		script += fmt.Sprintf("%s) echo $$ > %s/cgroup.procs ;;\n", node, s.memoryGroup(limit))
	}
	s.write("limited", fmt.Sprintf("%sesac && exec %s \"$@\"\n", script, filepath.Join(venv, "bin", "python3")))
	if err := os.Chmod(name, 0o700); err != nil {
		s.Fatal(err)
	}
	return name
}

// untilEnded waits until tasks have written down the end of so many rows.
func (s *site) untilEnded(rows int) {
	s.Helper()
	s.until(fmt.Sprintf("%d rows have ended", rows), func() (ready bool) {
		ended := 0
		for _, list := range s.notes() {
			ended += min(1, times(list, "end"))
		}
		return ended >= rows
	})
}

// cancelJob ends one of the jobs that have a busy worker.
func (s *site) cancelJob(cluster string) {
	s.Helper()
	for _, w := range s.status(cluster).Workers {
		if w.Holding == 0 {
			continue
		}
		if out, err := s.slurm.Command("scancel", w.Job).CombinedOutput(); err != nil {
			s.Fatalf("scancel %s: %v\n%s", w.Job, err, out)
		}
		return
	}
	s.Fatal("no worker is busy")
}

// exported is a row of an export.
type exported struct {
	scan
	Row, Attempts                                     int
	State, Cause, Worker, Job, Node, Run, Error, Task string
	Message                                           string
	Outputs                                           struct {
		Total int
		Stamp string
	}
}

// attempt is one of those that campaign logs tells of.
type attempt struct {
	Number                                        int
	State, Cause, Node, Job, Error, Message, Task string
	Started                                       time.Time
	Seconds                                       float64
	Printed                                       []struct{ Node, Stdout, Stderr string }
}

// lost tells whether the attempt ended through no fault of its own.
func (a *attempt) lost() bool { return a.State == "lost" || a.State == "interrupted" }

// compare checks the ledger against the table, and what the tasks wrote down.
func (s *site) compare(table []scan) {
	s.Helper()
	var rows []exported
	for line := range strings.Lines(s.ok("campaign", "export", "study", "--format", "jsonl")) {
		var row exported
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			s.Fatalf("%v in %s", err, line)
		}
		rows = append(rows, row)
	}
	if len(rows) != len(table) {
		s.Fatalf("%d rows, want %d", len(rows), len(table))
	}
	notes, lost := s.notes(), 0
	for i, row := range rows {
		if row.Row != i || row.scan != table[i] {
			s.Errorf("row %d is %+v, want %+v", i, row, table[i])
			continue
		}
		attempts := s.attempts(i)
		for _, a := range attempts {
			if a.lost() {
				lost++
			}
		}
		for _, problem := range row.judge(notes[row.Scan], attempts) {
			s.Errorf("row %d (%s) %s\nexported %+v\nattempts %+v\nnotes %+v", i, row.Kind, problem, row, attempts, notes[row.Scan])
		}
	}
	if lost == 0 {
		s.Error("no row was lost, though a job with a busy worker was cancelled")
	}
	s.Logf("%d attempts were lost", lost)
}

func (s *site) attempts(row int) (list []attempt) {
	s.Helper()
	if err := json.Unmarshal([]byte(s.ok("campaign", "logs", "study", fmt.Sprint(row), "-o", "json")), &list); err != nil {
		s.Fatal(err)
	}
	return list
}

// judge compares what the ledger tells of a row with what should have become of it and
// what its tasks wrote down. It returns what is wrong.
func (r *exported) judge(notes []note, attempts []attempt) (problems []string) {
	want := fates[r.Kind]
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	tries := slices.DeleteFunc(slices.Clone(attempts), func(a attempt) bool { return a.lost() })
	if r.State != want.state || len(tries) != want.tries || r.Attempts != len(attempts) {
		say("is %s after %d attempts that count of %d, want %s after %d", r.State, len(tries), r.Attempts, want.state, want.tries)
		return problems
	}
	if begun := times(notes, "begin"); begun > len(attempts) || begun < len(tries) {
		say("was begun %d times in %d attempts", begun, len(attempts))
	}
	for i, a := range tries {
		failed := i < len(tries)-1 || r.State == "failed"
		if failed && (a.Error != want.error || a.Task != want.where || !strings.Contains(a.Message, want.message)) || !failed && a.Error != "" {
			say("failed in attempt %d with %s in %s: %s", a.Number, a.Error, a.Task, a.Message)
		}
		if !slices.ContainsFunc(notes, a.wrote) {
			say("attempt %d has no note of its job and time", a.Number)
		}
	}
	for i, a := range attempts {
		if want := causeAfter(attempts[:i]); a.Number != i+1 || a.Cause != want {
			say("attempt %d has the cause %q, want %q", a.Number, a.Cause, want)
		}
	}
	last := attempts[len(attempts)-1]
	if r.Job != last.Job || r.Node != last.Node || r.Worker == "" {
		say("was executed last in job %s on %s", r.Job, r.Node)
	}
	if r.State == "done" {
		r.judgeDone(notes, last, say)
	} else if times(notes, "end") > 0 {
		say("has ended")
	}
	return problems
}

// causeAfter is why there is another attempt.
func causeAfter(earlier []attempt) string {
	if len(earlier) == 0 {
		return ""
	}
	switch last := earlier[len(earlier)-1]; last.State {
	case "failed":
		return "retry"
	default:
		return last.State
	}
}

// wrote tells whether the attempt may have written the note: the clock is the same.
func (a *attempt) wrote(n note) bool {
	const slack = 0.1
	from := float64(a.Started.UnixMicro()) / 1e6
	return n.Job == a.Job && n.Node == a.Node && n.At > from-slack && n.At < from+a.Seconds+slack
}

// judgeDone checks that the outputs are those of the attempt that counts.
func (r *exported) judgeDone(notes []note, last attempt, say func(string, ...any)) {
	i := slices.IndexFunc(notes, func(n note) bool { return n.What == "end" && n.Stamp == r.Outputs.Stamp })
	if i < 0 || !last.wrote(notes[i]) || r.Outputs.Total != r.A+5 {
		say("has outputs %+v, want a total of %d and the stamp of its end", r.Outputs, r.A+5)
	}
	var printed bytes.Buffer
	for _, p := range last.Printed {
		printed.WriteString(p.Stdout + p.Stderr)
	}
	want := ""
	if r.Kind == "printing" {
		want = fmt.Sprintf("[act] scan %d is fine\n[act] scan %d is bright\n", r.Scan, r.Scan)
	}
	if printed.String() != want {
		say("printed %q, want %q", printed.String(), want)
	}
}
