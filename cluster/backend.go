package cluster

import (
	"context"
	"strconv"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/jobscript"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Backend starts and ends worker jobs, and tells what it knows of them. It is
// safe for concurrent use.
type Backend interface {
	// MaxCount is how many jobs one launch may have.
	MaxCount(ctx context.Context) (int, error)
	// Submit starts the jobs of a launch, all or none, and returns it with its ID
	// and Log. Errors of the kinds slurm.ErrTransient and slurm.ErrLimit say that
	// the same may work later, slurm.ErrAmbiguous that it may have worked; every
	// other error is a refusal.
	Submit(ctx context.Context, l Launch) (Launch, error)
	// Adopt says what became of a launch whose submission was ambiguous. Not found
	// is the proof that there are no such jobs.
	Adopt(ctx context.Context, l Launch) (adopted Launch, found bool, err error)
	// List tells about the jobs of launches that have an ID, in one question. When
	// it is not complete, nothing follows from absence.
	List(ctx context.Context, launches []Launch) (jobs []Job, complete bool, err error)
	// Cancel asks for the end of jobs, in this order. Only List tells whether they
	// have ended.
	Cancel(ctx context.Context, jobs []Job) error
	// Nodes are the names of the nodes that jobs of a pool may get.
	Nodes(ctx context.Context, spec jobscript.Pool) ([]string, error)
	// Log is the path of a job's log, or empty when that is not known.
	Log(j Job) string
	// Changed gets a value when List has news. It is nil when only asking tells.
	Changed() <-chan struct{}
}

// Launch is one submission of like jobs, numbered from 0.
type Launch struct {
	// Key is unique for ever; workers say it in their hello.
	Key string `json:"key"`
	// Name is the job name, unique too, of at most 64 characters.
	Name  string         `json:"name"`
	Pool  string         `json:"pool"`
	Count int            `json:"count"`
	Spec  jobscript.Pool `json:"-"`
	// Exclude are nodes that its jobs must not get.
	Exclude []string `json:"exclude,omitempty"`
	// ID is what the backend calls the launch: the id of the Slurm job array.
	// Empty as long as the submission is not confirmed.
	ID string `json:"id,omitempty"`
	// LogPattern is the path of the logs, with %A for ID and %a for the index.
	LogPattern string `json:"-"`
	// Submitted is when the submission began.
	Submitted time.Time `json:"submitted"`
}

// Phase is where a job is in its life.
type Phase string

// Phases of a job. Unknown jobs are not listed for once: that proves nothing.
const (
	Queued  Phase = "queued"
	Running Phase = "running"
	Ending  Phase = "ending"
	Ended   Phase = "ended"
	Unknown Phase = "unknown"
)

// Outcomes of a job that the cluster treats in a special way; a backend may know
// more words.
const (
	Completed = "completed"
	Failed    = "failed"
	Cancelled = "cancelled"
)

// Job is one job of a launch, as last known. On several nodes it has several
// workers.
type Job struct {
	Launch
	Index int   `json:"index"`
	Phase Phase `json:"phase"`
	// SlurmState and Reason are Slurm's words; Reason may be another backend's.
	SlurmState string `json:"slurm_state,omitempty"`
	Reason     string `json:"reason,omitempty"`
	// Plain says in plain words why the job waits or has ended.
	Plain string `json:"plain,omitempty"`
	// Never means that it will not start unless somebody does something.
	Never bool `json:"never,omitempty"`
	// Outcome is how it ended, and Lost that it was taken away through no fault
	// of what ran in it.
	Outcome string `json:"outcome,omitempty"`
	Lost    bool   `json:"lost,omitempty"`
	Nodes   string `json:"nodes,omitempty"`
	// Pid is the process of a job on this machine.
	Pid int `json:"pid,omitempty"`
	// Since is when the phase began, as far as known.
	Since time.Time `json:"since"`
	// Greeted says that a worker of the job has said hello.
	Greeted bool `json:"greeted,omitempty"`
}

// Is says whether a worker belongs to the job.
func (j Job) Is(h task.Hello) bool {
	return h.Key == j.Key && h.Index == strconv.Itoa(j.Index) && (h.Job == "" || j.ID == "" || h.Job == j.ID)
}

// String names the job for people.
func (j Job) String() string {
	if j.Pid != 0 {
		return "process " + strconv.Itoa(j.Pid)
	}
	if j.ID == "" {
		return "job " + strconv.Itoa(j.Index) + " of " + j.Name
	}
	return "job " + j.ID + "_" + strconv.Itoa(j.Index)
}
