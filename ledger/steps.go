package ledger

import (
	"encoding/json"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// MaxSteps bounds the steps that are kept of one attempt.
const MaxSteps = 1000

// A step is kept as [node, start, duration] or, if it failed, [node, start,
// duration, 1], with times in microseconds: there may be a million rows.

// encodeSteps is NULL for none.
func encodeSteps(steps []task.Step) any {
	if len(steps) == 0 {
		return nil
	}
	steps = steps[:min(len(steps), MaxSteps)]
	list := make([][]any, len(steps))
	for i, s := range steps {
		list[i] = []any{s.Node, s.After.Microseconds(), s.Duration.Microseconds()}
		if s.Failed {
			list[i] = append(list[i], 1)
		}
	}
	data, err := json.Marshal(list)
	if err != nil {
		return nil
	}
	return string(data)
}

// decodeSteps leaves out what encodeSteps did not write.
func decodeSteps(text string) (steps []task.Step) {
	var list [][]json.RawMessage
	if text == "" || json.Unmarshal([]byte(text), &list) != nil {
		return nil
	}
	for _, fields := range list {
		var s task.Step
		var after, duration int64
		if len(fields) < 3 || json.Unmarshal(fields[0], &s.Node) != nil || json.Unmarshal(fields[1], &after) != nil || json.Unmarshal(fields[2], &duration) != nil {
			continue
		}
		s.After, s.Duration, s.Failed = time.Duration(after)*time.Microsecond, time.Duration(duration)*time.Microsecond, len(fields) > 3
		steps = append(steps, s)
	}
	return steps
}
