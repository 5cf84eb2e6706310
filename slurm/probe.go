package slurm

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Info is what this Slurm says about itself.
type Info struct {
	Version        string        // "22.05.8"
	ClusterName    string        // of slurm.conf
	MaxArraySize   int           // a job array has at most this many tasks, and 1 less than the setting
	MaxJobCount    int           // jobs of all users, each array task counted
	MinJobAge      time.Duration // how long an ended job stays listed
	MessageTimeout time.Duration // how long a command waits for the controller
	KillWait       time.Duration // between SIGTERM and SIGKILL of a cancelled job
	Accounting     bool          // History can ask a database
	Completions    bool          // History can read the log of completed jobs
}

// Probe asks the controller for its configuration.
func (c *CLI) Probe(ctx context.Context) (Info, error) {
	out, err := c.read(ctx, "scontrol", "show", "config")
	if err != nil {
		return Info{}, err
	}
	info, err := parseInfo(out)
	if err != nil {
		return Info{}, &Error{Kind: ErrUnsupported, Command: "scontrol", Cause: err}
	}
	c.patient.Store(int64(info.MessageTimeout))
	return info, nil
}

// messageTimeout is the controller's, or Slurm's default while it does not answer.
func (c *CLI) messageTimeout(ctx context.Context) time.Duration {
	if c.patient.Load() == 0 {
		if _, err := c.Probe(ctx); err != nil {
			return defaultMessageTimeout
		}
	}
	return time.Duration(c.patient.Load())
}

func parseInfo(text string) (Info, error) {
	settings := map[string]string{}
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(line, "="); ok {
			settings[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	info := Info{
		Version:     settings["SLURM_VERSION"],
		ClusterName: settings["ClusterName"],
		Accounting:  isSet(settings["AccountingStorageType"]),
		Completions: isSet(settings["JobCompType"]),
	}
	if info.Version == "" {
		return Info{}, fmt.Errorf("no SLURM_VERSION in the configuration")
	}
	for key, to := range map[string]*int{"MaxArraySize": &info.MaxArraySize, "MaxJobCount": &info.MaxJobCount} {
		n, err := strconv.Atoi(settings[key])
		if err != nil {
			return Info{}, fmt.Errorf("%s = %q is not a number", key, settings[key])
		}
		*to = n
	}
	info.MaxArraySize = max(info.MaxArraySize-1, 0)
	for key, to := range map[string]*time.Duration{"MinJobAge": &info.MinJobAge, "MessageTimeout": &info.MessageTimeout, "KillWait": &info.KillWait} {
		number, _, _ := strings.Cut(settings[key], " ") // "300 sec"
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 {
			return Info{}, fmt.Errorf("%s = %q is not a number of seconds", key, settings[key])
		}
		*to = time.Duration(n) * time.Second
	}
	return info, nil
}

// isSet says whether a plugin does anything.
func isSet(plugin string) bool {
	return plugin != "" && plugin != "(null)" && !strings.HasSuffix(plugin, "/none")
}
