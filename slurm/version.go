package slurm

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// needed are the commands that a cluster of worker jobs cannot do without.
var needed = []string{"sbatch", "squeue", "scancel", "scontrol"}

// OldestVersion is the oldest release whose commands were read, year and month.
// 22.05 and 24.11 were run.
const OldestVersion = "20.11"

// Missing lists the commands that are needed and not in the PATH of this process.
func Missing() (names []string) {
	for _, name := range needed {
		if _, err := exec.LookPath(name); err != nil {
			names = append(names, name)
		}
	}
	return names
}

// Version is that of the commands of this machine, "22.05.8"; the controller may
// have another, see [CLI.Probe].
func (c *CLI) Version(ctx context.Context) (string, error) {
	out, err := c.read(ctx, "sbatch", "--version")
	if err != nil {
		return "", err
	}
	words := strings.Fields(out) // "slurm 24.11.5", "slurm-wlm 22.05.8"
	if len(words) < 2 {
		return "", &Error{Kind: ErrUnsupported, Command: "sbatch", Cause: fmt.Errorf("version %.80q is not understood", out)}
	}
	return words[1], nil
}

var release = regexp.MustCompile(`^([0-9]{2})\.([0-9]{2})(\D|$)`)

// Supported says whether this program knows the commands of a release, as far as
// its version can be read.
func Supported(version string) bool {
	number := func(text string) int {
		match := release.FindStringSubmatch(text)
		if match == nil {
			return 0
		}
		n, _ := strconv.Atoi(match[1] + match[2]) // four digits
		return n
	}
	return number(version) >= number(OldestVersion)
}

// Ping asks whether the controllers answer. It returns Slurm's line about each,
// "Slurmctld(primary) at host is UP", and how many are up.
func (c *CLI) Ping(ctx context.Context) (lines []string, up int, err error) {
	out := run(ctx, invocation{name: "scontrol", args: []string{"ping"}, timeout: c.opts.Timeout, env: append(c.opts.Env, readEnv...)})
	for line := range strings.Lines(out.stdout) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "Slurmctld") {
			lines = append(lines, line)
			if strings.HasSuffix(line, " UP") {
				up++
			}
		}
	}
	if len(lines) == 0 { // else the exit code says no more than the lines
		err = out.readError()
	}
	return lines, up, err
}
