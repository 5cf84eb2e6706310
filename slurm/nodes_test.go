package slurm

import (
	"slices"
	"strings"
	"testing"
)

// The nodes of a partition are those on which jobs start.
func TestNodes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if out, err := s.cluster.Command("scontrol", "update", "NodeName=n2", "State=DRAIN", "Reason=test").CombinedOutput(); err != nil {
		t.Fatalf("%s, %v", out, err)
	}
	for _, partition := range []string{"", "short", "debug,short"} {
		if nodes, err := s.Nodes(t.Context(), partition); err != nil || !slices.Equal(nodes, []string{"n1", "n3"}) {
			t.Errorf("partition %q: %v, %v", partition, nodes, err)
		}
	}
	if nodes, err := s.Nodes(t.Context(), "nosuch"); len(nodes) > 0 {
		t.Errorf("a partition that is not there: %v, %v", nodes, err)
	}
}

// For each reason either the words or the advice tell what to do.
func TestAdvise(t *testing.T) {
	for _, e := range reasons {
		reason := strings.ReplaceAll(e.pattern, "*", "X")
		_, words := Explain(reason)
		if Advise(reason) == "" && !strings.ContainsAny(words, ":;") {
			t.Errorf("%s: %q, and no advice", reason, words)
		}
	}
	for reason, want := range map[string]string{"Resources": "ask for less", "(Priority)": "squeue --start", "QOSMaxJobsPerUserLimit": "fewer jobs",
		"ReqNodeNotAvail, UnavailableNodes:n2": "sinfo -R", "JobHeldUser": "scontrol release", "BadConstraints": "", "NewIn2030": "administrators"} {
		if got := Advise(reason); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s: %q, want %q", reason, got, want)
		}
	}
}
