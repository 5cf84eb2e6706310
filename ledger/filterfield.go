package ledger

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
)

// paramsPrefix is before the name of a column of the table.
const paramsPrefix = "params."

// field is what a condition may be about: an expression, and how its values are
// read.
type field struct {
	name  string
	sql   string
	value func(text string) (any, error)
}

// fields are those of every ledger, in the order in which they are listed.
var fields = []field{
	{"row", "number", integer},
	{"state", "state", state},
	{"attempts", "attempts", integer},
	{"cause", "cause", nil},
	{"error", "CASE WHEN error_type IS NOT NULL THEN error_type || ': ' || coalesce(message, '') END", nil},
	{"type", "error_type", nil},
	{"message", "message", nil},
	{"task", "task", nil},
	{"node", "node", nil},
	{"worker", "worker", nil},
	{"job", "job", nil},
	{"run", "run", nil},
	{"log", "log", nil},
	{"key", "key", nil},
	{"priority", "priority", integer},
	{"duration", "ended - started", duration},
	{"memory", "memory", memory},
}

// condition makes SQL of a condition. Each is true or false, never NULL, so that
// its opposite is what people expect.
func condition(name, operator, text string) (Filter, *FilterError) {
	f, args, failure := lookUp(name)
	if failure != nil {
		return Filter{}, failure
	}
	if operator == "~=" || operator == "!~" {
		pattern := "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(text) + "%"
		not := map[string]string{"~=": "", "!~": "NOT "}[operator]
		return Filter{"coalesce(" + f.sql + ", '') " + not + `LIKE ? ESCAPE '\'`, append(args, pattern)}, nil
	}
	var value any = text
	if f.value != nil {
		var err error
		if value, err = f.value(text); err != nil {
			return Filter{}, &FilterError{Message: fmt.Sprintf("%s: %v", name, err)}
		}
	}
	switch operator {
	case "=":
		return Filter{"(" + f.sql + ") IS ?", append(args, value)}, nil
	case "!=":
		return Filter{"(" + f.sql + ") IS NOT ?", append(args, value)}, nil
	}
	return Filter{"coalesce((" + f.sql + ") " + operator + " ?, 0)", append(args, value)}, nil
}

func lookUp(name string) (f field, args []any, failure *FilterError) {
	if column, ok := strings.CutPrefix(name, paramsPrefix); ok {
		if strings.ContainsAny(column, "\"\\") || column == "" {
			return f, nil, &FilterError{Message: fmt.Sprintf("%q is no column that can be asked for", column)}
		}
		return field{name, "json_extract(params, ?)", parameter}, []any{`$."` + column + `"`}, nil
	}
	i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
	if i < 0 {
		var names []string
		for _, f := range fields {
			names = append(names, f.name)
		}
		return f, nil, &FilterError{Message: fmt.Sprintf("there is no field %q", name),
			Advice: "fields are " + strings.Join(names, ", ") + ", and params.COLUMN for the columns of the table"}
	}
	return fields[i], nil, nil
}

func integer(text string) (any, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%q is not a whole number", text)
	}
	return n, nil
}

func state(text string) (any, error) {
	if !slices.Contains(campaign.States(), campaign.State(text)) {
		return nil, fmt.Errorf("%q is not a state; states are %v", text, campaign.States())
	}
	return text, nil
}

// duration is in microseconds.
func duration(text string) (any, error) {
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && math.Abs(seconds) < 1e12 {
		return int64(seconds * 1e6), nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return nil, fmt.Errorf("%q is not a time, like 90s or 1h30m", text)
	}
	return d.Microseconds(), nil
}

// memory is in bytes; K, M, G and T are powers of 1024, as in Slurm.
func memory(text string) (any, error) {
	number, unit := text, 1.0
	if n := len(text); n > 0 {
		if i := strings.IndexByte("KMGT", text[n-1]&^0x20); i >= 0 {
			number, unit = text[:n-1], math.Pow(1024, float64(i+1))
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if n *= unit; err != nil || !(math.Abs(n) < 1e18) {
		return nil, fmt.Errorf("%q is not a size, like 500M or 2G", text)
	}
	return int64(n), nil
}

// parameter reads a value as a cell of a table, and as SQLite sees it.
func parameter(text string) (any, error) {
	var value any
	if err := json.Unmarshal(campaign.ParseCell(text), &value); err != nil {
		return text, nil
	}
	switch v := value.(type) {
	case bool:
		if v {
			return int64(1), nil
		}
		return int64(0), nil
	case float64:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n, nil
		}
		return v, nil
	case string:
		return v, nil
	case nil:
		return nil, nil
	}
	return string(campaign.ParseCell(text)), nil
}
