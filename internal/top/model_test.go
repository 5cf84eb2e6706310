package top

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
)

var update = flag.Bool("update", false, "write the pictures in testdata anew")

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func run(id, label string, status engine.Status, done, nodes int, age time.Duration) dashboard.Run {
	r := dashboard.Run{Run: id, Label: label, User: "ada", Status: status, Submitted: noon.Add(-age),
		Counts: engine.Counts{Nodes: nodes, Started: min(done+4, nodes), Succeeded: done}}
	if status != engine.Running {
		r.Ended = noon.Add(-age / 2)
	}
	return r
}

// busy is a cluster on which everything happens at once.
func busy() dashboard.Overview {
	failed := run("01K5QZ8P3V6T2M9X4C7B1N0A02", "tomo-reduce", engine.Failed, 12, 40, 40*time.Minute)
	failed.Node, failed.Message = "fit", "ValueError: operands could not be broadcast together with shapes (2048,2048) (1024,1024)\nwhile fitting frame 17"
	failed.Counts.Failed, failed.Counts.Retried = 1, 2
	paused := run("01K5QZ8P3V6T2M9X4C7B1N0A05", "überlang: pink-beam calibration of all detectors", engine.Running, 3, 10, 20*time.Minute)
	paused.Paused = true
	o := dashboard.Overview{
		Cluster: "beamline", Address: "nats://login1:4222", Started: noon.Add(-26*time.Hour - 3*time.Minute), Taken: noon,
		Ready: 1240, Leased: 12, Delayed: 3, Totals: dashboard.Totals{Succeeded: 15230, Failed: 7, Retried: 4, Lost: 2},
		Notices: []string{"pool gpu is stopped since 11:52:10: 3 jobs in a row ended before a worker said hello; the last: job 4713_0 ended: FAILED, it ended with exit code 1, on node07. What to do: see what the job says; then ewoks-hpc resume --cluster beamline tries again"},
		Pools: []dashboard.Pool{
			{Pool: "cpu", Jobs: 4, MaxJobs: 8, Adapts: true, Size: "adapts between 0 and 8", Demand: 1252, SlotsPerJob: 4},
			{Pool: "gpu", MaxJobs: 2, MinJobs: 2, Size: "2 wanted", Demand: 6, SlotsPerJob: 1, Stopped: &dashboard.Stopped{Since: noon.Add(-8 * time.Minute), Reason: "3 jobs in a row ended", Hint: "look"}},
		},
		Runs: []dashboard.Run{
			run("01K5QZ8P3V6T2M9X4C7B1N0A01", "quickstart", engine.Succeeded, 3, 3, time.Hour), failed,
			run("01K5QZ8P3V6T2M9X4C7B1N0A03", "scan 0412 reconstruction", engine.Running, 4021, 6000, 12*time.Minute),
			run("01K5QZ8P3V6T2M9X4C7B1N0A04", "calibrate", engine.Cancelled, 1, 9, 30*time.Minute), paused,
		},
	}
	for i := range 3 {
		o.Workers = append(o.Workers, dashboard.Worker{Worker: fmt.Sprintf("01K5QZ8P3V6T2M9X4C7B1KEY%02d-%d.0-0-%d", i, i, 3000+i), Pool: "cpu", Job: fmt.Sprintf("4711_%d", i), Host: fmt.Sprintf("node%02d", i+1),
			Slots: 4, Holding: 5 - i, Busy: 4 - 2*i, Succeeded: uint64(5000 + i), Failed: uint64(i), Seen: noon.Add(-time.Duration(i) * time.Second), Leaving: i == 2})
		o.Jobs = append(o.Jobs, dashboard.Job{Pool: "cpu", ID: "4711", Index: i, Phase: "running", SlurmState: "RUNNING", Nodes: fmt.Sprintf("node%02d", i+1), Start: noon.Add(-10 * time.Minute)})
	}
	return withWaiting(o)
}

func withWaiting(o dashboard.Overview) dashboard.Overview {
	o.Jobs = append(o.Jobs,
		dashboard.Job{Pool: "cpu", ID: "4711", Index: 3, Phase: "queued", SlurmState: "PENDING", Reason: "other jobs are ahead of it in the queue", Start: noon.Add(5 * time.Minute)},
		dashboard.Job{Pool: "gpu", ID: "4713", Index: 0, Phase: "ended", SlurmState: "FAILED", Reason: "it ended with exit code 1", Nodes: "node07", Start: noon.Add(-9 * time.Minute)})
	return o
}

func withCampaigns(o dashboard.Overview) dashboard.Overview {
	o.Campaigns = []dashboard.Campaign{
		{Campaign: "scan-2026-03", User: "ada", Phase: "active", Waiting: 7400, Running: 24, Done: 2512, Failed: 61, Skipped: 3, Rate: 3.4, Left: 2180,
			Reasons: []dashboard.Reason{{Rows: 60, Text: "FileNotFoundError: /data/raw/0412.h5"}}},
		{Campaign: "dark-frames", User: "ada", Phase: "ended", Done: 200, Submitted: noon.Add(-3 * time.Hour), Ended: noon.Add(-2 * time.Hour)},
	}
	return o
}

