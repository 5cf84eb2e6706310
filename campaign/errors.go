package campaign

import (
	"fmt"
	"slices"
	"strings"
)

// Error is a table, campaign file or mapping that cannot be used.
type Error struct {
	// Where is the file, line and column, or the key, as far as they are known.
	Where   string
	Message string
	Advice  string
	Cause   error
}

// Error is one line: where, and what is wrong.
func (e *Error) Error() string {
	message := e.Message
	switch {
	case e.Cause != nil && message == "":
		message = e.Cause.Error()
	case e.Cause != nil:
		message += ": " + e.Cause.Error()
	}
	if e.Where == "" {
		return message
	}
	return e.Where + ": " + message
}

// Unwrap returns the cause, if there is one.
func (e *Error) Unwrap() error { return e.Cause }

// Hint says what to change.
func (e *Error) Hint() string { return e.Advice }

// shown bounds the lists of names in hints.
const shown = 20

// suggest proposes the known name that is nearest to one that is not known, or
// lists them.
func suggest(name string, known []string) string {
	if best := nearest(name, known); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	if len(known) == 0 {
		return "there are none"
	}
	return "there are: " + list(known)
}

func list(names []string) string {
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
}

// nearest is the known name at the least edit distance, "" if that is more than
// a third of the name, and more than 2.
func nearest(name string, known []string) string {
	if len(name) > 100 {
		return ""
	}
	best, least := "", max(2, len(name)/3)+1
	for _, candidate := range known {
		if len(candidate) > 200 {
			continue
		}
		if d := distance(name, candidate); d < least && d < len(name) {
			best, least = candidate, d
		}
	}
	return best
}

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, 1, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			substitute := last[j]
			if a[i] != b[j] {
				substitute++
			}
			row = append(row, slices.Min([]int{substitute, last[j+1] + 1, row[j] + 1}))
		}
		last = row
	}
	return last[len(b)]
}
