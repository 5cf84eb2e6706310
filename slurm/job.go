package slurm

import (
	"slices"
	"strings"
	"time"
)

// State is where a job is in its life, in our words.
type State string

// States of a job.
const (
	Queued   State = "queued"   // waits; its Reason says for what
	Held     State = "held"     // waits until a person releases or cancels it
	Starting State = "starting" // its nodes boot; not lost
	Running  State = "running"
	Frozen   State = "frozen"  // suspended: silent but not dead
	Ending   State = "ending"  // takes no new work; this may last for minutes
	Ended    State = "ended"   // its Outcome says how
	Unknown  State = "unknown" // a word we do not know: keep what was known before
)

// Outcome is how a job ended; it is empty before.
type Outcome string

// Outcomes of a job.
const (
	Completed   Outcome = "completed"
	Failed      Outcome = "failed"
	Cancelled   Outcome = "cancelled"
	Timeout     Outcome = "timeout"
	Deadline    Outcome = "deadline"
	Preempted   Outcome = "preempted"
	Revoked     Outcome = "revoked"
	NodeFail    Outcome = "node failure"
	BootFail    Outcome = "boot failure"
	OutOfMemory Outcome = "out of memory"
)

// CapacityLost says that Slurm took the job away, through no fault of what ran in it.
func (o Outcome) CapacityLost() bool {
	switch o {
	case Timeout, Deadline, Preempted, Revoked, NodeFail, BootFail:
		return true
	}
	return false
}

// BadNode says that a node is to blame.
func (o Outcome) BadNode() bool { return o == NodeFail || o == BootFail }

// Job is one job, or one task of a job array, as Slurm last described it.
type Job struct {
	ID         string // of the array; what Submit returned
	Index      int    // in the array, or -1 for a job that is no array
	RawID      string // its own id; before it starts, possibly that of the array
	Name       string
	State      State
	Outcome    Outcome   // once Ended
	SlurmState string    // Slurm's word: PENDING, RUNNING, NODE_FAIL...
	Reason     string    // Slurm's words on why it waits or ended; see Explain
	ExitCode   string    // "code:signal", from History only
	Start      time.Time // zero while unknown; of a queued job an estimate
	End        time.Time // zero while unknown; of a running job when its time is up
	Nodes      string    // as Slurm writes them: n[1-3]
}

// states is Slurm's list (22.05 to 26.05) in our words.
var states = map[string]struct {
	state   State
	outcome Outcome
}{
	"PENDING":       {Queued, ""},
	"REQUEUED":      {Queued, ""},
	"REQUEUE_FED":   {Queued, ""},
	"EXPEDITING":    {Queued, ""},
	"REQUEUE_HOLD":  {Held, ""},
	"SPECIAL_EXIT":  {Held, ""},
	"RESV_DEL_HOLD": {Held, ""},
	"CONFIGURING":   {Starting, ""},
	"POWER_UP_NODE": {Starting, ""},
	"RUNNING":       {Running, ""},
	"RESIZING":      {Running, ""},
	"SIGNALING":     {Running, ""},
	"SUSPENDED":     {Frozen, ""},
	"STOPPED":       {Frozen, ""},
	"COMPLETING":    {Ending, ""},
	"STAGE_OUT":     {Ending, ""},
	"COMPLETED":     {Ended, Completed},
	"FAILED":        {Ended, Failed},
	"LAUNCH_FAILED": {Ended, Failed},
	"CANCELLED":     {Ended, Cancelled},
	"TIMEOUT":       {Ended, Timeout},
	"DEADLINE":      {Ended, Deadline},
	"PREEMPTED":     {Ended, Preempted},
	"REVOKED":       {Ended, Revoked},
	"NODE_FAIL":     {Ended, NodeFail},
	"BOOT_FAIL":     {Ended, BootFail},
	"OUT_OF_MEMORY": {Ended, OutOfMemory},
}

// held are the reasons with which a pending job waits for a person.
var held = []string{"JobHeldUser", "JobHeldAdmin", "launch failed requeued held"}

// stateOf translates Slurm's word. History has longer ones: "CANCELLED by 1000".
func stateOf(word, reason string) (State, Outcome) {
	first, _, _ := strings.Cut(word, " ")
	known, ok := states[strings.TrimSuffix(first, "+")]
	switch {
	case !ok:
		return Unknown, ""
	case known.state == Queued && slices.Contains(held, plainReason(reason)):
		return Held, ""
	}
	return known.state, known.outcome
}

// neverAccepted recognises the record that a refused submission leaves behind under
// the name of the job that never was.
func (j Job) neverAccepted() bool {
	return j.Outcome == Failed && plainReason(j.Reason) == "BadConstraints"
}
