package dashboard

import (
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
)

// Source is what the dashboard reads. It must be safe for concurrent use, and
// must not change what it has handed out: neither an Overview nor anything else.
// It is asked up to four times a second while somebody watches, and not at all
// while nobody does. What else the dashboard can show is in detail.go: Attempts,
// Runs, Campaigns, Logs and Orders, see Options.
type Source interface {
	Overview() Overview
}

// Overview is a picture of a cluster.
type Overview struct {
	Cluster string `json:"cluster"`
	// Address is where workers and clients reach the broker.
	Address string    `json:"address"`
	Version string    `json:"version"`
	Started time.Time `json:"started,omitzero"`
	// Taken is when the picture was taken; zero is now.
	Taken time.Time `json:"taken"`
	// Workers and Jobs are in the order in which to show them: first what a
	// person should see, since the last of very many are left out.
	Workers []Worker `json:"workers"`
	Jobs    []Job    `json:"jobs"`
	Pools   []Pool   `json:"pools"`
	// Runs may have any order.
	Runs []Run `json:"runs"`
	// Campaigns are those that have not ended, and the last that have.
	Campaigns []Campaign `json:"campaigns,omitempty"`
	// Ready is the number of tasks that wait for a worker, Leased of those that
	// a worker has, Delayed of those that are to be tried again later.
	Ready   int `json:"ready"`
	Leased  int `json:"leased"`
	Delayed int `json:"delayed"`
	// Paused means that nothing is given to workers.
	Paused bool   `json:"paused,omitempty"`
	Totals Totals `json:"totals"`
	// Causes count attempts that did not succeed by their task.Cause, since the
	// launcher started.
	Causes map[string]uint64 `json:"causes,omitempty"`
	// Notices tell, one sentence each, what a person should know first: why
	// nothing is running, and what to do about it.
	Notices []string `json:"notices"`
}

// Totals count tasks over all runs of the cluster, Retried and Lost attempts.
type Totals struct {
	Succeeded uint64 `json:"succeeded"`
	Failed    uint64 `json:"failed"`
	Retried   uint64 `json:"retried"`
	Lost      uint64 `json:"lost"`
}

// Worker is one worker process.
type Worker struct {
	Worker string `json:"worker"`
	Pool   string `json:"pool,omitempty"`
	// Job is the Slurm job as Slurm writes it, 123 or 123_4; empty outside a job.
	Job  string `json:"job,omitempty"`
	Host string `json:"host"`
	Pid  int    `json:"pid"`
	// Slots is how many tasks it executes at the same time, Holding how many it
	// has, which may be a few more.
	Slots   int `json:"slots"`
	Holding int `json:"holding"`
	// Busy is how many slots those take that are being executed. Cores, Memory
	// (bytes) and GPUs are what its tasks share; 0 is not known.
	Busy      int       `json:"busy"`
	Cores     int       `json:"cores,omitempty"`
	Memory    int64     `json:"memory,omitempty"`
	GPUs      int       `json:"gpus,omitempty"`
	Succeeded uint64    `json:"succeeded"`
	Failed    uint64    `json:"failed"`
	Since     time.Time `json:"since,omitzero"`
	Seen      time.Time `json:"seen,omitzero"`
	// EndsAt is when the walltime of its job ends; zero is never.
	EndsAt time.Time `json:"ends_at,omitzero"`
	// Leaving workers take no new tasks.
	Leaving bool `json:"leaving,omitempty"`
}

// Pool is one kind of worker job.
type Pool struct {
	Pool string `json:"pool"`
	// Jobs are queued or running, and not about to end.
	Jobs int `json:"jobs"`
	// MinJobs and MaxJobs bound their number, which Adapts to what there is to do
	// unless they are equal. Size says so in words.
	MinJobs int    `json:"min_jobs"`
	MaxJobs int    `json:"max_jobs"`
	Adapts  bool   `json:"adapts"`
	Size    string `json:"size"`
	// Demand is the number of slots that tasks need, SlotsPerJob those of one job.
	Demand      int `json:"demand"`
	SlotsPerJob int `json:"slots_per_job"`
	// Stopped says why no jobs are submitted; without it they are. Excluded nodes
	// are not used for some time.
	Stopped  *Stopped   `json:"stopped,omitempty"`
	Excluded []Excluded `json:"excluded,omitempty"`
}

// Stopped says why a pool submits no jobs until somebody resumes it.
type Stopped struct {
	Since  time.Time `json:"since"`
	Reason string    `json:"reason"`
	Hint   string    `json:"hint"`
	// Log is what the log of the last job ends with.
	Log string `json:"log,omitempty"`
}

// Excluded is a node that jobs of a pool do not get for some time.
type Excluded struct {
	Node   string    `json:"node"`
	Until  time.Time `json:"until"`
	Reason string    `json:"reason"`
}

// Job is one Slurm job, or one task of a job array.
type Job struct {
	Pool string `json:"pool"`
	ID   string `json:"id"`
	// Index is the index in the array, or -1.
	Index int `json:"index"`
	// Phase is the state in our words: queued, held, starting, running...
	Phase string `json:"phase"`
	// SlurmState is Slurm's word.
	SlurmState string `json:"slurm_state,omitempty"`
	// Reason tells in plain words why it waits or how it ended.
	Reason string `json:"reason,omitempty"`
	// Failed jobs have ended otherwise than they should.
	Failed bool   `json:"failed,omitempty"`
	Nodes  string `json:"nodes,omitempty"`
	// Start is when its phase began; zero is unknown.
	Start time.Time `json:"start,omitzero"`
}

// Run is one run.
type Run struct {
	Run       string        `json:"run"`
	Label     string        `json:"label,omitempty"`
	User      string        `json:"user,omitempty"`
	Status    engine.Status `json:"status"`
	Counts    engine.Counts `json:"counts"`
	Submitted time.Time     `json:"submitted,omitzero"`
	Ended     time.Time     `json:"ended,omitzero"`
	// Node and Message tell what failed, if something did.
	Node    string `json:"node,omitempty"`
	Message string `json:"message,omitempty"`
	// Paused means that nothing new of it is given to workers.
	Paused bool `json:"paused,omitempty"`
}

// Campaign is a workflow applied to a table of parameters.
type Campaign struct {
	Campaign string `json:"campaign"`
	User     string `json:"user,omitempty"`
	// Phase is "filling", "active", "paused", "stopped" or, when no row is left,
	// "ended".
	Phase string `json:"phase"`
	// The rows in each state; skipped and cancelled ones were not executed.
	Waiting   int `json:"waiting"`
	Running   int `json:"running"`
	Done      int `json:"done"`
	Failed    int `json:"failed"`
	Skipped   int `json:"skipped"`
	Cancelled int `json:"cancelled"`
	// Rate is how many rows end in a second, lately, and Left how long the rest
	// takes at that rate, in seconds; 0 is not known.
	Rate float64 `json:"rate,omitempty"`
	Left float64 `json:"left,omitempty"`
	// Reasons are the most frequent ones of failed rows.
	Reasons   []Reason  `json:"reasons,omitempty"`
	Priority  int       `json:"priority,omitempty"`
	Submitted time.Time `json:"submitted,omitzero"`
	Ended     time.Time `json:"ended,omitzero"`
}

// Reason is why rows failed.
type Reason struct {
	Rows int    `json:"rows"`
	Text string `json:"text"`
	// Example is a row that failed so. Message is its error; an overview has none.
	Example int    `json:"example"`
	Message string `json:"message,omitempty"`
}