// shown is the model of a cluster at noon, with a minute of history.
func shown(o dashboard.Overview, width, height int, ascii bool, keys ...string) Model {
	m := NewModel("beamline", ascii)
	m, _ = m.Update(Resized{width, height})
	total := o.Totals.Succeeded
	for s := 60; s >= 0; s-- {
		if total > 0 {
			o.Totals.Succeeded = total - uint64(float64(s)*40+300*math.Sin(float64(s)/9))
		}
		m, _ = m.Update(Picture{o, noon.Add(-time.Duration(s) * time.Second)})
	}
	m, _ = pressed(m, keys...)
	return m
}

func pressed(m Model, keys ...string) (Model, Wish) {
	var wish Wish
	for _, k := range keys {
		text := ""
		if len([]rune(k)) == 1 {
			text = k
		}
		m, wish = m.Update(Key{k, text})
	}
	return m, wish
}

// What every view looks like, without its colours.
func TestPictures(t *testing.T) {
	broken := func(m Model) Model {
		m, _ = m.Update(Trouble{errors.New(`cluster "beamline" does not answer: i/o timeout`), noon})
		return m
	}
	for name, m := range map[string]Model{
		"overview":      shown(busy(), 80, 24, false),
		"overview-wide": shown(withCampaigns(busy()), 200, 50, false),
		"overview-idle": shown(dashboard.Overview{Cluster: "beamline", Started: noon.Add(-time.Minute), Notices: []string{"nothing is running because no run is under way; ewoks-hpc run WORKFLOW --cluster beamline begins one"}}, 80, 24, false),
		"ascii":         shown(busy(), 80, 24, true),
		"runs":          shown(busy(), 80, 24, false, "2", "down"),
		"runs-wide":     shown(busy(), 200, 50, false, "2"),
		"runs-filter":   shown(busy(), 80, 24, false, "2", "/", "t", "o", "m", "o", "enter"),
		"run":           shown(busy(), 80, 24, false, "2", "/", "t", "o", "m", "o", "enter", "enter"),
		"run-wide":      shown(busy(), 200, 50, false, "2", "enter"),
		"cancel":        shown(busy(), 80, 24, false, "2", "c"),
		"workers":       shown(busy(), 80, 24, false, "3"),
		"workers-wide":  shown(busy(), 200, 50, false, "3"),
		"jobs":          shown(busy(), 80, 24, false, "4"),
		"campaigns":     shown(withCampaigns(busy()), 80, 24, false, "5"),
		"campaigns-w":   shown(withCampaigns(busy()), 200, 50, false, "5"),
		"help":          shown(busy(), 80, 24, false, "?"),
		"trouble":       broken(shown(busy(), 80, 24, false)),
		"never":         broken(NewModel("beamline", false)),
		"small":         shown(busy(), 30, 5, false),
	} {
		t.Run(name, func(t *testing.T) {
			got := m.View()
			fits(t, m, got)
			compare(t, filepath.Join("testdata", name+".txt"), ansi.Strip(got)+"\n")
		})
	}
}

func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s (-update writes it anew)\ngot\n%s\nwant\n%s", file, got, want)
	}
}

// fits tells whether the screen has the size of the terminal.
func fits(t *testing.T, m Model, screen string) {
	t.Helper()
	lines := strings.Split(screen, "\n")
	if len(lines) != m.height && m.height >= minHeight && m.width >= minWidth {
		t.Errorf("%d lines on a terminal of %d", len(lines), m.height)
	}
	for _, line := range lines {
		if w := ansi.StringWidth(line); w > m.width {
			t.Errorf("a line of %d cells on a terminal of %d: %q", w, m.width, ansi.Strip(line))
		}
	}
}

