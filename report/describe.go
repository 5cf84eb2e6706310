package report

import (
	"encoding/json"
	"time"
)

// Kinds of what a report is about.
const (
	KindRun      = "run"
	KindCampaign = "campaign"
)

// Description is what is known of a run or a campaign besides its attempts.
type Description struct {
	// Kind is "run" or "campaign"; Name is the id of the run or the name of the
	// campaign.
	Kind    string `json:"kind,omitempty"`
	Name    string `json:"name,omitempty"`
	Cluster string `json:"cluster,omitempty"`
	Label   string `json:"label,omitempty"`
	User    string `json:"user,omitempty"`
	// Submitted and Ended are zero if that is not known, or has not happened.
	Submitted time.Time `json:"submitted,omitzero"`
	Ended     time.Time `json:"ended,omitzero"`
	// Status is the word for the state of the run, or the phase of the campaign.
	Status string `json:"status,omitempty"`
	// Node and Message tell what failed, if something did.
	Node    string `json:"node,omitempty"`
	Message string `json:"message,omitempty"`
	// Counts are tasks of a run, or rows of a campaign, in each state.
	Counts map[string]int `json:"counts,omitempty"`
	// Reasons are the most frequent ones of failed rows.
	Reasons []Reason `json:"reasons,omitempty"`
	// Workflow is the flat ewoks document: {"graph", "nodes", "links"}.
	Workflow json.RawMessage `json:"workflow,omitempty"`
	// Definition is that of the campaign, Provenance what identifies the software.
	Definition json.RawMessage `json:"definition,omitempty"`
	Provenance json.RawMessage `json:"provenance,omitempty"`
	// Jobs are those that executed tasks, or waited to.
	Jobs []Job `json:"jobs,omitempty"`
}

// Reason is why rows failed.
type Reason struct {
	Rows int    `json:"rows"`
	Text string `json:"text"`
}

// Job is one worker job.
type Job struct {
	ID    string `json:"id"`
	Pool  string `json:"pool,omitempty"`
	Nodes string `json:"nodes,omitempty"`
	// Cores are those that were asked for.
	Cores int `json:"cores"`
	// Queued, Started and Ended are zero if that is not known, or has not happened.
	Queued  time.Time `json:"queued,omitzero"`
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
	State   string    `json:"state,omitempty"`
	Reason  string    `json:"reason,omitempty"`
}
