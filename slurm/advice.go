package slurm

import (
	"path"
	"strings"
)

// advices tell what somebody who waits may do, where the words of a reason do not
// say it already. The first match counts.
var advices = []struct{ pattern, words string }{
	{"Resources", "wait, or ask for less: a shorter walltime, fewer cores, less memory"},
	{"Priority", "wait, or ask for less: small, short jobs fit in between; squeue --start tells what Slurm expects"},
	{"Licenses", "wait, or see who has them with: scontrol show licenses"},
	{"Reservation", "wait, or do without the reservation"},
	{"Dependency", "wait, or take the dependency out of job_extra_directives"},
	{"BeginTime", "wait, or take --begin out of job_extra_directives"},
	{"JobArrayTaskLimit", "wait, or raise the limit with: scontrol update ArrayTaskThrottle"},
	{"AssocGrp*Minutes*", "use another account, or ask for more time"},
	{"QOSGrp*Minutes*", "use another QOS, or ask for more time"},
	{"AssocGrp*", "wait, or use another account"},
	{"QOSGrp*", "wait, or use another QOS"},
	{"AssocMax*", "wait, or ask for fewer jobs"},
	{"QOSMax*", "wait, or ask for fewer jobs"},
	{"MaxJobsPerAccount", "wait, or use another account"},
	{"ReqNodeNotAvail", "see which with: sinfo -R and scontrol show reservation"},
	{"PartitionDown", "see sinfo, and use another partition or wait for the administrators"},
	{"PartitionInactive", "see sinfo, and use another partition or wait for the administrators"},
	{"Nodes required for job are DOWN*", "see which with: sinfo -R"},
	{"JobHeldUser", "scontrol release or scancel"},
}

// Advise says what somebody who waits for a job may do about its reason. It is empty
// where Explain says it already.
func Advise(reason string) string {
	wait, _ := Explain(reason)
	plain := plainReason(reason)
	for _, a := range advices {
		if ok, _ := path.Match(strings.ReplaceAll(a.pattern, "_", " "), plain); ok && (wait != WaitForever || a.pattern == "JobHeldUser") {
			return a.words
		}
	}
	switch wait {
	case WaitQuietly, WaitAndTell:
		return "wait; squeue --start tells what Slurm expects"
	case WaitUnclear:
		return "if that lasts, ask the administrators"
	}
	return ""
}
