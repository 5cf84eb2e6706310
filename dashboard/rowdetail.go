package dashboard

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Rows tell of one row of a campaign: its parameters, and all attempts at it.
type Rows interface {
	// Row takes the name of a campaign and a number from 0. The error is ErrNotFound
	// if there is no such campaign or row.
	Row(ctx context.Context, campaign string, row int) (RowDetail, error)
}

// RowDetail is a row of a campaign, in full.
type RowDetail struct {
	Campaign string `json:"campaign"`
	Row      int    `json:"row"`
	// State is a word of Campaign's counts.
	State      string  `json:"state"`
	Parameters []Value `json:"parameters"`
	// Outputs are those that the campaign asks for, once the row is done.
	Outputs []Value `json:"outputs,omitempty"`
	// Attempts are in their order, the last one is the newest.
	Attempts []RowAttempt `json:"attempts"`
	// LeftOut is how many older attempts did not fit.
	LeftOut int `json:"left_out"`
	// More says that there is a row after it.
	More bool `json:"more,omitempty"`
}

// Value is a parameter or an output; Value is JSON, or a text as it is.
type Value struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// RowAttempt is one attempt at a row. What is not known is absent.
type RowAttempt struct {
	// Number counts from 1.
	Number int `json:"number"`
	// State is that of the row, or "lost" or "interrupted".
	State string `json:"state"`
	// Queued attempts run by their State, but wait for a worker.
	Queued  bool      `json:"queued,omitempty"`
	Run     string    `json:"run,omitempty"`
	Worker  string    `json:"worker,omitempty"`
	Host    string    `json:"host,omitempty"`
	Job     string    `json:"job,omitempty"`
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
	// PeakMemory is in bytes.
	PeakMemory int64 `json:"peak_memory,omitempty"`
	// Failure tells why it did not succeed; its Node is the one that failed.
	Failure task.Failure `json:"failure,omitzero"`
	Steps   []RowStep    `json:"steps,omitempty"`
	Printed []Printed    `json:"printed,omitempty"`
}

// RowStep is a task of a row; After is from the start of the attempt to its own, in seconds.
type RowStep struct {
	Node    string  `json:"node"`
	After   float64 `json:"after"`
	Seconds float64 `json:"seconds"`
	Failed  bool    `json:"failed,omitempty"`
}

// Printed is what a task printed; Node is empty if that is not known.
type Printed struct {
	Node   string `json:"node,omitempty"`
	Stdout string `json:"stdout,omitempty"`
	Stderr string `json:"stderr,omitempty"`
}

// row is GET /api/campaigns/NAME/rows/ROW.
func (h *Handler) row(w http.ResponseWriter, r *http.Request) {
	if h.o.Rows == nil {
		h.refuseError(w, ErrNotFound)
		return
	}
	name, text := r.PathValue("name"), r.PathValue("row")
	number, err := strconv.Atoi(text)
	if err != nil || number < 0 {
		clip(maxName, &text)
		h.refuseJSON(w, http.StatusBadRequest, fmt.Errorf("row %q: want a number from 0", text))
		return
	}
	d, err := h.o.Rows.Row(r.Context(), name, number)
	if err != nil {
		h.refuseError(w, err)
		return
	}
	h.sendJSON(w, boundRow(d))
}

// What one row may hold.
const (
	maxRowAttempts = 20
	maxValues      = 200
	maxPrinted     = 16 << 10 // bytes of one stream of one task
	maxRowPrinted  = 1 << 20  // bytes of all that a row printed
)

func boundRow(d RowDetail) RowDetail {
	clip(maxName, &d.Campaign, &d.State)
	d.Parameters, d.Outputs = boundValues(d.Parameters), boundValues(d.Outputs)
	d.LeftOut = max(0, len(d.Attempts)-maxRowAttempts)
	d.Attempts, _ = first(maxRowAttempts, d.Attempts[d.LeftOut:])
	left := maxRowPrinted
	for i := len(d.Attempts) - 1; i >= 0; i-- { // the newest says most
		boundRowAttempt(&d.Attempts[i], &left)
	}
	return d
}

func boundValues(values []Value) []Value {
	values, _ = first(maxValues, values)
	for i := range values {
		clip(maxName, &values[i].Name)
		clip(maxText, &values[i].Value)
	}
	return values
}

func boundRowAttempt(a *RowAttempt, left *int) {
	clip(maxName, &a.State, &a.Run, &a.Worker, &a.Host, &a.Job)
	boundFailure(&a.Failure)
	a.Steps, _ = first(maxNodes, a.Steps)
	for i := range a.Steps {
		clip(maxName, &a.Steps[i].Node)
	}
	a.Printed, _ = first(maxRows, a.Printed)
	for i := range a.Printed {
		p := &a.Printed[i]
		clip(maxName, &p.Node)
		for _, text := range []*string{&p.Stdout, &p.Stderr} {
			*text = end(printable(*text), min(maxPrinted, *left))
			*left -= len(*text)
		}
	}
}

// boundFailure keeps more than a table does: somebody wants to know why.
func boundFailure(f *task.Failure) {
	clip(maxName, (*string)(&f.Cause), &f.Type, &f.Node)
	clip(maxTraceback, &f.Message, &f.Advice)
	clip(4*maxTraceback, &f.Traceback)
}

// end keeps the last n bytes of a text, which tell how it went out.
func end(text string, n int) string {
	if len(text) <= n {
		return text
	}
	if n <= 0 {
		return "…"
	}
	text = "… " + text[len(text)-n:]
	clip(len(text), &text)
	return text
}
