package slurm

import (
	"path"
	"strings"
	"testing"
)

func TestExplain(t *testing.T) {
	tests := map[string]Wait{
		"None":                                 WaitQuietly,
		"(Priority)":                           WaitQuietly,
		"JobArrayTaskLimit":                    WaitQuietly,
		"BurstBufferStageIn":                   WaitQuietly,
		"QOSMaxJobsPerUserLimit":               WaitAndTell,
		"QOSMaxGRESPerUser":                    WaitAndTell,
		"AssocGrpCpuLimit":                     WaitAndTell,
		"AssocGrpCPURunMinutesLimit":           WaitAndTell,
		"MaxJobsPerAccount":                    WaitAndTell,
		"PartitionTimeLimit":                   WaitForever,
		"PartitionNodeLimit":                   WaitForever,
		"AssocMaxWallDurationPerJobLimit":      WaitForever,
		"QOSMaxCpuPerJobLimit":                 WaitForever,
		"QOSMaxCpuPerNode":                     WaitForever,
		"QOSMinGRES":                           WaitForever,
		"DependencyNeverSatisfied":             WaitForever,
		"Dependency":                           WaitQuietly,
		"JobHeldAdmin":                         WaitForever,
		"launch_failed_requeued_held":          WaitForever,
		"launch failed requeued held":          WaitForever,
		"ReqNodeNotAvail, UnavailableNodes:n2": WaitUnclear,
		"ReqNodeNotAvail(Unavailable:n[1-3])":  WaitUnclear,
		"PartitionDown":                        WaitUnclear,
		"Job's account not known, so it can't use this partition (acct allows foo)":                   WaitForever,
		"Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions": WaitUnclear,
		"Nodes_required_for_job_are_DOWN,_DRAINED_or_reserved":                                        WaitUnclear,
		"SomethingNewIn2030": WaitUnclear,
	}
	for reason, want := range tests {
		if got, words := Explain(reason); got != want || words == "" {
			t.Errorf("%s: got %q %q, want %q", reason, got, words, want)
		}
	}
	if _, words := Explain("SomethingNewIn2030"); !strings.Contains(words, "SomethingNewIn2030") {
		t.Errorf("the words %q hide what Slurm said", words)
	}
	if _, words := Explain("AssocGrpCPUMinutesLimit"); !strings.Contains(words, "days") {
		t.Errorf("a used up budget is explained as %q", words)
	}
}

func TestReasonPatterns(t *testing.T) {
	for i, e := range reasons {
		if _, err := path.Match(e.pattern, ""); err != nil {
			t.Errorf("%q: %v", e.pattern, err)
		}
		if strings.ContainsAny(e.pattern, ",(") {
			t.Errorf("%q can never match a plain reason", e.pattern)
		}
		for _, earlier := range reasons[:i] {
			if ok, _ := path.Match(earlier.pattern, e.pattern); ok {
				t.Errorf("%q is never reached: %q is before it", e.pattern, earlier.pattern)
			}
		}
	}
}
