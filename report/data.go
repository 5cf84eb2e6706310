package report

import "time"

// Version is that of the layout of Data. Names do not change their meaning within
// a version; new ones may be added.
const Version = 1

// Data is a report. All durations are in seconds, all memory in bytes.
type Data struct {
	Version int `json:"version"`
	// Made is when the report was; Program is the version of ewoks-hpc that made it.
	Made    time.Time   `json:"made"`
	Program string      `json:"program,omitempty"`
	About   Description `json:"about"`
	Totals  Totals      `json:"totals"`
	// Cores are the core-hours that were asked for, and what became of them.
	Cores Cores `json:"core_hours"`
	// Nodes are those of the workflow that were executed, in its order. MoreNodes
	// is how many are left out: those with the least work.
	Nodes     []Node `json:"nodes"`
	MoreNodes int    `json:"more_nodes,omitempty"`
	// Timeline shows what every worker did, Usage how much there was over time.
	Timeline Timeline `json:"timeline"`
	Usage    Usage    `json:"usage"`
	Waiting  Waiting  `json:"waiting"`
	// Slowest are the attempts that took longest, Rows the rows of a campaign whose
	// tasks did; the slowest first.
	Slowest []Attempt `json:"slowest"`
	Rows    []Row     `json:"slowest_rows"`
	// Failures are grouped by what happened in which task, the most frequent first.
	// MoreFailures counts attempts in groups that are left out.
	Failures     []Failure `json:"failures"`
	MoreFailures int       `json:"more_failures,omitempty"`
	// Hosts are those with the most trouble first.
	Hosts     []Host `json:"hosts"`
	MoreHosts int    `json:"more_hosts,omitempty"`
	// Missing attempts are known by their number only: the disk could not keep up.
	Missing int `json:"missing,omitempty"`
	// Unreadable is the number of damaged records.
	Unreadable int `json:"unreadable,omitempty"`
}

// Totals are over all attempts that are recorded.
type Totals struct {
	Tally
	Attempts int `json:"attempts"`
	// Retries are attempts other than the first of their task.
	Retries int `json:"retries"`
	Workers int `json:"workers"`
	Hosts   int `json:"hosts"`
	Jobs    int `json:"jobs"`
	// Started is when the first attempt began, Ended when the last ended, Seconds
	// the time between.
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
	Seconds float64   `json:"seconds"`
	// Busy is the sum of the durations of all attempts.
	Busy float64 `json:"busy_seconds"`
	// PeakMemory is the most that an interpreter used during a task.
	PeakMemory int64 `json:"peak_memory,omitempty"`
}

// Tally counts by status.
type Tally struct {
	Succeeded int `json:"succeeded"`
	Failed    int `json:"failed"`
	Lost      int `json:"lost"`
	Skipped   int `json:"skipped,omitempty"`
}

// of is the counter of a status; an unknown status is a failure.
func (t *Tally) of(status string) *int {
	switch status {
	case "succeeded":
		return &t.Succeeded
	case "lost":
		return &t.Lost
	case "skipped":
		return &t.Skipped
	}
	return &t.Failed
}

// Cores are core-hours.
type Cores struct {
	// Asked is what the jobs held while the run or campaign went on, whether or not
	// tasks used it; Known is false if that is not known.
	Asked float64 `json:"asked"`
	Known bool    `json:"asked_known"`
	// Succeeded, Failed and Lost are what attempts that ended so had.
	Succeeded float64 `json:"succeeded"`
	Failed    float64 `json:"failed"`
	Lost      float64 `json:"lost"`
}

// Used is what all attempts had.
func (c Cores) Used() float64 { return c.Succeeded + c.Failed + c.Lost }

// Node is one node of the workflow, or one that its attempts name.
type Node struct {
	ID         string `json:"id"`
	Label      string `json:"label,omitempty"`
	Identifier string `json:"identifier,omitempty"`
	Tally
	Retries    int     `json:"retries,omitempty"`
	Cores      float64 `json:"core_hours"`
	PeakMemory int64   `json:"peak_memory,omitempty"`
	// Durations are those of what succeeded.
	Durations Durations `json:"durations"`
}

// Durations say how long something took, in seconds. Quantiles are right to one
// in a hundred.
type Durations struct {
	Count     int     `json:"count"`
	Sum       float64 `json:"sum"`
	Min       float64 `json:"min"`
	P50       float64 `json:"p50"`
	P90       float64 `json:"p90"`
	P99       float64 `json:"p99"`
	Max       float64 `json:"max"`
	Histogram []Bin   `json:"histogram"`
}

// Bin counts durations from one to another; the bins are next to each other and of
// the same width on a logarithmic scale.
type Bin struct {
	From  float64 `json:"from"`
	To    float64 `json:"to"`
	Count int     `json:"count"`
}

