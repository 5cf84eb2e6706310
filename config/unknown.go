package config

import (
	"fmt"
	"slices"
	"strings"
)

// unknownError is a name that means nothing, and the one that may be meant.
type unknownError struct {
	where, what, name string
	known             []string
}

func unknown(what, name string, known []string, where string) unknownError {
	return unknownError{where: where, what: what, name: name, known: known}
}

func (e unknownError) Error() string {
	message := fmt.Sprintf("unknown %s %q", e.what, e.name)
	if e.where != "" {
		return e.where + ": " + message
	}
	return message
}

// Hint proposes the nearest known name, or lists all.
func (e unknownError) Hint() string {
	if name := nearest(e.name, e.known); name != "" {
		return fmt.Sprintf("did you mean %q?", name)
	}
	known := slices.Clone(e.known)
	slices.Sort(known)
	return "known are: " + strings.Join(slices.Compact(known), ", ")
}

func (e unknownError) text() string {
	if name := nearest(e.name, e.known); name != "" {
		return e.Error() + ", did you mean " + name + "?"
	}
	return e.Error()
}

// misplacedError is an option of a pool that stands outside of one.
type misplacedError struct{ where, name string }

func (e misplacedError) Error() string {
	return fmt.Sprintf("%s: %q is an option of a pool", e.where, e.name)
}

// Hint says where it belongs.
func (e misplacedError) Hint() string {
	return "put it below a line [pool.default], or the name of another pool"
}

// nearest returns the known name at the least edit distance, "" when that is
// more than two and more than a third of the length.
func nearest(name string, known []string) string {
	if len(name) > 100 {
		return ""
	}
	best, least := "", max(2, len(name)/3)+1
	for _, candidate := range known {
		if d := distance(strings.ReplaceAll(name, "-", "_"), strings.ReplaceAll(candidate, "-", "_")); d < least {
			best, least = candidate, d
		}
	}
	return best
}

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
