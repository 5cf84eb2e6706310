package dashboard

import (
	"context"
	"errors"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// ErrNotFound is (or is wrapped by) the error of a source that knows no run,
// campaign or log of that name. Its text, and its Hint if it has one, are shown.
var ErrNotFound = errors.New("not found")

// Attempts are the newest attempts, some ten thousand of them, each with a
// number that grows by one from the first on.
type Attempts interface {
	// Attempts returns those with a number above after that are kept, the newest
	// most of them at most, oldest first, and the number of the newest: the numbers
	// of those returned end with it and have no gap. With after at the newest there
	// are none; above it, it is of an earlier launcher and counts as 0.
	Attempts(after uint64, most int) (list []task.Attempt, newest uint64)
}

// allAttempts is more than are kept.
const allAttempts = 1 << 30

// Runs tell of one run in detail.
type Runs interface {
	// Run takes a full id. The error is ErrNotFound if there is none.
	Run(id string) (RunDetail, error)
}

// RunDetail is a run with its workflow. Nodes and links are in the order of the
// workflow.
type RunDetail struct {
	Run
	// Campaign and Row say which row of which campaign it is, if it is one.
	Campaign string `json:"campaign,omitempty"`
	Row      int    `json:"row,omitempty"`
	Nodes    []Node `json:"nodes"`
	Links    []Link `json:"links"`
	// Advice tells what to do about the failure, if that is known, and Traceback
	// is that of Python.
	Advice    string `json:"advice,omitempty"`
	Traceback string `json:"traceback,omitempty"`
}

// Node is one node of a run's workflow and what became of it so far.
type Node struct {
	// ID is unique in the workflow; parts of subgraphs are parted by colons.
	ID string `json:"id"`
	// Label is empty if the document has none. Identifier is the Python task.
	Label      string `json:"label,omitempty"`
	Identifier string `json:"identifier,omitempty"`
	// The tasks of the node in each state. Waiting is 1 if it may still be
	// executed and is not ready, Ready counts those that wait for a worker, Skipped
	// is 1 if the run is over and the node was never executed.
	Waiting   int `json:"waiting,omitempty"`
	Ready     int `json:"ready,omitempty"`
	Running   int `json:"running,omitempty"`
	Succeeded int `json:"succeeded,omitempty"`
	Failed    int `json:"failed,omitempty"`
	Skipped   int `json:"skipped,omitempty"`
	// Lost and Retried count attempts.
	Lost    int `json:"lost,omitempty"`
	Retried int `json:"retried,omitempty"`
	// Mean and Longest are durations of tasks that ended, in seconds; 0 is not known.
	Mean    float64 `json:"mean,omitempty"`
	Longest float64 `json:"longest,omitempty"`
	// Message is the error of the last attempt that failed.
	Message string `json:"message,omitempty"`
}

// Link is one link of a run's workflow; Source and Target are positions in Nodes.
type Link struct {
	Source int `json:"source"`
	Target int `json:"target"`
	// Label says in short what it carries or on which condition it fires.
	Label       string `json:"label,omitempty"`
	OnError     bool   `json:"on_error,omitempty"`
	Conditional bool   `json:"conditional,omitempty"`
}

// Campaigns tell of one campaign in detail.
type Campaigns interface {
	// Campaign takes a name. The error is ErrNotFound if there is none.
	Campaign(name string) (CampaignDetail, error)
}

// CampaignDetail is a campaign with all groups of reasons and some of its rows.
type CampaignDetail struct {
	Campaign
	Workflow string `json:"workflow,omitempty"`
	Total    int    `json:"total"`
	// Rows are those that run and the newest that failed, a few hundred at most.
	Rows []Row `json:"rows"`
}

// Row is one row of a campaign.
type Row struct {
	Row int `json:"row"`
	// State is a word of Campaign's counts: "running", "failed"...
	State string `json:"state"`
	// Run is its last run, if it has one.
	Run string `json:"run,omitempty"`
	// Parameters are the row in short, name=value.
	Parameters string `json:"parameters,omitempty"`
	Message    string `json:"message,omitempty"`
}

// LogKind says whose log is meant.
type LogKind string

// The kinds of logs. LauncherLog has no name; JobLog is of a Slurm job, 123 or 123_4,
// or of a local worker; RunLog is what the tasks of a run printed.
const (
	LauncherLog LogKind = "launcher"
	JobLog      LogKind = "job"
	RunLog      LogKind = "run"
)

// LogRequest asks for a part of a log.
type LogRequest struct {
	Kind LogKind
	Name string
	// Node keeps only what tasks of that node printed, if it is a log of a run.
	Node string
	// Offset is where to begin: 0, the Next of another part, or Tail.
	Offset int64
	// Most is how many bytes of text to return, about.
	Most int
}

// Tail as an offset is the last LogRequest.Most bytes of a log.
const Tail int64 = -1

// LogPart is a part of a log: whole lines, so that no line and no letter is torn.
type LogPart struct {
	Text string `json:"text"`
	// Start is where it begins and Next where to go on. If there was nothing
	// beyond the offset they are equal. A log that became shorter starts at 0 again.
	Start int64 `json:"start"`
	Next  int64 `json:"next"`
	// Size is the size of the log now.
	Size int64 `json:"size"`
}

// Logs are what the launcher, jobs and tasks wrote.
type Logs interface {
	// Log returns at once, also if there is nothing new. The error is ErrNotFound
	// if there is no such log (yet).
	Log(ctx context.Context, r LogRequest) (LogPart, error)
}

// Order is what a person asks for. Of a cluster: pause, resume. Of a run: cancel,
// pause, resume. Of a campaign: cancel, pause, resume, retry (its failed rows).
type Order struct {
	Verb Verb   `json:"verb"`
	Kind Kind   `json:"kind"`
	Name string `json:"name,omitempty"` // of the run or the campaign
}

// Verb is what to do, Kind to what.
type (
	Verb string
	Kind string
)

// The verbs and kinds of orders.
const (
	Cancel Verb = "cancel"
	Pause  Verb = "pause"
	Resume Verb = "resume"
	Retry  Verb = "retry"

	OfCluster  Kind = "cluster"
	OfRun      Kind = "run"
	OfCampaign Kind = "campaign"
)

// Ordered tells what became of an order.
type Ordered struct {
	// Changed is false if it was so already.
	Changed bool `json:"changed"`
	// Rows is the number of rows of a campaign that are tried again.
	Rows int `json:"rows,omitempty"`
}

// Orders carry out what a person asks for. An order that reaches them makes sense
// by its verb and kind. Errors are shown, with their Hint if they have one.
type Orders interface {
	Order(ctx context.Context, o Order) (Ordered, error)
}
