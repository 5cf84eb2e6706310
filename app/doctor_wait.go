package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
	"github.com/ewoks-hpc/ewoks-hpc/slurm"
)

// Times between two looks, at the files of the probe and at Slurm's queue.
const (
	fileInterval  = 200 * time.Millisecond
	queueInterval = 2 * time.Second
)

// wait returns the report of the job, or why there is none.
func (p *probe) wait(ctx context.Context) (*nodeReport, Finding) {
	files, queue := time.NewTicker(fileInterval), time.NewTicker(queueInterval)
	defer files.Stop()
	defer queue.Stop()
	var last slurm.Job
	for {
		select {
		case text := <-p.answers:
			return p.read(text, "over the broker")
		case <-files.C:
			if text := readBounded(filepath.Join(broker.KeysDir(p.dir), answerFile), maxReport); text != nil {
				return p.read(text, "through a file in the state directory")
			}
		case <-queue.C:
			job, ok := p.lookUp(ctx)
			if !ok {
				continue
			}
			if p.note(job, last); job.State == slurm.Ended {
				return p.ended(job)
			}
			if wait, words := slurm.Explain(job.Reason); wait == slurm.WaitForever && job.State == last.State && job.Reason == last.Reason && waiting(job) {
				return nil, failed("change the options of the pool, and try again", "job %s will not start: %s (%s)", p.id, words, job.Reason)
			}
			last = job
		case <-ctx.Done():
			return nil, p.late(last)
		}
	}
}

func waiting(job slurm.Job) bool { return job.State == slurm.Queued || job.State == slurm.Held }

// lookUp finds the job in Slurm's queue. Not found, or no answer, says nothing.
func (p *probe) lookUp(ctx context.Context) (slurm.Job, bool) {
	jobs, err := p.cli.Find(ctx, p.name)
	if err != nil || len(jobs) == 0 {
		return slurm.Job{}, false
	}
	return jobs[0], true
}

// note tells what is waited for, when that has changed.
func (p *probe) note(job, last slurm.Job) {
	if p.o.Notice == nil || job.State == last.State && job.Reason == last.Reason {
		return
	}
	switch {
	case waiting(job):
		_, words := slurm.Explain(job.Reason)
		p.o.Notice(fmt.Sprintf("job %s is %s: %s (%s)", p.id, job.State, words, job.Reason))
	case job.State != slurm.Ended:
		p.o.Notice(fmt.Sprintf("job %s is %s on %s", p.id, job.State, job.Nodes))
	}
}

// late says what the job was doing when time was up.
func (p *probe) late(last slurm.Job) Finding {
	took := time.Since(p.begun).Round(time.Second)
	more := "wait for the queue, or give more time with --probe-timeout"
	switch {
	case waiting(last):
		_, words := slurm.Explain(last.Reason)
		return failed(more, "job %s did not start within %s: %s (%s)", p.id, took, words, last.Reason)
	case last.SlurmState == "":
		return failed(more, "job %s was not seen in Slurm's queue within %s", p.id, took)
	}
	return failed("see whether ewoks-hpc is there and what the prologue does; "+more, "job %s, %s on %s, has not answered within %s%s", p.id, last.State, last.Nodes, took, p.logTail())
}

// ended is about a job that is over: its report may be in its log.
func (p *probe) ended(job slurm.Job) (*nodeReport, Finding) {
	select {
	case text := <-p.answers:
		return p.read(text, "over the broker")
	default:
	}
	if text := readBounded(filepath.Join(broker.KeysDir(p.dir), answerFile), maxReport); text != nil {
		return p.read(text, "through a file in the state directory")
	}
	for line := range strings.Lines(string(readBounded(p.log(), 4*maxReport))) {
		if text, ok := strings.CutPrefix(line, reportLine); ok {
			return p.read([]byte(text), "through its log")
		}
	}
	tail := p.logTail()
	if tail == "" {
		return nil, failed(fmt.Sprintf("see whether %s is there: the folder of the log must be on a file system that the nodes share; choose it with --state-dir or --log-directory", job.Nodes),
			"job %s ended on %s without an answer and without a log: %s (%s)", p.id, job.Nodes, job.Outcome, job.Reason)
	}
	return nil, failed("let the nodes see the program, and what the prologue uses; the log says what is missing", "job %s ended on %s without an answer: %s%s", p.id, job.Nodes, job.Outcome, tail)
}

// logTail is the end of the job's log, in one line.
func (p *probe) logTail() string {
	lines := strings.Split(strings.TrimSpace(string(readBounded(p.log(), 4*maxReport))), "\n")
	if text := strings.Join(lines[max(0, len(lines)-3):], " / "); text != "" {
		return "; its log ends with: " + text
	}
	return ""
}

// readBounded reads the beginning of a file; nil if it cannot.
func readBounded(path string, most int64) []byte {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return nil
	}
	return text
}

// read decodes a report, which came from outside.
func (p *probe) read(text []byte, way string) (*nodeReport, Finding) {
	var r nodeReport
	err := errors.New("it is not one of this program")
	if len(text) <= maxReport {
		err = json.Unmarshal(text, &r)
	}
	if err == nil && r.Host == "" {
		err = errors.New("it names no host")
	}
	if err != nil {
		return nil, failed("see that the nodes have the same ewoks-hpc as this machine", "the answer %s is not understood: %v", way, err)
	}
	return &r, found("job %s on %s answered %s after %s", p.id, r.Host, way, time.Since(p.begun).Round(100*time.Millisecond))
}