// Timeline shows attempts as bars. When there are too many, those that begin
// within Step on one lane and ended alike are one bar: that of the longest.
type Timeline struct {
	Begin time.Time `json:"begin,omitzero"`
	// Step is 0 if no bar stands for more than one attempt.
	Step  float64 `json:"step_seconds"`
	Lanes []Lane  `json:"lanes"`
	// MoreLanes are left out: those with the fewest attempts.
	MoreLanes int   `json:"more_lanes,omitempty"`
	Bars      []Bar `json:"bars"`
}

// Lane is a place where one thing is done at a time: the first, second... of a
// worker.
type Lane struct {
	Worker string `json:"worker"`
	Slot   int    `json:"slot"`
	Host   string `json:"host,omitempty"`
	Pool   string `json:"pool,omitempty"`
	Job    string `json:"job,omitempty"`
}

// Bar is an attempt on the timeline.
type Bar struct {
	Lane int `json:"lane"`
	// Start is in seconds after the begin of the timeline.
	Start   float64 `json:"start"`
	Seconds float64 `json:"seconds"`
	Status  string  `json:"status"`
	Node    string  `json:"node,omitempty"`
	Row     *int    `json:"row,omitempty"`
	Task    uint64  `json:"task"`
	// Number is that of the attempt if it is not the first.
	Number int `json:"number,omitempty"`
	// Count is how many attempts it stands for, if more than one. They took Busy
	// together, from First to Last in seconds after the begin of the timeline.
	Count int     `json:"count,omitempty"`
	Busy  float64 `json:"busy_seconds,omitempty"`
	First float64 `json:"first,omitempty"`
	Last  float64 `json:"last,omitempty"`
}

// Usage is over time: each number is for a span of Step that begins at Begin.
type Usage struct {
	Begin time.Time `json:"begin,omitzero"`
	Step  float64   `json:"step_seconds"`
	// Used and Asked are cores, on average.
	Used  []float64 `json:"cores_used"`
	Asked []float64 `json:"cores_asked,omitempty"`
	// Ended counts attempts, Failed those among them that failed or were lost.
	Ended  []int `json:"ended"`
	Failed []int `json:"failed"`
}

// Waiting is for Slurm.
type Waiting struct {
	// First is the time from the submission to the first task; Known is false if
	// that has not happened.
	First float64 `json:"first_task"`
	Known bool    `json:"first_task_known"`
	// Jobs is how long jobs were queued; Queued is how many still are.
	Jobs   Durations `json:"jobs"`
	Queued int       `json:"queued"`
}

// Attempt is one of the slowest.
type Attempt struct {
	Run     string    `json:"run"`
	Row     *int      `json:"row,omitempty"`
	Task    uint64    `json:"task"`
	Number  int       `json:"number"`
	Node    string    `json:"node,omitempty"`
	Worker  string    `json:"worker,omitempty"`
	Host    string    `json:"host,omitempty"`
	Started time.Time `json:"started,omitzero"`
	Seconds float64   `json:"seconds"`
	Status  string    `json:"status"`
}

// Row is one of the slowest rows of a campaign.
type Row struct {
	Row int `json:"row"`
	// Busy is the time that its attempts took together, Seconds that from the start
	// of the first to the end of the last.
	Busy     float64   `json:"busy_seconds"`
	Seconds  float64   `json:"seconds"`
	Started  time.Time `json:"started,omitzero"`
	Attempts int       `json:"attempts"`
	Tally
}

// Failure is a group of attempts that ended without success: in the same way, and at
// nodes with the same task.
type Failure struct {
	Status string `json:"status"`
	Cause  string `json:"cause,omitempty"`
	Type   string `json:"type,omitempty"`
	// Task is the identifier of the task at these nodes, if it is known.
	Task  string `json:"task,omitempty"`
	Count int    `json:"count"`
	// Nodes are those with most of them, MoreNodes how many are left out.
	Nodes     []NodeCount `json:"nodes,omitempty"`
	MoreNodes int         `json:"more_nodes,omitempty"`
	First     time.Time   `json:"first,omitzero"`
	Last      time.Time   `json:"last,omitzero"`
	// Message, Traceback and Advice are those of the first; they are cut.
	Message   string `json:"message,omitempty"`
	Traceback string `json:"traceback,omitempty"`
	Advice    string `json:"advice,omitempty"`
	// Output is the end of what the first example printed.
	Output   string    `json:"output,omitempty"`
	Examples []Attempt `json:"examples"`
	// Hosts are where most of them were.
	Hosts []HostCount `json:"hosts,omitempty"`
}

// NodeCount counts attempts at a node.
type NodeCount struct {
	Node  string `json:"node"`
	Count int    `json:"count"`
}

// HostCount counts attempts on a host.
type HostCount struct {
	Host  string `json:"host"`
	Count int    `json:"count"`
}

// Host is a machine on which tasks were executed.
type Host struct {
	Host string `json:"host"`
	Tally
	Busy float64 `json:"busy_seconds"`
}
