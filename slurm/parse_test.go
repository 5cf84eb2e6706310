package slurm

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseLine(t *testing.T) {
	at := func(text string) time.Time {
		parsed, err := time.Parse(time.DateTime, text)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	tests := []struct {
		line string
		want Job
	}{
		{"12|3|15|RUNNING|2026-11-23T11:51:10|2026-11-23T12:01:10|n1|ewx-a|None",
			Job{ID: "12", Index: 3, RawID: "15", Name: "ewx-a", State: Running, SlurmState: "RUNNING", Reason: "None", Nodes: "n1",
				Start: at("2026-11-23 11:51:10"), End: at("2026-11-23 12:01:10")}},
		{"12|0|12|PENDING|N/A|N/A||ewx-a|Resources",
			Job{ID: "12", RawID: "12", Name: "ewx-a", State: Queued, SlurmState: "PENDING", Reason: "Resources"}},
		{"12|N/A|12|PENDING|N/A|N/A||ewx-a|JobHeldUser",
			Job{ID: "12", Index: -1, RawID: "12", Name: "ewx-a", State: Held, SlurmState: "PENDING", Reason: "JobHeldUser"}},
		{"7|0|7|NODE_FAIL|N/A|N/A|n[1-3,7]|x|NodeDown",
			Job{ID: "7", RawID: "7", Name: "x", State: Ended, Outcome: NodeFail, SlurmState: "NODE_FAIL", Reason: "NodeDown", Nodes: "n[1-3,7]"}},
		{"7|0|7|PENDING|N/A|N/A||x|Job's account not known, so it can't use this partition (acct allows foo)",
			Job{ID: "7", RawID: "7", Name: "x", State: Queued, SlurmState: "PENDING",
				Reason: "Job's account not known, so it can't use this partition (acct allows foo)"}},
		{"7|0|7|PENDING|N/A|N/A||x|launch failed requeued held",
			Job{ID: "7", RawID: "7", Name: "x", State: Held, SlurmState: "PENDING", Reason: "launch failed requeued held"}},
		{"7|0|7|PENDING|N/A|N/A||x|odd | reason|",
			Job{ID: "7", RawID: "7", Name: "x", State: Queued, SlurmState: "PENDING", Reason: "odd | reason|"}},
		{"7|0|7|HIBERNATING|N/A|N/A||x|None",
			Job{ID: "7", RawID: "7", Name: "x", State: Unknown, SlurmState: "HIBERNATING", Reason: "None"}},
	}
	for _, test := range tests {
		got, err := parseLine(test.line + "\n")
		if err != nil || len(got) != 1 || got[0] != test.want {
			t.Errorf("%s\n got %+v, %v\nwant %+v", test.line, got, err, test.want)
		}
	}
}

func TestParseArrays(t *testing.T) {
	tests := map[string][]int{
		"0-3":               {0, 1, 2, 3},
		"[0-1,4,9,16%4]":    {0, 1, 4, 9, 16},
		"5":                 {5},
		"[7]":               {7},
		"":                  {-1},
		"0-1,4,9,16,25,36,": nil, // cut, as Slurm does without SLURM_BITSTR_LEN=0
		"0-1,4,...":         nil,
		"3-1":               nil,
		"0-9999999999":      nil,
		"-1":                nil,
		"+1":                nil,
	}
	for text, want := range tests {
		jobs, err := parseLine("32|" + text + "|32|PENDING|N/A|N/A||x|None\n")
		var got []int
		for _, job := range jobs {
			got = append(got, job.Index)
		}
		if !slices.Equal(got, want) || (err != nil) != (want == nil) {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestParseListGoesOnAfterBadLines(t *testing.T) {
	good := "12|%|15|RUNNING|N/A|N/A|n1|x|None\n"
	text := strings.ReplaceAll(good, "%", "1") + "52+0|N/A|52|RUNNING|N/A|N/A|n1|het|None\n" + "\nrubbish\n" +
		strings.ReplaceAll(good, "%", "2") + strings.TrimSuffix(strings.ReplaceAll(good, "%", "3"), "ne\n")
	jobs, unread := parseList(text)
	if len(jobs) != 2 || jobs[0].Index != 1 || jobs[1].Index != 2 || unread != 3 {
		t.Errorf("got %d jobs %+v and %d unread lines, want indexes 1 and 2, and 3 lines", len(jobs), jobs, unread)
	}
}

func TestStates(t *testing.T) {
	tests := []struct {
		word, reason string
		state        State
		outcome      Outcome
		lost         bool
	}{
		{"PENDING", "Priority", Queued, "", false},
		{"PENDING", "launch_failed_requeued_held", Held, "", false},
		{"SPECIAL_EXIT", "JobHeldUser", Held, "", false},
		{"CONFIGURING", "None", Starting, "", false},
		{"SUSPENDED", "None", Frozen, "", false},
		{"COMPLETING", "None", Ending, "", false},
		{"COMPLETED", "None", Ended, Completed, false},
		{"CANCELLED by 1000", "", Ended, Cancelled, false},
		{"CANCELLED+", "", Ended, Cancelled, false},
		{"TIMEOUT", "TimeLimit", Ended, Timeout, true},
		{"PREEMPTED", "None", Ended, Preempted, true},
		{"BOOT_FAIL", "None", Ended, BootFail, true},
		{"OUT_OF_MEMORY", "OutOfMemory", Ended, OutOfMemory, false},
		{"?", "", Unknown, "", false},
		{"", "", Unknown, "", false},
	}
	for _, test := range tests {
		state, outcome := stateOf(test.word, test.reason)
		if state != test.state || outcome != test.outcome || outcome.CapacityLost() != test.lost {
			t.Errorf("%q: got %q %q (capacity lost: %v), want %q %q (%v)",
				test.word, state, outcome, outcome.CapacityLost(), test.state, test.outcome, test.lost)
		}
	}
}

func FuzzParseList(f *testing.F) {
	f.Add("12|3|15|RUNNING|2026-11-23T11:51:10|N/A|n1|ewx-a|None\n")
	f.Add("32|[0-1,4,9%2]|32|PENDING|N/A|N/A||x|Job's account not known, so it can't (a|b)\n")
	f.Add("1|0-4|1|CANCELLED by 0|N/A|N/A||x|\nrubbish\n\n|||||||||\n")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 200 || strings.Contains(text, "00000") {
			return // a range may rightly expand to millions
		}
		jobs, unread := parseList(text)
		if unread > strings.Count(text, "\n")+1 {
			t.Errorf("%d unread lines of %q", unread, text)
		}
		for _, job := range jobs {
			if !isNumber(job.ID) || !isNumber(job.RawID) || job.Index < -1 || (job.State == Ended) != (job.Outcome != "") {
				t.Errorf("%q gave %+v", text, job)
			}
		}
	})
}
