package cluster

import (
	"strings"
	"testing"
)

// What the logs of jobs that cannot start end with, and a word of the hint that fits.
func TestRemedies(t *testing.T) {
	for log, want := range map[string]string{
		`ewoks-hpc: python interpreter "/no/such/python" cannot be started: no executable file of that name`:                          "--python",
		`/var/spool/slurmd/job12/slurm_script: line 9: /sw/bin/python3: No such file or directory`:                                    "--python",
		"Traceback (most recent call last):\nModuleNotFoundError: No module named 'ewokscore'":                                        "pip install",
		"ImportError: libfoo.so.1: cannot open shared object file: No such file or directory":                                         "pip install",
		"slurm_script: line 7: module: command not found\newoks-hpc: job_script_prologue line 1 failed with status 127: module x":     "prologue",
		"Lmod has detected the following error: The following module(s) are unknown: \"ewoks\"":                                       "module avail",
		"slurm_script: line 12: /home/me/bin/ewoks-hpc: Permission denied":                                                            "permissions",
		"slurm_script: line 12: exec: /home/me/bin/ewoks-hpc: cannot execute: No such file or directory":                              "file system that they share",
		"ewoks-hpc: broker not reached within 1m0s: no broker of cluster \"x\" reachable: tls://10.0.0.1:4222: dial tcp: i/o timeout": "--advertise",
		"dial tcp: lookup login1 on 10.0.0.2:53: no such host":                                                                        "--advertise",
		"slurmstepd: error: Detected 1 oom-kill event(s) in StepId=12.batch. Some of your processes may have been killed":             "--memory",
		"MemoryError": "--memory",
		"the launcher refused the worker: the worker speaks version 3, the launcher version 4":                                         "another version",
		"the launcher refused the worker: the launcher did not understand the worker: are both of the same version?":                   "another version",
		"flag provided but not defined: -launch":                                                                                       "another version",
		"/lib64/libc.so.6: version `GLIBC_2.34' not found":                                                                             "architecture",
		"broker not reached within 1m0s: access file: open /home/me/.local/state/ewoks-hpc/x/keys/k-0.json: permission denied":         "access file",
		"broker not reached within 1m0s: access file: open /home/me/.local/state/ewoks-hpc/x/keys/k-0.json: no such file or directory": "access file",
		"nats: Authorization Violation":                              "refuses the key",
		"mkdir /scratch/ewoks-hpc-worker-1: no space left on device": "--local-directory",
		"all is well": "",
	} {
		got := remedy(log)
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%q\ngives the hint %q, want one with %q", log, got, want)
		}
	}
}
