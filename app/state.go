package app

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
)

// StateRoot is the directory that holds the state of all clusters of a user:
// root, or ewoks-hpc in $XDG_STATE_HOME.
func StateRoot(root string) (string, error) {
	if root == "" {
		base := os.Getenv("XDG_STATE_HOME")
		if !filepath.IsAbs(base) { // the XDG specification says to ignore relative paths
			home, err := os.UserHomeDir()
			if err != nil {
				return "", &InvalidError{Cause: fmt.Errorf("no place for the state of clusters: %w", err), Advice: "set HOME, or name a directory with --state-dir"}
			}
			base = filepath.Join(home, ".local", "state")
		}
		root = filepath.Join(base, "ewoks-hpc")
	}
	return filepath.Abs(root)
}

// StateDir is the directory of one cluster.
func StateDir(root, name string) (string, error) {
	if err := broker.CheckToken(name); err != nil {
		return "", &InvalidError{Cause: fmt.Errorf("name of the cluster: %w", err)}
	}
	root, err := StateRoot(root)
	return filepath.Join(root, name), err
}

// The files of a state directory.
const (
	logFile      = "launcher.log"
	pidFile      = "launcher.pid"
	launchesFile = "launches"
	jobLogsDir   = "jobs"
	valuesDir    = "values"
	printedDir   = "printed"
	infoFile     = "cluster.json"
)

// LogFile is the log of a cluster's launcher.
func LogFile(stateDir string) string { return filepath.Join(stateDir, logFile) }
