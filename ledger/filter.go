package ledger

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
)

// Filter chooses rows. The zero value is all of them. Values that people wrote
// are only ever bound to the query, never part of it.
type Filter struct {
	where string
	args  []any
}

// And chooses the rows that both choose.
func (f Filter) And(g Filter) Filter {
	switch {
	case f.where == "":
		return g
	case g.where == "":
		return f
	}
	return Filter{"(" + f.where + ") AND (" + g.where + ")", slices.Concat(f.args, g.args)}
}

// sql puts a condition of this package before the filter.
func (f Filter) sql(condition string) (where string, args []any) {
	if f.where == "" {
		return condition, nil
	}
	return condition + " AND (" + f.where + ")", slices.Clone(f.args)
}

// InState chooses the rows in a state.
func InState(s campaign.State) Filter { return Filter{"state = ?", []any{string(s)}} }

// maxRanges bounds a list of rows.
const maxRanges = 1000

// ParseNumbers reads a list of rows as people write it: "3,7,10-20".
func ParseNumbers(list string) (Filter, error) {
	parts := strings.Split(list, ",")
	if len(parts) > maxRanges {
		return Filter{}, &FilterError{Text: list, Message: fmt.Sprintf("more than %d parts", maxRanges)}
	}
	var f Filter
	var conditions []string
	for _, part := range parts {
		low, high, isRange := strings.Cut(strings.TrimSpace(part), "-")
		from, err := strconv.ParseUint(strings.TrimSpace(low), 10, 62)
		to := from
		if isRange && err == nil {
			to, err = strconv.ParseUint(strings.TrimSpace(high), 10, 62)
		}
		if err != nil || to < from {
			return Filter{}, &FilterError{Text: list, At: strings.Index(list, part), Message: fmt.Sprintf("%q is no row", strings.TrimSpace(part)), Advice: "write numbers and ranges of rows, like 3,7,10-20; the first row is 0"}
		}
		conditions = append(conditions, "number BETWEEN ? AND ?")
		f.args = append(f.args, int64(from), int64(to))
	}
	f.where = strings.Join(conditions, " OR ")
	return f, nil
}

// FilterError is a filter that cannot be understood.
type FilterError struct {
	Text string
	// At is the offset in bytes.
	At      int
	Message string
	Advice  string
}

// Error shows where in the filter it is.
func (e *FilterError) Error() string {
	return fmt.Sprintf("filter %q, at %d: %s", excerpt(e.Text), e.At+1, e.Message)
}

// Hint shows what a filter looks like.
func (e *FilterError) Hint() string {
	if e.Advice != "" {
		return e.Advice
	}
	return "write conditions like error~=Timeout, node=n1, row<100 or params.threshold>=3, joined by and, or, not and ( )"
}

func excerpt(text string) string {
	if len(text) > 200 {
		return strings.ToValidUTF8(text[:200], "") + "..."
	}
	return text
}

// InStates chooses the rows in any of these states.
func InStates(states ...campaign.State) Filter {
	f := Filter{where: "state IN (" + strings.TrimSuffix(strings.Repeat("?,", len(states)), ",") + ")"}
	for _, s := range states {
		f.args = append(f.args, string(s))
	}
	return f
}
