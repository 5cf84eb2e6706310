package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/ewoks-hpc/ewoks-hpc/jobscript"
	"github.com/ewoks-hpc/ewoks-hpc/slurm"
)

// Driver is what the backend needs of Slurm; a *slurm.CLI has it.
type Driver interface {
	Probe(ctx context.Context) (slurm.Info, error)
	Submit(ctx context.Context, s slurm.Submission) (string, error)
	Adopt(ctx context.Context, name string) (id string, found bool, err error)
	List(ctx context.Context, names []string) (slurm.Snapshot, error)
	Nodes(ctx context.Context, partition string) ([]string, error)
	Cancel(ctx context.Context, ids []string, opts slurm.CancelOptions) error
}

// SlurmOptions say what the jobs run.
type SlurmOptions struct {
	Driver Driver
	// Binary, AccessFile and Dir are absolute paths on the nodes; see
	// jobscript.Worker. AccessFile is the folder of the access files of all jobs, in
	// which each finds its own: no key is in a script. Dir is made on this machine, where it must be the same.
	Binary, AccessFile, Dir string
	// Templates holds the template of the job script.
	Templates fs.FS
}

// Slurm is the Backend whose launches are job arrays.
type Slurm struct {
	o SlurmOptions

	mu   sync.Mutex
	most int // jobs in an array, once known
}

// NewSlurm makes a backend; it runs nothing yet.
func NewSlurm(o SlurmOptions) *Slurm { return &Slurm{o: o} }

// MaxCount is the largest job array.
func (s *Slurm) MaxCount(ctx context.Context) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.most == 0 {
		info, err := s.o.Driver.Probe(ctx)
		if err != nil {
			return 0, err
		}
		s.most = max(1, info.MaxArraySize)
	}
	return s.most, nil
}

// Submit sends one job array.
func (s *Slurm) Submit(ctx context.Context, l Launch) (Launch, error) {
	script, err := s.render(l)
	if err != nil {
		return l, err
	}
	if script.LogDirectory != "" {
		if err := os.MkdirAll(script.LogDirectory, 0o700); err != nil {
			return l, fmt.Errorf("folder for the logs of jobs: %w", err)
		}
	}
	l.LogPattern = logPattern(script)
	l.ID, err = s.o.Driver.Submit(ctx, s.submission(l, script))
	return l, err
}

// submission leaves all options but the name to the script: the driver keeps
// SBATCH_* variables, which would win over them, from sbatch.
func (s *Slurm) submission(l Launch, script jobscript.Script) slurm.Submission {
	return slurm.Submission{Name: l.Name, Script: script.Text, Array: l.Count, Dir: s.o.Dir}
}

func (s *Slurm) render(l Launch) (jobscript.Script, error) {
	spec := l.Spec.Excluding(l.Exclude)
	spec.Name, spec.JobName = l.Pool, l.Name
	return jobscript.Render(spec, jobscript.Worker{
		Binary: s.o.Binary, AccessFile: s.o.AccessFile, LaunchKey: l.Key, Dir: s.o.Dir,
	}, s.o.Templates)
}

// logPattern is where the jobs log, if that is decided by the script.
func logPattern(script jobscript.Script) string {
	if script.LogDirectory == "" {
		return ""
	}
	for _, arg := range script.Args {
		if pattern, ok := strings.CutPrefix(arg, "--output="); ok {
			return pattern
		}
	}
	return ""
}

// Adopt looks for the job array by its name.
func (s *Slurm) Adopt(ctx context.Context, l Launch) (Launch, bool, error) {
	id, found, err := s.o.Driver.Adopt(ctx, l.Name)
	if err != nil || !found {
		return l, false, err
	}
	script, err := s.render(l)
	if err != nil {
		return l, false, err
	}
	l.ID, l.LogPattern = id, logPattern(script)
	return l, true, nil
}