func TestKeys(t *testing.T) {
	const first, second = "01K5QZ8P3V6T2M9X4C7B1N0A03", "01K5QZ8P3V6T2M9X4C7B1N0A05"
	for name, c := range map[string]struct {
		keys []string
		want Wish
	}{
		"quit":                       {[]string{"q"}, Wish{Quit: true}},
		"ctrl+c while typing":        {[]string{"2", "/", "ctrl+c"}, Wish{Quit: true}},
		"q while typing":             {[]string{"2", "/", "q"}, Wish{}},
		"suspend":                    {[]string{"ctrl+z"}, Wish{Suspend: true}},
		"cancel and yes":             {[]string{"2", "c", "y"}, Wish{Verb: "cancel", Run: second}},
		"cancel and no":              {[]string{"2", "c", "n"}, Wish{}},
		"cancel asks":                {[]string{"2", "c"}, Wish{}},
		"other keys do not answer":   {[]string{"2", "c", "c", "enter", "y"}, Wish{Verb: "cancel", Run: second}},
		"no run in the overview":     {[]string{"c", "y"}, Wish{}},
		"one that has ended":         {[]string{"2", "G", "c", "y"}, Wish{}},
		"pause":                      {[]string{"2", "down", "p"}, Wish{Verb: "pause", Run: first}},
		"resume":                     {[]string{"2", "p"}, Wish{Verb: "resume", Run: second}},
		"cancel one that is open":    {[]string{"2", "j", "enter", "c", "y"}, Wish{Verb: "cancel", Run: first}},
		"cancel what the filter has": {[]string{"2", "/", "s", "c", "a", "n", "enter", "c", "y"}, Wish{Verb: "cancel", Run: first}},
		"nothing passes the filter":  {[]string{"2", "/", "#", "enter", "p"}, Wish{}},
		"the filter is taken away":   {[]string{"2", "/", "#", "esc", "p"}, Wish{Verb: "resume", Run: second}},
	} {
		t.Run(name, func(t *testing.T) {
			runsOnly := busy()
			runsOnly.Runs[2].Submitted = noon.Add(-25 * time.Minute) // older than the paused one
			if _, got := pressed(shown(runsOnly, 80, 24, false), c.keys...); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// The question stays about the run that it was asked about, whatever comes meanwhile.
func TestQuestionStays(t *testing.T) {
	m := shown(busy(), 80, 24, false, "2", "c")
	want := m.asking.wish.Run
	o := busy()
	o.Runs = append(o.Runs, run("01K5QZ8P3V6T2M9X4C7B1N0A99", "newer", engine.Running, 0, 1, time.Second))
	m, _ = m.Update(Picture{o, noon.Add(time.Second)})
	if _, wish := pressed(m, "y"); wish != (Wish{Verb: "cancel", Run: want}) {
		t.Errorf("yes to %s became %+v", want, wish)
	}
}

func TestTabs(t *testing.T) {
	m := shown(busy(), 80, 24, false, "5")
	if m.view != overview {
		t.Errorf("view %d without campaigns", m.view)
	}
	m = shown(withCampaigns(busy()), 80, 24, false, "shift+tab")
	if m.view != campaigns {
		t.Errorf("view %d, want the last", m.view)
	}
	if m, _ = m.Update(Picture{busy(), noon}); m.view != overview {
		t.Errorf("view %d when the campaigns are gone", m.view)
	}
}

func TestRates(t *testing.T) {
	var h history
	for i, ended := range []uint64{100, 110, 130, 5, 5} { // the launcher began anew after the third
		h = h.add(noon.Add(time.Duration(2*i)*time.Second), dashboard.Totals{Succeeded: ended})
	}
	if want := []float64{5, 10, 0, 0}; fmt.Sprint(h.rates) != fmt.Sprint(want) {
		t.Errorf("rates %v, want %v", h.rates, want)
	}
	if same := h.add(h.at, dashboard.Totals{Succeeded: 9}); len(same.rates) != len(h.rates) {
		t.Error("a rate within no time")
	}
}

// Nothing that comes from elsewhere acts on the terminal.
func TestHostileText(t *testing.T) {
	const evil = "\x1b]0;owned\x07\x1b[2J\u202e\r\n\t"
	o := busy()
	o.Notices = []string{evil}
	o.Pools[0].Pool, o.Pools[0].Size = evil, evil
	o.Workers[0].Host, o.Workers[0].Worker, o.Workers[0].Pool, o.Workers[0].Job = evil, evil, evil, evil
	o.Jobs[0].Reason, o.Jobs[0].Nodes, o.Jobs[0].Pool, o.Jobs[0].Phase = evil, evil, evil, evil
	o.Runs[0].Label, o.Runs[0].Message, o.Runs[0].Node, o.Runs[0].User, o.Runs[0].Status = evil, evil, evil, evil, engine.Running
	o = withCampaigns(o)
	o.Campaigns[0].Campaign, o.Campaigns[0].Phase, o.Campaigns[0].Reasons[0].Text = evil, evil, evil
	for _, keys := range [][]string{nil, {"2"}, {"2", "enter"}, {"3"}, {"4"}, {"5"}, {"2", "c"}} {
		screen := shown(o, 120, 30, false, keys...).View()
		for _, bad := range []string{"\x1b]", "\x1b[2J", "\u202e", "\r", "\t", "\a"} {
			if strings.Contains(screen, bad) {
				t.Errorf("keys %v: %q is on the screen", keys, bad)
			}
		}
	}
}

// Whatever is pressed and however the terminal is resized, the screen fits.
func TestRandomKeys(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	keys := strings.Fields("1 2 3 4 5 tab shift+tab up down j k g G pgup pgdown enter esc c p y n / ? x backspace left")
	m := NewModel("beamline", false)
	for range 3000 {
		switch r.IntN(10) {
		case 0:
			m, _ = m.Update(Resized{r.IntN(250), r.IntN(70)})
		case 1:
			o := withCampaigns(busy())
			o.Runs, o.Campaigns = o.Runs[:r.IntN(len(o.Runs)+1)], o.Campaigns[:r.IntN(3)]
			m, _ = m.Update(Picture{o, noon.Add(time.Duration(r.IntN(1000)) * time.Second)})
		case 2:
			m, _ = m.Update(Trouble{errors.New("no route to host"), noon})
		case 3:
			m, _ = m.Update(Answered{"run x is paused", nil})
		default:
			m, _ = pressed(m, keys[r.IntN(len(keys))])
		}
		fits(t, m, m.View())
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}
