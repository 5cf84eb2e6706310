package slurm

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCleanEnv(t *testing.T) {
	got := CleanEnv([]string{
		"PATH=/bin", "SLURM_CONF=/etc/x", "SLURM_CONF_SERVER=no", "SLURM_MEM_PER_NODE=300", "SBATCH_PARTITION=short", "SRUN_DEBUG=3",
		"SQUEUE_FORMAT=%i", "SALLOC_X=1", "SACCT_FORMAT=x", "SCANCEL_INTERACTIVE=1", "SLURM_JWT=t", "EWOKS_HPC_TOKEN=s", "NOT_SLURM_X=1",
	})
	if want := []string{"PATH=/bin", "SLURM_CONF=/etc/x", "NOT_SLURM_X=1"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	cli := NewCLI(Options{Env: []string{"A=1", "SECRET_A=2", "B=3"}, ExtraSecretPrefixes: []string{"SECRET", ""}})
	if want := []string{"A=1", "B=3"}; !slices.Equal(cli.opts.Env, want) {
		t.Errorf("got %v, want %v", cli.opts.Env, want)
	}
}

func TestClassify(t *testing.T) {
	tests := map[string]error{
		"sbatch: error: Batch job submission failed: Socket timed out on send/recv operation":                                       ErrAmbiguous,
		"sbatch: error: Batch job submission failed: Zero Bytes were transmitted or received":                                       ErrAmbiguous,
		"sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)":                          ErrTransient,
		"squeue: error: Unable to contact slurm controller (send failure)":                                                          ErrAmbiguous,
		"slurm_load_jobs error: Unexpected message received":                                                                        ErrAmbiguous,
		"sbatch: error: Batch job submission failed: Protocol authentication error":                                                 ErrTransient,
		"sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying\nsbatch: error: x: Slurm job queue full":      ErrTransient,
		"sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying\nSocket timed out on send/recv operation":     ErrAmbiguous,
		"Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)":                                     ErrLimit,
		"sbatch: error: invalid partition specified: nope\nsbatch: error: Batch job submission failed: Invalid partition name spec": ErrRejected,
		"sbatch: error: lua: we do not like this\nsbatch: error: Batch job submission failed: Unspecified error":                    ErrRejected,
	}
	for words, want := range tests {
		out := outcome{command: "sbatch", words: words, exit: 1}
		err := out.submitError()
		if !errors.Is(err, want) || !strings.Contains(err.Error(), words) {
			t.Errorf("%s\n got %v, want %v", words, err, want)
		}
		if errors.Is(out.readError(), ErrAmbiguous) {
			t.Errorf("%s: a command that only reads is never ambiguous", words)
		}
	}
	for name, out := range map[string]outcome{
		"our timeout":    {command: "sbatch", err: context.DeadlineExceeded, words: "sleeping and retrying"},
		"not a word":     {command: "sbatch", exit: 1},
		"a caller's end": {command: "sbatch", err: context.Canceled},
	} {
		if err := out.submitError(); !errors.Is(err, ErrAmbiguous) {
			t.Errorf("%s: got %v, want ErrAmbiguous", name, err)
		}
	}
	if err := (outcome{words: "Welcome!"}).submitError(); err != nil {
		t.Errorf("words with exit code 0 are no error: %v", err)
	}
	missing := run(t.Context(), invocation{name: "no-such-command-of-slurm", timeout: time.Minute})
	if err := missing.submitError(); !errors.Is(err, ErrUnsupported) {
		t.Errorf("missing command: got %v, want ErrUnsupported", err)
	}
}

func TestSubmitAnswers(t *testing.T) {
	tests := map[string]string{
		"12\n": "12", "12;cluster\n": "12", "a banner\n13\n\n": "13", "": "", "12 jobs\n": "", "Submitted batch job 12\n": "", "-1\n": "", "12\nbye\n": "",
	}
	for text, want := range tests {
		if got, ok := parseSubmitted(text); got != want || ok != (want != "") {
			t.Errorf("%q: got %q %v, want %q", text, got, ok, want)
		}
	}
}

func TestSubmitCommand(t *testing.T) {
	got := SubmitCommand(Submission{Name: "ewx-1", Array: 3, Dir: "/scratch", Args: []string{"-pgpu", "--time=5", "--array=9"}})
	want := "sbatch --parsable --export=ALL --chdir=/scratch -pgpu --time=5 --array=9 --job-name=ewx-1 --array=0-2"
	if strings.Join(got, " ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), want)
	}
	if got := SubmitCommand(Submission{Name: "x"}); got[len(got)-1] != "--array=0-0" {
		t.Errorf("a single job is %v", got)
	}
}

func TestSubmissionIsChecked(t *testing.T) {
	good := Submission{Name: "x", Script: "#!/bin/sh\n", Args: []string{"-pgpu", "--exclusive", "--mem-per-cpu=1G"}}
	if err := good.check(); err != nil {
		t.Fatal(err)
	}
	bad := map[string]func(*Submission){
		"no name":       func(s *Submission) { s.Name = "" },
		"comma in name": func(s *Submission) { s.Name = "a,b" },
		"no script":     func(s *Submission) { s.Script = "echo" },
		"negative":      func(s *Submission) { s.Array = -1 },
		"positional":    func(s *Submission) { s.Args = []string{"/etc/passwd"} },
		"end of args":   func(s *Submission) { s.Args = []string{"--"} },
		"wrap":          func(s *Submission) { s.Args = []string{"--wrap=true"} },
		"wait":          func(s *Submission) { s.Args = []string{"-W"} },
		"cluster":       func(s *Submission) { s.Args = []string{"-Mother"} },
	}
	for name, spoil := range bad {
		s := good
		spoil(&s)
		if _, err := NewCLI(Options{}).Submit(t.Context(), s); !errors.Is(err, ErrRejected) {
			t.Errorf("%s: got %v, want ErrRejected", name, err)
		}
	}
}

func TestParseInfo(t *testing.T) {
	text := "ClusterName = c\nMaxArraySize            = 1001\nMaxJobCount = 10000\nMinJobAge               = 300 sec\nMessageTimeout = 10 sec\n" +
		"KillWait = 30 sec\nSLURM_VERSION = 24.11.5\nAccountingStorageType = accounting_storage/slurmdbd\nJobCompType = (null)\n"
	want := Info{Version: "24.11.5", ClusterName: "c", MaxArraySize: 1000, MaxJobCount: 10000, MinJobAge: 300 * time.Second,
		MessageTimeout: 10 * time.Second, KillWait: 30 * time.Second, Accounting: true}
	if got, err := parseInfo(text); err != nil || got != want {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
	for _, spoiled := range []string{"", strings.Replace(text, "1001", "many", 1), strings.Replace(text, "300 sec", "soon", 1)} {
		if info, err := parseInfo(spoiled); err == nil {
			t.Errorf("no error but %+v from\n%s", info, spoiled)
		}
	}
}

func TestMatchRecords(t *testing.T) {
	jobs := []Job{
		{ID: "12", Index: 0, RawID: "13", Name: "x", State: Running},
		{ID: "12", Index: 1, RawID: "12", Name: "x", State: Running},
		{ID: "12", Index: 2, RawID: "14", Name: "x", State: Running},
		{ID: "12", Index: 7, RawID: "12", Name: "x", State: Queued},
		{ID: "9", Index: 0, RawID: "9", Name: "mine", State: Running},
	}
	text := "13|12_0|NODE_FAIL|0:0|2026-11-23T11:51:10|2026-11-23T11:52:10|n1|x|None\n" +
		"13|12_0|COMPLETED|0:0|2026-11-23T11:55:10|2026-11-23T11:56:10|n2|x|None\n" +
		"12|12_1|CANCELLED by 0|0:15|Unknown|Unknown|None assigned|x|None\n" +
		"12|12_[5-7%2]|CANCELLED by 0|0:0|Unknown|Unknown|None assigned|x|None\n12|12_[2,|RUNNING|0:0|Unknown|Unknown|n1|x|None\n" +
		"9|9_0|COMPLETED|0:0|Unknown|Unknown|n1|of another year|None\nrubbish\n"
	got := matchRecords(jobs, text, func(j Job) string { return j.ID + "_" + string(rune('0'+j.Index)) }, 1)
	if len(got) != 3 || got[0].Outcome != Completed || got[0].Nodes != "n2" || got[0].End.IsZero() ||
		got[1].Outcome != Cancelled || got[1].ExitCode != "0:15" || got[1].Index != 1 ||
		got[2].Index != 7 || got[2].Outcome != Cancelled || got[2].Nodes != "" {
		t.Errorf("got %+v", got)
	}
}
