package task

import "time"

// Attempt is what is known of one try at a task when it has ended: for records,
// pages and reports.
type Attempt struct {
	Run string `json:"run"`
	// Campaign and Row say which row of which campaign the run is of, if it is.
	Campaign string `json:"campaign,omitempty"`
	Row      int    `json:"row,omitempty"`
	// Task is the number of the task in its run, Number that of the try, from 1.
	Task   uint64 `json:"task"`
	Number int    `json:"number"`
	// Node, Label and Identifier are those of the workflow's node. They are empty
	// if a whole run was executed as one task, whose parts are Steps.
	Node       string `json:"node,omitempty"`
	Label      string `json:"label,omitempty"`
	Identifier string `json:"identifier,omitempty"`
	// Worker had it, of Pool on Host within Job (as Slurm writes it).
	Worker string `json:"worker,omitempty"`
	Pool   string `json:"pool,omitempty"`
	Host   string `json:"host,omitempty"`
	Job    string `json:"job,omitempty"`
	// Cores are those that it was given.
	Cores   int       `json:"cores,omitempty"`
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
	// Status is "succeeded", "failed", "lost" or "skipped".
	Status string `json:"status"`
	// Failure tells why it did not succeed. Texts are cut.
	Failure Failure `json:"failure,omitzero"`
	// PeakMemory is in bytes, 0 if it is not known.
	PeakMemory int64  `json:"peak_memory,omitempty"`
	Steps      []Step `json:"steps,omitempty"`
}

// String is the word for a status.
func (s Status) String() string {
	switch s {
	case Succeeded:
		return "succeeded"
	case Failed:
		return "failed"
	case Lost:
		return "lost"
	case Skipped:
		return "skipped"
	}
	return "unknown"
}
