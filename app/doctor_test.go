package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/jobscript"
	"github.com/ewoks-hpc/ewoks-hpc/pyhost"
)

// consult runs one check and returns its finding.
func consult(o ClusterOptions, check func(*doctor) func(context.Context) Finding) (f Finding) {
	o.Logger = discard
	d := &doctor{o: DoctorOptions{ClusterOptions: o, Report: func(found Finding) { f = found }}, blocked: map[string]string{}}
	d.check(context.Background(), "it", nil, check(d))
	return f
}

func TestDoctorStateDirectory(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	for name, mode := range map[string]os.FileMode{"good": 0o700, "open": 0o755} {
		if err := os.Mkdir(in(name), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(in("file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		dir         string
		mark        Mark
		found, hint string
	}{
		{in("good"), MarkOK, " free", ""},
		{in("new/er"), MarkOK, "(will be made)", ""},
		{in("open"), MarkFailed, "has mode 0755 and is open to others", "type: chmod 700 " + in("open")},
		{in("file"), MarkFailed, "is a file, not a folder", "--state-dir"},
		{in("file/below"), MarkFailed, "is a file, not a folder", "--state-dir"},
		{"/proc/ewoks-hpc", MarkFailed, "/proc: ", "--state-dir"},
	} {
		f := consult(ClusterOptions{StateDir: test.dir, Local: true}, func(d *doctor) func(context.Context) Finding { return d.stateDirectory })
		if f.Mark != test.mark || !strings.Contains(f.Found, test.found) || !strings.Contains(f.Hint, test.hint) {
			t.Errorf("%s: %+v", test.dir, f)
		}
		if _, err := os.Stat(in("new")); err == nil {
			t.Errorf("%s: the check made a folder", test.dir)
		}
	}
	if left, _ := filepath.Glob(in("*/.*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A check that fails stands for all that depend on it.
func TestDoctorNeeds(t *testing.T) {
	var all []Finding
	d := &doctor{o: DoctorOptions{Report: func(f Finding) { all = append(all, f) }}, blocked: map[string]string{}}
	bad := func(context.Context) Finding { return failed("do it", "is \x1b[31mbroken\nindeed") }
	never := func(context.Context) Finding { t.Error("checked all the same"); return Finding{} }
	d.check(t.Context(), "a", nil, bad)
	d.check(t.Context(), "b", []string{"x", "a"}, never)
	d.check(t.Context(), "c", []string{"b"}, never)
	interrupted, cancel := context.WithCancel(t.Context())
	d.check(interrupted, "d", nil, func(context.Context) Finding { cancel(); return failed("", "signal: killed") })
	d.check(interrupted, "e", nil, never)
	if len(all) != 3 || all[0].Found != "is [31mbroken indeed" || all[1].Mark != MarkSkipped || all[2].Found != "not checked: see a first" {
		t.Errorf("%+v", all)
	}
}

func TestJudge(t *testing.T) {
	ms := func(n time.Duration) *time.Duration { n *= time.Millisecond; return &n }
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	good := nodeReport{
		Program: "1", Host: "n1", Dir: here, Ahead: ms(3), Kind: "nfs", Dialled: []dialled{{Host: "a", Trip: time.Millisecond}},
		Python: seenPython{Description: pyhost.Description{Executable: "/py", Version: "3.11.2", Ewokscore: "5.0.0"}},
	}
	for name, test := range map[string]struct {
		change func(*nodeReport)
		check  string
		mark   Mark
		hint   string
	}{
		"good":         {func(*nodeReport) {}, "", "", ""},
		"other":        {func(r *nodeReport) { r.Program = "2" }, "node program", MarkFailed, "shared file system"},
		"access":       {func(r *nodeReport) { r.Access = "no such file" }, "node state directory", MarkFailed, "--state-dir"},
		"directory":    {func(r *nodeReport) { r.Dir = "/tmp/other" }, "node working directory", MarkFailed, "--chdir"},
		"scratch":      {func(r *nodeReport) { r.Scratch = "read-only" }, "node scratch", MarkFailed, "--local-directory"},
		"python":       {func(r *nodeReport) { r.Python = seenPython{Error: "none"} }, "node Python", MarkFailed, "--python"},
		"old":          {func(r *nodeReport) { r.Python.TooOld = true }, "node Python", MarkFailed, "--python"},
		"ewokscore":    {func(r *nodeReport) { r.Python.Ewokscore = "" }, "node ewokscore", MarkWarning, "/py -m pip install ewokscore"},
		"unreachable":  {func(r *nodeReport) { r.Dialled[0].Error = "timeout" }, "node broker", MarkFailed, "--advertise"},
		"second":       {func(r *nodeReport) { r.Dialled = []dialled{{Host: "b", Error: "timeout"}, {Host: "a"}} }, "node broker", MarkWarning, "--advertise"},
		"clock":        {func(r *nodeReport) { r.Ahead = ms(-5000) }, "node clock", MarkWarning, "chronyc"},
		"wrong clock":  {func(r *nodeReport) { r.Ahead = ms(3_600_000) }, "node clock", MarkFailed, "chronyc"},
		"other second": {func(r *nodeReport) { r.Dialled = append(r.Dialled, dialled{Host: "b", Error: "timeout"}) }, "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, some := good, false
			r.Dialled = append([]dialled{}, good.Dialled...)
			test.change(&r)
			d := &doctor{blocked: map[string]string{}, o: DoctorOptions{ClusterOptions: ClusterOptions{Version: "1", Dir: here}}}
			d.o.Report = func(f Finding) {
				switch {
				case f.Mark == MarkFailed && f.Hint == "":
					t.Errorf("no hint: %+v", f)
				case f.Check == test.check:
					some = true
					if f.Mark != test.mark || !strings.Contains(f.Hint, test.hint) {
						t.Errorf("%+v", f)
					}
				case f.Mark != MarkOK && f.Mark != MarkSkipped:
					t.Errorf("%+v", f)
				}
			}
			d.judge(t.Context(), r)
			if test.check != "" && !some {
				t.Errorf("no finding about %s", test.check)
			}
		})
	}
}

func TestProbePool(t *testing.T) {
	p := probePool(jobscript.Pool{Queue: "gpu", Gres: "gpu:1", Memory: "256GB", Cores: 64, Processes: 32, Walltime: time.Hour, Nodes: 4, Exclusive: true})
	if p.Queue != "gpu" || p.Gres != "gpu:1" || p.Memory != "512M" || p.Cores != 1 || p.Walltime != probeWalltime || p.Nodes > 1 || p.Exclusive {
		t.Errorf("%+v", p)
	}
	if p := probePool(jobscript.Pool{Memory: "100MB", Walltime: time.Minute}); p.Memory != "100MB" || p.Walltime != time.Minute {
		t.Errorf("a small one: %+v", p)
	}
	for _, bad := range []jobscript.Pool{{}, {JobMem: "100G"}, {MemPerCPU: "1GB", GPUs: 2}} {
		if err := probePool(bad).Validate(); err != nil {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// What comes from a node is not trusted to be a report.
func TestReadReport(t *testing.T) {
	p := &probe{}
	for text, want := range map[string]Mark{
		`{"host":"n1"}`: MarkOK, `{}`: MarkFailed, `[]`: MarkFailed, ``: MarkFailed,
		`{"host":"` + strings.Repeat("n", maxReport) + `"}`: MarkFailed,
	} {
		if r, f := p.read([]byte(text), "somehow"); f.Mark != want || (r == nil) != (want == MarkFailed) {
			t.Errorf("%.40q: %+v", text, f)
		}
	}
}

func TestFolders(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "a", "b", "c")
	made, err := makeFolders(dir)
	if err != nil || len(made) != 3 {
		t.Fatalf("%v %v", made, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(base, "a", "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := removeFolders(dir, made); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(base, "a", "b")); !errors.Is(err, os.ErrNotExist) {
		t.Error("b is left")
	}
	if _, err := os.Stat(filepath.Join(base, "a", "mine")); err != nil {
		t.Error("what others made is gone")
	}
}
