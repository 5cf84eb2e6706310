package campaign

import (
	"encoding/json"
	"fmt"
	"regexp"

	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// Definition is what a campaign is to do. It survives JSON, so that a ledger can
// keep it.
type Definition struct {
	// Name is that of the campaign, and of its ledger.
	Name string `json:"name"`
	// Workflow is the path of the workflow's document.
	Workflow string       `json:"workflow"`
	Table    Spec         `json:"table"`
	Inputs   []Assignment `json:"inputs,omitempty"`
	Derived  []Derived    `json:"derived,omitempty"`
	// Outputs are those that the ledger keeps of each row, as for run --outputs:
	// "end", "all", "none" or a list, in JSON; nothing means "end".
	Outputs     json.RawMessage `json:"outputs,omitempty"`
	Granularity Granularity     `json:"granularity"`
	// MaxInFlight bounds the rows that run at the same time; 0 is no limit.
	MaxInFlight int `json:"max_in_flight,omitempty"`
	// MaxFailures ends the campaign after so many failed rows; 0 is no limit.
	MaxFailures int `json:"max_failures,omitempty"`
	// Priority is among campaigns of a cluster: the highest goes first.
	Priority int `json:"priority,omitempty"`
	// Retries is how often a row that failed is tried again by itself. Rows that
	// were lost do not count.
	Retries int `json:"retries,omitempty"`
	// Cluster is the name of the cluster that runs it.
	Cluster string `json:"cluster,omitempty"`
}

// Granularity is what a worker gets as a whole.
type Granularity string

const (
	// ByRow executes all tasks of a row in one interpreter of one worker.
	ByRow Granularity = "row"
	// ByTask spreads the tasks of a row.
	ByTask Granularity = "task"
)

// limits of numbers in a definition.
const (
	maxCount    = 1_000_000_000
	maxPriority = 1_000_000
	maxRetries  = 1000
)

var validName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$`)

// CheckName refuses names of campaigns that are no good as names of files.
func CheckName(name string) error {
	if validName.MatchString(name) {
		return nil
	}
	return &Error{Message: fmt.Sprintf("%q is not a name for a campaign", name), Advice: "use up to 64 letters, digits, _ . and -"}
}

// Validate checks what can be checked without reading other files. It fills in
// the default of Granularity. Errors are of type Error.
func (d *Definition) Validate() error {
	if err := CheckName(d.Name); err != nil {
		return err
	}
	if d.Workflow == "" {
		return &Error{Message: "the campaign has no workflow", Advice: `write workflow = "FILE"`}
	}
	if _, err := d.OutputSelectors(); err != nil {
		return err
	}
	switch d.Granularity {
	case "":
		d.Granularity = ByRow
	case ByRow, ByTask:
	default:
		return &Error{Message: fmt.Sprintf("unknown granularity %q", d.Granularity), Advice: `choose "row" (all of a row in one interpreter) or "task"`}
	}
	for _, n := range []struct {
		name          string
		value, lo, hi int
	}{
		{"max_in_flight", d.MaxInFlight, 0, maxCount},
		{"max_failures", d.MaxFailures, 0, maxCount},
		{"priority", d.Priority, -maxPriority, maxPriority},
		{"retries", d.Retries, 0, maxRetries},
	} {
		if n.value < n.lo || n.value > n.hi {
			return &Error{Message: fmt.Sprintf("%s is %d", n.name, n.value), Advice: fmt.Sprintf("give a number from %d to %d", n.lo, n.hi)}
		}
	}
	return nil
}

// OutputSelectors are the outputs as the workflow selects them: nil for those of
// the end nodes, an empty list for none.
func (d *Definition) OutputSelectors() ([]workflow.OutputSelector, error) {
	text := textOf(d.Outputs)
	if text == "" {
		return nil, nil
	}
	selectors, err := workflow.ParseOutputs(text)
	if err == nil {
		return selectors, nil
	}
	if d.Outputs[0] != '[' {
		err = nil // that it is no list says the message
	}
	return nil, &Error{Message: fmt.Sprintf("%.100s is no selection of outputs", d.Outputs), Cause: err,
		Advice: `write "end", "all", "none", or a list like [{id = "node", name = "result", new_name = "a"}]`}
}
