package resource

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// MaxTime keeps sums of times far from overflow; Slurm has the same order of
// magnitude.
const MaxTime = 10 * 365 * 24 * time.Hour

var slurmTime = regexp.MustCompile(`^(?:[0-9]{1,9}|[0-9]{1,9}(?::[0-9]{1,9}){1,2}|[0-9]{1,9}-[0-9]{1,9}(?::[0-9]{1,9}){0,2})$`)

// ParseTime reads a time as sbatch does: minutes, M:S, H:M:S, D-H, D-H:M or
// D-H:M:S; and as Go does: "1h30m". Too long ones are more than MaxTime.
func ParseTime(text string) (time.Duration, error) {
	if slurmTime.MatchString(text) {
		return parseSlurmTime(text), nil
	}
	walltime, err := time.ParseDuration(text)
	if err != nil {
		return 0, refuse("%q is not a time", text).withHint(`write for example 00:30:00, 30 (minutes), 1-12 (days-hours) or 1h30m`)
	}
	return walltime, nil
}

// parseSlurmTime reads text that matches slurmTime. The fields of
// "D-..." begin with hours, those of the rest end with seconds.
func parseSlurmTime(text string) time.Duration {
	units := []time.Duration{time.Minute}
	var total time.Duration
	if days, rest, ok := strings.Cut(text, "-"); ok {
		total = field(days, 24*time.Hour)
		text = rest
		units = []time.Duration{time.Hour, time.Minute, time.Second}
	} else if n := strings.Count(text, ":"); n > 0 {
		units = []time.Duration{time.Hour, time.Minute, time.Second}[2-n:]
	}
	for i, value := range strings.Split(text, ":") {
		total += field(value, units[i])
	}
	return min(total, MaxTime+time.Second)
}

// field saturates above MaxTime, so that sums cannot overflow.
func field(text string, unit time.Duration) time.Duration {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n > int64(MaxTime/unit) {
		return MaxTime + time.Second
	}
	return time.Duration(n) * unit
}
