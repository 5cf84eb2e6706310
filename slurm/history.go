package slurm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// historyWindow is how far back History looks. The default of Slurm begins at
// midnight, which loses the jobs of last night.
const historyWindow = "now-2days"

// History asks what became of jobs that are no longer listed: first the accounting
// database, else the log of completed jobs. It returns those it knows something about,
// updated; what it does not return stays unknown. Without either source it is
// [ErrUnsupported]. Ids are used again some day, so a record counts only if it has the
// job's name.
//
// The log knows jobs by RawID only: jobs that were never seen running are not found.
func (c *CLI) History(ctx context.Context, jobs []Job) ([]Job, error) {
	if len(jobs) == 0 {
		return nil, nil
	}
	var known []Job
	for chunk := range slices.Chunk(jobs, chunkSize) {
		some, err := c.history(ctx, chunk)
		if err != nil {
			return known, err
		}
		known = append(known, some...)
	}
	return known, nil
}

func (c *CLI) history(ctx context.Context, jobs []Job) ([]Job, error) {
	text, err := c.sacct(ctx, jobIDs(jobs, func(j Job) string { return j.ID }),
		"--allocations", "--duplicates", "--starttime="+historyWindow,
		"--format=JobIDRaw,JobID,State,ExitCode,Start,End,NodeList,JobName,Reason")
	if err == nil {
		return matchRecords(jobs, text, func(j Job) string { return fmt.Sprintf("%s_%d", j.ID, j.Index) }, 1), nil
	}
	if !errors.Is(err, ErrUnsupported) {
		return nil, err
	}
	text, err = c.sacct(ctx, jobIDs(jobs, func(j Job) string { return j.RawID }),
		"--completion", "--format=JobID,JobID,State,ExitCode,Start,End,NodeList,JobName")
	if err != nil {
		return nil, err
	}
	started := slices.DeleteFunc(slices.Clone(jobs), func(j Job) bool {
		return j.State == Queued || j.State == Held // RawID may still be that of the array
	})
	return matchRecords(started, text, func(j Job) string { return j.RawID }, 0), nil
}

func (c *CLI) sacct(ctx context.Context, ids string, args ...string) (string, error) {
	args = append([]string{"--noheader", "--parsable2", "--jobs=" + ids}, args...)
	text, err := c.read(ctx, "sacct", args...)
	var e *Error
	if errors.As(err, &e) {
		for _, off := range []string{"accounting storage is disabled", "job completion storage", "JobComp", "Slurm job completion is disabled"} {
			if strings.Contains(strings.ToLower(e.Words), strings.ToLower(off)) {
				e.Kind, e.hint = ErrUnsupported, "this Slurm keeps no record of ended jobs"
			}
		}
	}
	return text, err
}

// matchRecords updates jobs from lines of raw id, id, state, exit code, start, end,
// nodes, name and perhaps reason. Of several records the last counts: a requeued job
// has one per life.
func matchRecords(jobs []Job, text string, key func(Job) string, column int) []Job {
	records := map[string][]string{}
	for line := range strings.Lines(text) {
		fields := strings.SplitN(strings.TrimRight(line, "\n"), "|", 9)
		if len(fields) < 8 {
			continue
		}
		for _, id := range expandID(fields[column]) {
			records[id] = fields
		}
	}
	var known []Job
	for _, job := range jobs {
		fields := records[key(job)]
		if job.Index < 0 {
			fields = records[job.ID]
		}
		if fields == nil || fields[7] != job.Name {
			continue
		}
		if updated, err := job.update(fields); err == nil {
			known = append(known, updated)
		}
	}
	return known
}

// expandID gives the id of each job of 12_[3-4], which ended before they began.
func expandID(id string) []string {
	array, indexes, ok := strings.Cut(id, "_[")
	if !ok {
		return []string{id}
	}
	jobs, err := expand(Job{ID: array}, indexes)
	if err != nil {
		return nil
	}
	var ids []string
	for _, job := range jobs {
		ids = append(ids, fmt.Sprintf("%s_%d", array, job.Index))
	}
	return ids
}

func (j Job) update(fields []string) (Job, error) {
	var err error
	if j.Start, err = parseTime(fields[4]); err != nil {
		return j, err
	}
	if j.End, err = parseTime(fields[5]); err != nil {
		return j, err
	}
	j.RawID, j.SlurmState, j.ExitCode, j.Nodes, j.Reason = fields[0], fields[2], fields[3], fields[6], ""
	if j.Nodes == "None assigned" {
		j.Nodes = ""
	}
	if len(fields) > 8 {
		j.Reason = fields[8]
	}
	j.State, j.Outcome = stateOf(j.SlurmState, j.Reason)
	return j, nil
}

// jobIDs joins the distinct ids of jobs.
func jobIDs(jobs []Job, id func(Job) string) string {
	var ids []string
	for _, job := range jobs {
		ids = append(ids, id(job))
	}
	slices.Sort(ids)
	return strings.Join(slices.Compact(ids), ",")
}
