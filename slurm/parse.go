package slurm

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// listFormat puts what may hold any character last: the name, which of our jobs holds
// no separator, and the reason.
const listFormat = "%F|%K|%A|%T|%S|%e|%N|%j|%r"

// maxTasks bounds what one line may expand to; Slurm's own bound on a job array.
const maxTasks = 4_000_001

// parseList reads the lines of a job list. The number of lines it could not read is
// not an error: what the others say is still true.
func parseList(text string) (jobs []Job, unread int) {
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		some, err := parseLine(line)
		if err != nil || !strings.HasSuffix(line, "\n") || len(jobs)+len(some) > maxTasks {
			unread++
			continue
		}
		jobs = append(jobs, some...)
	}
	return jobs, unread
}

// parseLine reads a line of listFormat: one job, or several tasks of an array that
// wait together.
func parseLine(line string) ([]Job, error) {
	fields := strings.SplitN(strings.TrimRight(line, "\r\n"), "|", 9)
	if len(fields) < 9 {
		return nil, fmt.Errorf("%d fields instead of 9 in %q", len(fields), line)
	}
	job := Job{ID: fields[0], RawID: fields[2], SlurmState: fields[3], Nodes: fields[6], Name: fields[7], Reason: fields[8]}
	if !isNumber(job.ID) || !isNumber(job.RawID) {
		return nil, fmt.Errorf("no job id in %q", line) // a part of a heterogeneous job, for one
	}
	var err error
	if job.Start, err = parseTime(fields[4]); err != nil {
		return nil, err
	}
	if job.End, err = parseTime(fields[5]); err != nil {
		return nil, err
	}
	job.State, job.Outcome = stateOf(job.SlurmState, job.Reason)
	return expand(job, fields[1])
}

// expand makes a job of each array index: "", "N/A", "7" or "0-3,9,16%2".
func expand(job Job, indexes string) ([]Job, error) {
	if indexes == "" || indexes == "N/A" {
		job.Index = -1
		return []Job{job}, nil
	}
	indexes, _, _ = strings.Cut(strings.Trim(indexes, "[]"), "%")
	var jobs []Job
	for part := range strings.SplitSeq(indexes, ",") {
		low, high, isRange := strings.Cut(part, "-")
		if !isRange {
			high = low
		}
		first, err1 := strconv.Atoi(low)
		last, err2 := strconv.Atoi(high)
		if err1 != nil || err2 != nil || !isNumber(low) || !isNumber(high) || first > last || last-first >= maxTasks-len(jobs) {
			return nil, fmt.Errorf("array indexes %q of job %s make no sense", indexes, job.ID)
		}
		for job.Index = first; job.Index <= last; job.Index++ {
			jobs = append(jobs, job)
		}
	}
	return jobs, nil
}

// parseTime reads a time of SLURM_TIME_FORMAT=standard in UTC, or the words for none.
func parseTime(text string) (time.Time, error) {
	switch text {
	case "", "N/A", "NONE", "None", "Unknown", "INVALID":
		return time.Time{}, nil
	}
	return time.Parse("2006-01-02T15:04:05", text)
}

// isNumber says whether text is a job id or index as Slurm writes it.
func isNumber(text string) bool {
	return text != "" && len(text) <= 10 && strings.Trim(text, "0123456789") == ""
}
