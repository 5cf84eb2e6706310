package cluster

import (
	"regexp"

	"github.com/ewoks-hpc/ewoks-hpc/slurm"
)

// remedies tell what to do about what the log of a worker job ends with. The first
// match counts, so what is special comes first.
var remedies = []struct {
	pattern *regexp.Regexp
	hint    string
}{
	{regexp.MustCompile(`job_script_prologue line \d+ failed`),
		"correct the line of job_script_prologue that the log names; what it needs must be there on the nodes"},
	{regexp.MustCompile(`(?i)module: command not found|The following module\(s\) are unknown|Unable to locate a modulefile`),
		"the prologue loads a module that the nodes do not know: see module avail on a node, or load the init script of modules first"},
	{regexp.MustCompile(`(?i)python interpreter .* cannot be started|python interpreter .*no such file|/python[0-9.]*: (No such file|not found)`),
		"the nodes do not have that Python: name one that they have with --python, or activate its environment in job_script_prologue"},
	{regexp.MustCompile(`ModuleNotFoundError|ImportError|No module named`),
		"the Python of the nodes lacks a package: install it there (pip install ewokscore), or name another interpreter with --python"},
	{regexp.MustCompile(`(?i)of the same version\?|speaks version \d+|, this program reads \d+|flag provided but not defined|No help topic for`),
		"the nodes have another version of ewoks-hpc than the launcher: bring the cluster down and up again with the one that all see"},
	{regexp.MustCompile(`GLIBC_|Exec format error|cannot execute binary file`),
		"the program is not made for these nodes: build ewoks-hpc, or install Python, for their architecture"},
	{regexp.MustCompile(`access file[^\n]*: permission denied|access file[^\n]*(mode|owner|belongs)|access file[^\n]*no such file`),
		"the nodes cannot read the access file: the state directory must be on a file system that they share with the launcher, see --state-dir"},
	{regexp.MustCompile(`(?i)Authorization Violation|does not belong to the broker|does not accept the key`),
		"the broker refuses the key of the job, since another launcher of this cluster was started: bring the cluster down and up again"},
	{regexp.MustCompile(`(?i)broker not reached|no broker of cluster|i/o timeout|connection refused|no route to host|no such host`),
		"the nodes do not reach the launcher: name an address or a network that they reach with --advertise or --interface; ewoks-hpc doctor tries it out"},
	{regexp.MustCompile(`(?i)oom.?kill|out of memory|exceeded .*memory limit|MemoryError|Cannot allocate memory`),
		"the job has too little memory to start: ask for more with --memory"},
	{regexp.MustCompile(`(?i)no space left on device|disk quota exceeded`),
		"a disk of the node is full: name another scratch folder with --local-directory, or make room"},
	{regexp.MustCompile(`(?i)permission denied`),
		"the nodes may not use a file or folder that the log names: check its permissions on a node"},
	{regexp.MustCompile(`(?i)no such file or directory|command not found|: not found`),
		"the nodes lack a file or program that the log names: it must be on a file system that they share"},
}

// remedy is what to do about a log; empty when it says nothing known.
func remedy(log string) string {
	for _, r := range remedies {
		if r.pattern.MatchString(log) {
			return r.hint
		}
	}
	return ""
}

// remedyOf is what to do about a job whose log says nothing known.
func remedyOf(e end, log string) string {
	switch {
	case e.Outcome == string(slurm.OutOfMemory):
		return "the job has too little memory to start: ask for more with --memory"
	case log == "" && e.Pid == 0:
		return "without a log the job did not begin, or the folder of the logs is not there on the nodes: name one that they share with --log-directory"
	}
	return "see the whole log with ewoks-hpc logs " + jobID(e.Job) + ", and try the job out with ewoks-hpc doctor"
}
