package task

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"
)

// Whole is what is particular to a run that is executed as one task, see RunType.
type Whole struct {
	// Inputs are a list of ewoks graph inputs, as JSON; none is empty or null.
	Inputs json.RawMessage `json:"inputs"`
	// Outputs are a list of SelectedOutput, as JSON; empty or null means all outputs
	// of the end nodes.
	Outputs json.RawMessage `json:"outputs"`
	// Limit bounds the time of each task of the run; zero means no limit.
	Limit time.Duration `json:"limit,omitempty"`
	// KeepGoing lets other branches go on after an error that is not handled.
	KeepGoing bool `json:"keep_going,omitempty"`
}

// SelectedOutput is an output of the node at a position; without a name, all of
// them.
type SelectedOutput struct {
	Node int    `json:"node"`
	Name string `json:"name,omitempty"`
	As   string `json:"as,omitempty"`
}

// WholeInput is the name of the input of a request that holds a Whole as JSON.
const WholeInput = "run"

// Whole reads what is particular to the run that a request of RunType asks for.
func (r *Request) Whole() (w Whole, err error) {
	for _, in := range r.Inputs {
		if in.Name != WholeInput || in.Value.Kind != Literal {
			continue
		}
		if err := json.Unmarshal(in.Value.JSON, &w); err != nil {
			return w, fmt.Errorf("input %q of %s: %w", WholeInput, r.ID, err)
		}
		if w.Limit < 0 {
			return w, fmt.Errorf("input %q of %s: limit of %s, want 0 or more", WholeInput, r.ID, w.Limit)
		}
		return w, nil
	}
	return w, fmt.Errorf("%s has no input %q", r.ID, WholeInput)
}

// DocumentIdentifier is the identifier of a flat workflow document: SHA-256 of its
// text in lower-case hexadecimal.
func DocumentIdentifier(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// DocumentPath is where the document with this identifier is in the value store. It
// fails for what is no identifier, so that no other file is ever meant.
func DocumentPath(store, identifier string) (string, error) {
	sum, err := hex.DecodeString(identifier)
	if err != nil || len(sum) != sha256.Size || hex.EncodeToString(sum) != identifier {
		return "", fmt.Errorf("%.80q is not the identifier of a workflow document", identifier)
	}
	return filepath.Join(store, "workflows", identifier+".json"), nil
}