// List asks once for the jobs of all launches.
func (s *Slurm) List(ctx context.Context, launches []Launch) (jobs []Job, complete bool, err error) {
	names := make([]string, len(launches))
	byID := make(map[string]Launch, len(launches))
	for i, l := range launches {
		names[i] = l.Name
		byID[l.ID] = l
	}
	snapshot, err := s.o.Driver.List(ctx, names)
	if err != nil {
		return nil, false, err
	}
	for _, j := range snapshot.Jobs {
		if l, ok := byID[j.ID]; ok && j.Name == l.Name && j.Index >= 0 && j.Index < l.Count {
			jobs = append(jobs, describe(l, j))
		}
	}
	return jobs, snapshot.Complete, nil
}

// describe puts Slurm's picture of a job into ours.
func describe(l Launch, j slurm.Job) Job {
	job := Job{
		Launch: l, Index: j.Index, SlurmState: j.SlurmState, Reason: j.Reason, Nodes: j.Nodes,
		Outcome: string(j.Outcome), Lost: j.Outcome.CapacityLost(),
	}
	switch j.State {
	case slurm.Queued, slurm.Held:
		var wait slurm.Wait
		wait, job.Plain = slurm.Explain(j.Reason)
		job.Phase, job.Never = Queued, wait == slurm.WaitForever
	case slurm.Starting:
		job.Phase, job.Plain = Queued, "its nodes are being started"
	case slurm.Running:
		job.Phase, job.Since, job.Reason = Running, j.Start, ""
	case slurm.Frozen:
		job.Phase, job.Plain = Running, "it is suspended"
	case slurm.Ending:
		job.Phase, job.Plain = Ending, "it gives its nodes back"
	case slurm.Ended:
		job.Phase, job.Since, job.Plain = Ended, j.End, ending(j)
	default:
		job.Phase, job.Plain = Unknown, "Slurm says "+j.SlurmState
	}
	return job
}

// endings are the outcomes that people ask about.
var endings = map[slurm.Outcome]string{
	slurm.Completed:   "it ended by itself",
	slurm.Failed:      "its script or worker failed",
	slurm.Cancelled:   "it was cancelled",
	slurm.Timeout:     "its walltime was over",
	slurm.Deadline:    "its deadline was over",
	slurm.Preempted:   "it had to make room for a job of higher priority",
	slurm.Revoked:     "it was moved to another cluster",
	slurm.NodeFail:    "a node of it failed",
	slurm.BootFail:    "a node of it did not start",
	slurm.OutOfMemory: "it used more memory than it had asked for",
}

func ending(j slurm.Job) string {
	text := endings[j.Outcome]
	if j.Reason != "" && j.Reason != "None" {
		text += " (" + j.Reason + ")"
	}
	return text
}

// Cancel names whole arrays by their id, and else each job.
func (s *Slurm) Cancel(ctx context.Context, jobs []Job) error {
	var order []string
	groups := map[string][]Job{}
	for _, j := range jobs {
		if j.ID == "" {
			return errors.New(j.String() + " has no id")
		}
		if len(groups[j.ID]) == 0 {
			order = append(order, j.ID)
		}
		groups[j.ID] = append(groups[j.ID], j)
	}
	var ids []string
	for _, id := range order {
		if group := groups[id]; len(group) == group[0].Count {
			ids = append(ids, id)
			continue
		}
		for _, j := range groups[id] {
			ids = append(ids, id+"_"+strconv.Itoa(j.Index))
		}
	}
	return s.o.Driver.Cancel(ctx, ids, slurm.CancelOptions{})
}

// Nodes are those of the partitions of a pool on which jobs start.
func (s *Slurm) Nodes(ctx context.Context, spec jobscript.Pool) ([]string, error) {
	return s.o.Driver.Nodes(ctx, spec.Queue)
}

// Log is where the script made Slurm write.
func (s *Slurm) Log(j Job) string {
	return strings.NewReplacer("%x", j.Name, "%A", j.ID, "%a", strconv.Itoa(j.Index)).Replace(j.LogPattern)
}

// Changed is nil: Slurm has to be asked.
func (s *Slurm) Changed() <-chan struct{} { return nil }
