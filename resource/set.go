package resource

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// keys are the names of the fields of a Need, in documents and files.
var keys = []string{"cores", "memory", "gpus", "nodes", "time_limit", "pool"}

// Set gives a field a value as JSON and TOML hold them: numbers and texts. A number
// of memory is in bytes, one of a time in seconds. Errors have a hint.
func (n *Need) Set(key string, value any) (err error) {
	switch key {
	case "cores":
		n.Cores, err = whole(key, value, 1)
	case "gpus":
		n.GPUs, err = whole(key, value, 0)
	case "nodes":
		n.Nodes, err = whole(key, value, 1)
	case "memory":
		n.Memory, err = memory(value)
	case "time_limit":
		n.TimeLimit, err = timeLimit(value)
	case "pool":
		text, ok := value.(string)
		if !ok || text == "" || len(text) > 64 {
			return refuse("pool must be the name of a pool").withHint("")
		}
		n.Pool = text
	default:
		return refuse("unknown key %q in resources", key).withHint("known are " + strings.Join(keys, ", "))
	}
	return err
}

func whole(key string, value any, least float64) (int, error) {
	f, ok := number(value)
	if !ok || f != math.Trunc(f) || f < least || f > maxCount {
		return 0, refuse("%s must be a whole number from %v up", key, least)
	}
	return int(f), nil
}

func memory(value any) (Bytes, error) {
	if text, ok := value.(string); ok {
		bytes, err := ParseMemory(text)
		if err != nil {
			return 0, err
		}
		return bytes, nil
	}
	f, ok := number(value)
	if !ok || f != math.Trunc(f) || f < 1 || f > float64(maxBytes) {
		return 0, refuse("memory must be a text, or a number of bytes").withHint(`write for example "4GB" or "512MiB"`)
	}
	return Bytes(f), nil
}

func timeLimit(value any) (limit time.Duration, err error) {
	hint := `write for example "00:10:00", "90s", or a number of seconds`
	if text, ok := value.(string); ok {
		if _, err := strconv.Atoi(text); err == nil { // sbatch takes it for minutes, JSON for seconds
			return 0, refuse("time_limit %q could be minutes or seconds", text).withHint(hint)
		}
		if limit, err = ParseTime(text); err != nil {
			return 0, refuse("time_limit %q is not a time", text).withHint(hint)
		}
	} else {
		f, ok := number(value)
		if !ok {
			return 0, refuse("time_limit must be a text or a number of seconds").withHint(hint)
		}
		limit = time.Duration(math.Round(min(f, 2*MaxTime.Seconds()) * float64(time.Second)))
	}
	if limit < time.Millisecond || limit > MaxTime {
		return 0, refuse("time_limit is out of range").withHint(hint)
	}
	return limit, nil
}

func number(value any) (float64, bool) {
	switch n := value.(type) {
	case float64:
		return n, true
	case int64:
		return float64(n), true
	case json.Number:
		f, err := n.Float64()
		return f, err == nil
	}
	return 0, false
}

// UnmarshalJSON reads what AppendJSON wrote.
func (n *Need) UnmarshalJSON(data []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	for key, raw := range fields {
		if err := n.SetJSON(key, raw); err != nil {
			return err
		}
	}
	return nil
}

// SetJSON is Set for a value as JSON text; null is the same as no value.
func (n *Need) SetJSON(key string, raw []byte) error {
	var value any
	numbers := json.NewDecoder(bytes.NewReader(raw))
	numbers.UseNumber()
	if err := numbers.Decode(&value); err != nil || value == nil {
		return err
	}
	return n.Set(key, value)
}

// MarshalJSON is AppendJSON.
func (n Need) MarshalJSON() ([]byte, error) { return n.AppendJSON(nil), nil }

// AppendJSON writes the fields that are said, as Set reads them.
func (n Need) AppendJSON(out []byte) []byte {
	first := true
	field := func(key string) {
		if !first {
			out = append(out, ',')
		}
		first = false
		out = append(strconv.AppendQuote(out, key), ':')
	}
	out = append(out, '{')
	if n.Cores > 0 {
		field("cores")
		out = strconv.AppendInt(out, int64(n.Cores), 10)
	}
	if n.Memory > 0 {
		field("memory")
		if text := n.Memory.String(); text[len(text)-1] == 'B' {
			out = strconv.AppendQuote(out, text)
		} else {
			out = append(out, text...)
		}
	}
	if n.GPUs > 0 {
		field("gpus")
		out = strconv.AppendInt(out, int64(n.GPUs), 10)
	}
	if n.Nodes > 0 {
		field("nodes")
		out = strconv.AppendInt(out, int64(n.Nodes), 10)
	}
	if n.TimeLimit > 0 {
		field("time_limit")
		out = strconv.AppendFloat(out, n.TimeLimit.Seconds(), 'f', -1, 64)
	}
	if n.Pool != "" {
		field("pool")
		text, _ := json.Marshal(n.Pool) // of a string
		out = append(out, text...)
	}
	return append(out, '}')
}
