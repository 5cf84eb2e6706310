package report_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/report"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

var began = time.Date(2026, 3, 1, 20, 0, 0, 0, time.UTC)

// night is a made-up campaign: rows of three nodes on workers of several slots.
type night struct {
	r                    *rand.Rand
	rows, workers, slots int
	failing              float64 // of attempts
	median               [3]float64
}

var nodeNames = [3]string{"read", "integrate", "save"}

const document = `{"graph":{"id":"scan","label":"Azimuthal integration","schema_version":"1.1"},
	"nodes":[{"id":"read","label":"Read frames","task_type":"class","task_identifier":"tasks.Read"},
	{"id":"integrate","task_type":"class","task_identifier":"tasks.Integrate"},
	{"id":"save","task_type":"class","task_identifier":"tasks.Save"},
	{"id":"alarm","task_type":"method","task_identifier":"tasks.alarm"}],
	"links":[{"source":"read","target":"integrate","data_mapping":[{"source_output":"frames","target_input":"frames"}]},
	{"source":"integrate","target":"save","data_mapping":[{"source_output":"pattern","target_input":"pattern"}]},
	{"source":"save","target":"alarm","on_error":true,"map_all_data":true}]}`

// attempts gives them in the order of their ends on each slot.
func (n night) attempts(yield func(task.Attempt) bool) {
	free := make([]time.Time, n.workers*n.slots)
	for i := range free {
		free[i] = began.Add(time.Duration(n.r.IntN(20_000)) * time.Millisecond)
	}
	for row := range n.rows {
		for node, name := range nodeNames {
			for number := 1; ; number++ {
				slot := 0
				for i := range free {
					if free[i].Before(free[slot]) {
						slot = i
					}
				}
				a := n.one(slot, free[slot])
				a.Row, a.Run, a.Task, a.Number, a.Node, a.Identifier = row, fmt.Sprintf("RUN%07d", row), uint64(node+1), number, name, "tasks."+name
				took := n.median[node] * math.Exp(n.r.NormFloat64()*0.4)
				if n.r.IntN(4000) == 0 {
					took *= 25
				}
				a.Ended = a.Started.Add(time.Duration(took * 1e9))
				free[slot] = a.Ended.Add(3 * time.Millisecond)
				if n.r.Float64() < n.failing*float64(number%3) {
					n.spoil(&a)
				}
				if !yield(a) {
					return
				}
				if a.Status == "succeeded" || number == 3 {
					break
				}
			}
		}
	}
}

func (n night) one(slot int, start time.Time) task.Attempt {
	worker := slot / n.slots
	return task.Attempt{
		Campaign: "night-42", Worker: fmt.Sprintf("01JB9ZQ-%d_%d", 4711, worker), Host: fmt.Sprintf("node%02d", worker/2), Pool: "cpu",
		Job: fmt.Sprintf("4711_%d", worker), Cores: 2, Started: start, Status: "succeeded", PeakMemory: int64(2e8 + 3e8*n.r.Float64()),
	}
}

func (n night) spoil(a *task.Attempt) {
	a.Status = "failed"
	switch n.r.IntN(6) {
	case 0:
		a.Status, a.Failure = "lost", task.Failure{Cause: task.Gone, Message: "the worker vanished"}
	case 1:
		a.Failure = task.Failure{Cause: task.OutOfMemory, Message: "the memory that the interpreter may use is exhausted", Advice: "give the node more memory with --mem, or use --oom-retries"}
	default:
		name := fmt.Sprintf("/data/visitor/ma1234/scan_%05d.h5", a.Row)
		a.Failure = task.Failure{
			Cause: task.Exception, Type: "FileNotFoundError", Message: fmt.Sprintf("[Errno 2] No such file or directory: '%s'", name),
			Traceback: strings.Repeat("  File \"tasks.py\", line 12, in run\n    with h5py.File(self.inputs.filename) as f:\n", 4) + "FileNotFoundError: " + name + "\n",
		}
	}
}

func (n night) about(ended time.Time) report.Description {
	d := report.Description{
		Kind: report.KindCampaign, Name: "night-42", Cluster: "beamline", User: "visitor", Label: "Azimuthal integration", Status: "ended",
		Submitted: began.Add(-95 * time.Second), Ended: ended, Workflow: json.RawMessage(document),
		Counts: map[string]int{"done": n.rows - n.rows/50, "failed": n.rows / 50}, Reasons: []report.Reason{{Rows: n.rows / 50, Text: "FileNotFoundError in read"}},
		Definition: json.RawMessage(`{"name":"night-42","workflow":"scan.json","granularity":"task"}`), Provenance: json.RawMessage(`{"ewoks-hpc":"1.0","python":"3.11.2"}`),
	}
	for w := range n.workers {
		d.Jobs = append(d.Jobs, report.Job{ID: fmt.Sprintf("4711_%d", w), Pool: "cpu", Cores: 2 * n.slots, Queued: d.Submitted, Started: d.Submitted.Add(time.Duration(20+3*w) * time.Second), Ended: ended})
	}
	return d
}

// made is the report of a night.
func (n night) made() *report.Data {
	b := report.NewBuilder()
	var last time.Time
	for a := range n.attempts {
		b.Add(&a)
		if a.Ended.After(last) {
			last = a.Ended
		}
	}
	return b.Data(n.about(last), last.Add(time.Minute))
}
