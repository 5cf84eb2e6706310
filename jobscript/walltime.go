package jobscript

import (
	"fmt"
	"strconv"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/resource"
)

// maxWalltime keeps sums of times far from overflow.
const maxWalltime = resource.MaxTime

// ParseWalltime reads a time limit as sbatch does: minutes, M:S, H:M:S, D-H,
// D-H:M or D-H:M:S; and as Go does: "1h30m". The limit has whole seconds and is
// at least one second, since sbatch takes 0 for "no limit".
func ParseWalltime(text string) (time.Duration, error) {
	walltime, err := resource.ParseTime(text)
	if err != nil {
		return 0, refusal(err)
	}
	return walltime, checkWalltime(walltime)
}

func checkWalltime(walltime time.Duration) error {
	switch {
	case walltime < time.Second || walltime > maxWalltime:
		return refuse("%v is out of range", walltime).withHint("leave it out for the limit of the partition")
	case walltime%time.Second != 0:
		return refuse("%v has a fraction of a second", walltime)
	}
	return nil
}

// FormatWalltime writes a time limit for --time: "00:20:00" or "1-12:00:00".
func FormatWalltime(walltime time.Duration) string {
	seconds := int64(walltime / time.Second)
	clock := fmt.Sprintf("%02d:%02d:%02d", seconds/3600%24, seconds/60%60, seconds%60)
	if days := seconds / 86400; days > 0 {
		return itoa(days) + "-" + clock
	}
	return clock
}

// parseTimeout reads "90s", "2m" or a bare number of seconds.
func parseTimeout(text string) (time.Duration, error) {
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		text = itoa(int64(seconds)) + "s"
	}
	timeout, err := time.ParseDuration(text)
	if err != nil {
		return 0, refuse("%q is not a duration", text).withHint("write for example 60s or 2m")
	}
	return timeout, checkTimeout(timeout)
}

func checkTimeout(timeout time.Duration) error {
	if timeout < time.Second || timeout > maxWalltime || timeout%time.Second != 0 {
		return refuse("%v is not a whole number of seconds from 1s up", timeout)
	}
	return nil
}

func formatSeconds(d time.Duration) string { return itoa(int64(d/time.Second)) + "s" }

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
