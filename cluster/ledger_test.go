package cluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

const grace = 30 * time.Second

// TestAbsence is the rule on jobs that are not listed.
func TestAbsence(t *testing.T) {
	launch := Launch{Key: "k", ID: "7", Pool: "p", Count: 1, Submitted: noon}
	running := []Job{{Launch: launch, Phase: Running}}
	for _, test := range []struct {
		name     string
		listed   bool // before
		told     bool
		age      time.Duration
		complete bool
		want     Phase
	}{
		{"never listed, young", false, false, time.Second, true, Unknown},
		{"never listed, old", false, false, grace + 1, true, Ended},
		{"never listed, old, incomplete", false, false, grace + 1, false, Unknown},
		{"never listed, cancelled", false, true, time.Second, true, Ended},
		{"never listed, cancelled, incomplete", false, true, time.Second, false, Unknown},
		{"listed before", true, false, time.Second, true, Ended},
		{"listed before, incomplete", true, false, time.Hour, false, Unknown},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newLedger()
			l.add(launch)
			l.confirm(launch)
			if test.listed {
				l.fold(noon, []Launch{launch}, running, true, grace)
			}
			r := l.jobs[jobKey{"k", 0}]
			if test.told {
				r.told = noon
			}
			ends, _ := l.fold(noon.Add(test.age), []Launch{launch}, nil, test.complete, grace)
			if r.Phase != test.want || (len(ends) == 1) != (test.want == Ended) {
				t.Errorf("%s with %d ends, want %s", r.Phase, len(ends), test.want)
			}
			// What is listed is there, whatever was thought before.
			l.fold(noon.Add(test.age), []Launch{launch}, running, false, grace)
			if r.Phase != Running {
				t.Errorf("listed again, but %s", r.Phase)
			}
		})
	}
}

func TestRequeuedWorkerIsGone(t *testing.T) {
	launch := Launch{Key: "k", ID: "7", Pool: "p", Count: 1, Submitted: noon}
	l := newLedger()
	l.add(launch)
	l.fold(noon, []Launch{launch}, []Job{{Launch: launch, Phase: Running}}, true, grace)
	l.greet(noon, task.Hello{Key: "k", Index: "0", Job: "8"}, func(string) { t.Error("greeted by another job") })
	l.greet(noon, task.Hello{Key: "k", Index: "0", Job: "7"}, func(string) {})
	ends, _ := l.fold(noon, []Launch{launch}, []Job{{Launch: launch, Phase: Queued}}, true, grace)
	if len(ends) != 1 || !ends[0].requeued || l.jobs[jobKey{"k", 0}].Greeted {
		t.Errorf("got %+v", ends)
	}
	if ends, _ = l.fold(noon, []Launch{launch}, []Job{{Launch: launch, Phase: Queued}}, true, grace); len(ends) != 0 {
		t.Errorf("told twice: %+v", ends)
	}
}

func TestPruneForgetsWholeLaunchesOnly(t *testing.T) {
	launch := Launch{Key: "k", ID: "7", Pool: "p", Count: 2, Submitted: noon}
	l := newLedger()
	l.add(launch)
	jobs := []Job{{Launch: launch, Phase: Ended, Since: noon}, {Launch: launch, Index: 1, Phase: Running}}
	later := noon.Add(2 * remembered)
	l.fold(noon, []Launch{launch}, jobs, true, grace)
	l.fold(later, []Launch{launch}, jobs, true, grace)
	if len(l.jobs) != 2 {
		t.Error("forgotten beside a running job")
	}
	jobs[1].Phase, jobs[1].Since = Ended, later
	l.fold(later, []Launch{launch}, jobs, true, grace)
	if len(l.jobs) != 2 {
		t.Error("forgotten at once")
	}
	l.fold(later.Add(remembered), []Launch{launch}, nil, true, grace)
	if len(l.jobs) != 0 || len(l.launches) != 0 {
		t.Error("never forgotten")
	}
}

func TestPace(t *testing.T) {
	p := pace{interval: 15 * time.Second}
	for i, step := range []struct {
		changed bool
		want    time.Duration
	}{{false, 15}, {true, 15}, {false, 30}, {false, 60}, {false, 60}, {true, 15}, {false, 30}} {
		if got := p.next(step.changed); got != step.want*time.Second {
			t.Errorf("step %d: %v, want %v s", i, got, step.want)
		}
	}
	slow := pace{interval: 5 * time.Minute}
	if got := slow.next(false); got != 5*time.Minute {
		t.Errorf("an interval of 5 min became %v", got)
	}
}

func TestLaunchName(t *testing.T) {
	key := task.NewKey()
	for _, test := range []struct{ job, cluster, want string }{
		{"", "beam", "ewoks-hpc-beam-" + key},
		{"mine", "a b|c,d", "mine-a_b_c_d-" + key},
		{strings.Repeat("x", 80), "beam", strings.Repeat("x", 37) + "-" + key},
		{"é", "", "_--" + key},
	} {
		if got := launchName(test.job, test.cluster, key); got != test.want || len(got) > maxName {
			t.Errorf("%q of %q: %q, want %q", test.job, test.cluster, got, test.want)
		}
	}
}

func TestTail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	text := strings.Repeat("noise\n", 1e5) + "slurmstepd: error: Exceeded job memory limit\x1b[2J\n" + strings.Repeat("after\n", 9)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	log := tail(path, logLines)
	if lines := strings.Split(log, "\n"); len(lines) != logLines || lines[19] != "after" || strings.Contains(log, "\x1b") {
		t.Errorf("tail is %q", log)
	}
	if got := diagnosis(log); got != "slurmstepd: error: Exceeded job memory limit[2J" {
		t.Errorf("diagnosis is %q", got)
	}
	if got := diagnosis("a\nb\nc\nd\ne\nf"); got != "b\nc\nd\ne\nf" {
		t.Errorf("diagnosis without Slurm is %q", got)
	}
	for _, path := range []string{"", filepath.Dir(path), path + "x"} {
		if got := tail(path, 3); got != "" {
			t.Errorf("tail of %q is %q", path, got)
		}
	}
}
