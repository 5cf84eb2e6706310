package docs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// varying is what differs from one time to the next. The first replaces what the
// second would take a part of.
var varying = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`\b01[0-9A-HJKMNP-TV-Z]{24}`), "RUN"},
	{regexp.MustCompile(`\b[0-9A-Z]{6}-[\d.]+-\d+-\d+\b`), "WORKER"},
	{regexp.MustCompile(`tls://[^\s",;]+`), "tls://ADDRESS"},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "127.0.0.1:PORT"},
	{regexp.MustCompile(`-L \d+:`), "-L PORT:"},
	{regexp.MustCompile(`token=[\w.-]+`), "token=TOKEN"},
	{regexp.MustCompile(`\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?`), "DATE"},
	{regexp.MustCompile(`\b(\d+h)?(\d+m)?\d+(\.\d+)?(h|m|ms|us|µs|s)\b`), "TIME"},
	{regexp.MustCompile(`\bprocess \d+`), "process PID"},
	{regexp.MustCompile(`[ \t]+`), " "},
	{regexp.MustCompile(`-{3,}`), "---"},
}

func same(line string) string {
	for _, v := range varying {
		line = v.pattern.ReplaceAllString(line, v.with)
	}
	return strings.TrimSpace(line)
}

// compare returns what is wrong with the lines that were printed; "..." in those that
// should be is any text, or alone in its line any number of lines.
func compare(want, got []string) error {
	fits := make([]bool, len(want)+1) // whether the first i wanted lines fit the printed ones so far
	fits[0] = true
	skip(want, fits)
	best := 0 // how many wanted lines were found at most
	for n, line := range got {
		next := make([]bool, len(want)+1)
		for i, w := range want {
			switch {
			case isAny(w):
				next[i+1] = fits[i+1] || next[i]
			case fits[i] && matches(w, line):
				next[i+1] = true
			}
			if next[i+1] {
				best = max(best, i+1)
			}
		}
		if !slices.Contains(next, true) {
			return fmt.Errorf("line %d of the output does not fit: %s", n+1, line)
		}
		fits = next
		skip(want, fits)
	}
	if !fits[len(want)] {
		return fmt.Errorf("the output does not have the line: %s", want[min(best, len(want)-1)])
	}
	return nil
}

// skip lets "..." be no line.
func skip(want []string, fits []bool) {
	for i, w := range want {
		fits[i+1] = fits[i+1] || fits[i] && isAny(w)
	}
}

func isAny(line string) bool { return strings.TrimSpace(line) == "..." }

func matches(want, got string) bool {
	want, got = same(want), same(got)
	pattern := strings.ReplaceAll(regexp.QuoteMeta(want), `\.\.\.`, ".*")
	return regexp.MustCompile("^" + pattern + "$").MatchString(got)
}

// progress is what a command tells now and then, if it takes long.
var progress = regexp.MustCompile(`^(\d+ of \d+ (tasks|rows) done\b|waiting: )`)

// printed splits an output into lines as a page shows them.
func printed(text string) (lines []string) {
	if text = strings.TrimRight(text, "\n"); text == "" {
		return nil
	}
	return slices.DeleteFunc(strings.Split(text, "\n"), progress.MatchString)
}
