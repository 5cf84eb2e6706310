package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
	"github.com/ewoks-hpc/ewoks-hpc/slurm/slurmtest"
)

// finding is one check of doctor -o json.
type finding struct{ Check, Result, Found, Hint string }

// doctor returns the findings by the name of their check. Every failure must have a
// hint, the exit code must say whether there is one, and nothing may be left.
func (s *site) doctor(args ...string) map[string]finding {
	s.Helper()
	e := s.try(append([]string{"doctor", "-o", "json"}, args...)...)
	var all struct {
		OK     bool
		Checks []finding
	}
	if err := json.Unmarshal([]byte(e.out), &all); err != nil {
		s.Fatalf("doctor %v: exit code %d, %v\n%s%s", args, e.code, err, e.out, e.err)
	}
	findings, code := map[string]finding{}, 0
	for _, f := range all.Checks {
		findings[f.Check] = f
		if f.Result == "fail" {
			code = 1
			if f.Hint == "" {
				s.Errorf("doctor %v: a failure without hint: %+v", args, f)
			}
		}
	}
	if e.code != code || all.OK != (code == 0) {
		s.Errorf("doctor %v: exit code %d, want %d\n%s", args, e.code, code, e.out)
	}
	s.noProbe()
	return findings
}

// noProbe checks that nothing of a probe is left.
func (s *site) noProbe() {
	s.Helper()
	if files, _ := filepath.Glob(s.state("*", "doctor-*")); len(files) > 0 {
		s.Errorf("left: %v", files)
	}
}

// want checks that exactly this check failed, and what it says.
func (s *site) want(findings map[string]finding, check, found, hint string) {
	s.Helper()
	for _, f := range findings {
		if f.Result == "fail" && f.Check != check {
			s.Errorf("failed, too: %+v", f)
		}
	}
	if f := findings[check]; f.Result != "fail" || !strings.Contains(f.Found, found) || !strings.Contains(f.Hint, hint) {
		s.Errorf("%s: want failure %q with hint %q, got %+v", check, found, hint, f)
	}
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	slurm := slurmtest.Start(t, slurmtest.Options{Nodes: 3, CPUs: 8, Partitions: []string{
		"PartitionName=short Nodes=n[1-2] MaxTime=30", "PartitionName=closed Nodes=n1 State=DOWN", "PartitionName=busy Nodes=n3",
	}})
	for name, test := range map[string]func(*site){
		"all is well": doctorWell, "pools": doctorPools, "refused": doctorRefused, "state directory": doctorState, "node": doctorNode, "no answer": doctorNoAnswer,
		"waiting": doctorWaiting, "interrupt": doctorInterrupted, "cluster is up": doctorUp,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(newSite(t, slurm))
		})
	}
}

// doctorOptions are a probe in a queue that is free: the test of waiting takes n3.
var doctorOptions = []string{"--probe", "--queue", "short", "--walltime", "20"}

// doctorPools is about all pools: in one line where they are the same.
func doctorPools(s *site) {
	s.write("ewoks-hpc.toml", `
[pool.fine]
queue = "short"
walltime = "00:20:00"
[pool.same]
queue = "short"
walltime = "00:20:00"
[pool.long]
queue = "short"
walltime = "01:00:00"
[pool.gone]
queue = "nowhere"
`)
	f := s.doctor("--pool", "fine", "--pool", "same", "--pool", "long", "--pool", "gone")
	for check, result := range map[string]string{
		"queue of fine, same": "ok", "queue of long": "fail", "queue of gone": "fail",
		"submission of fine, same": "ok", "submission of long": "skipped", "submission of gone": "skipped", "Python": "ok",
	} {
		if f[check].Result != result {
			s.Errorf("%s: %+v, want %s", check, f[check], result)
		}
	}
	if long := f["submission of long"].Found; long != "not checked: see queue of long first" {
		s.Errorf("submission of long: %s", long)
	}
	if text := s.ok("doctor", "--pool", "fine", "--pool", "same"); strings.Contains(text, " of fine") {
		s.Errorf("pools that do not differ:\n%s", text)
	}
}

func doctorWell(s *site) {
	s.env = append(s.env, "VIRTUAL_ENV="+ewokstest.Venv(s.T))
	text := s.ok("doctor", "--probe", "--queue", "short", "--gres", "gpu:1", "--cores", "2", "--memory", "1GB", "--walltime", "20", "--jobs", "3000")
	for _, want := range []string{
		"ok       state directory ", "ok       Slurm commands          version ", "ok       munge ", "ok       controller ",
		"warning  accounting ", "short is up, 2 of 2 nodes usable, walltime 00:20:00 of at most 00:30:00", "Slurm takes the job, and could start it at 20",
		"ok       broker ", "ok       ewokscore ", "answered over the broker after", "ok       node program ", "ok       node state directory ",
		"ok       node working directory  " + filepath.Join(s.dir, "work"), "ok       node Python ", "ok       node ewokscore ", "ok       node broker             reached at ",
		"ok       node clock ", "nothing failed, 1 warning\n",
	} {
		if !strings.Contains(text, want) {
			s.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "\x1b") || strings.Contains(text, "FAIL") {
		s.Errorf("doctor says\n%s", text)
	}
	if _, err := os.Stat(s.state()); err == nil {
		s.Error("the state directory was made and is left")
	}
	if out := s.ok("doctor", "-q", "--queue", "short"); out != "" {
		s.Errorf("--quiet says %s", out)
	}
	s.noProbe()
}

// What Slurm would refuse, or take and never start.
func doctorRefused(s *site) {
	for _, test := range []struct {
		args               []string
		check, found, hint string
	}{
		{[]string{"--queue", "nosuch"}, "queue", `there is no queue "nosuch"`, "debug, gpu, short"},
		{[]string{"--queue", "short", "--walltime", "99"}, "queue", "short allows 00:30:00, the walltime is 01:39:00", "--walltime 00:30:00 or less"},
		{[]string{"--queue", "short", "--job-extra-directives=-t 99"}, "queue", "the walltime is 01:39:00", "--walltime"},
		{[]string{"--queue", "closed"}, "queue", "closed is DOWN", "--queue"},
		{[]string{"--queue", "short", "--memory", "1TB"}, "submission", "node configuration is not available", "2 with 8 CPUs and 4000 MiB and gpu:1"},
		{[]string{"--queue", "short", "--cores", "99"}, "submission", "node configuration is not available", "lower what is asked for"},
		{[]string{"--queue", "short", "--gres", "nosuch:1"}, "submission", "Invalid generic resource", "sinfo -o"},
		{[]string{"--queue", "short", "--constraint", "nosuch"}, "submission", "Invalid feature", "sinfo -o"},
		{[]string{"--queue", "short", "--reservation", "nosuch"}, "submission", "reservation is invalid", "scontrol show reservation"},
		{[]string{"--queue", "short", "--interface", "nosuch0"}, "broker", `network interface "nosuch0"`, "this machine has lo"},
	} {
		s.want(s.doctor(test.args...), test.check, test.found, test.hint)
	}
	if e := s.try("doctor", "--queue", "nosuch", "-q"); e.code != 1 || !strings.HasPrefix(e.out, "FAIL     queue ") || strings.Count(e.out, "\n") != 2 {
		s.Errorf("--quiet: exit code %d\n%s%s", e.code, e.out, e.err)
	}
}

func doctorState(s *site) {
	if err := os.MkdirAll(s.state("default"), 0o700); err != nil {
		s.Fatal(err)
	}
	if err := os.Chmod(s.state("default"), 0o755); err != nil {
		s.Fatal(err)
	}
	all := s.doctor(doctorOptions...)
	s.want(all, "state directory", "is open to others", "type: chmod 700 "+s.state("default"))
	if f := all["probe job"]; f.Result != "skipped" || !strings.Contains(f.Found, "state directory") {
		s.Errorf("%+v", f)
	}
	s.write("file", "")
	s.want(s.doctor("--queue", "short", "--state-dir", filepath.Join(s.dir, "work", "file")), "state directory", "is a file", "--state-dir")
}

// What only a look from the node can find.
func doctorNode(s *site) {
	for _, test := range []struct {
		arg                string
		check, found, hint string
		way                string
	}{
		{"--python=/nonexistent", "node Python", `"/nonexistent" cannot be started`, "--python", "over the broker"},
		{"--job-script-prologue=chmod 644 " + s.state("default") + "/doctor-*/keys/*.json", "node state directory", "has mode 0644", "--state-dir", "through a file"},
		{"--advertise=nosuch.invalid", "node broker", "no address can be reached: nosuch.invalid", "--advertise", "through a file"},
		{"--local-directory=/proc/nosuch", "node scratch", "/proc/nosuch", "--local-directory", "over the broker"},
		{"--job-script-prologue=cd /", "node working directory", "jobs start in /", "--chdir", "over the broker"},
		{"--job-script-prologue=rm -r " + s.state("default") + "/doctor-*/keys/*.json; cd " + s.state("default") + "/doctor-*/keys; mkdir answer.json.part", "node state directory", "no such file", "--state-dir", "through its log"},
	} {
		all := s.doctor(append([]string{test.arg}, doctorOptions...)...)
		if strings.Contains(test.arg, "cd "+s.state()) { // it is not there either
			delete(all, "node working directory")
		}
		s.want(all, test.check, test.found, test.hint)
		if f := all["probe job"]; f.Result != "ok" || !strings.Contains(f.Found, test.way) {
			s.Errorf("%s: %+v", test.arg, f)
		}
	}
}

func doctorNoAnswer(s *site) {
	s.want(s.doctor(append([]string{"--job-script-prologue=nosuchmodule load python"}, doctorOptions...)...),
		"probe job", "nosuchmodule: command not found", "prologue")
	s.want(s.doctor(append([]string{"--job-extra-directives=--output=/nonexistent/log"}, doctorOptions...)...),
		"probe job", "without an answer and without a log", "--log-directory")
	s.want(s.doctor(append([]string{"--job-script-prologue=sleep 60", "--probe-timeout=6s"}, doctorOptions...)...),
		"probe job", "has not answered within", "--probe-timeout")
}

// occupy fills the only node of the queue busy.
func (s *site) occupy() {
	s.Helper()
	out, err := s.slurm.Command("sbatch", "-p", "busy", "-c", "8", "-t", "5", "-o", "/dev/null", "--wrap", "sleep 300").CombinedOutput()
	if err != nil {
		s.Fatalf("%v: %s", err, out)
	}
	job := strings.Fields(string(out))[3]
	s.Cleanup(func() { _ = s.slurm.Command("scancel", job).Run() })
}

func doctorWaiting(s *site) {
	s.occupy()
	e := s.try("doctor", "--probe", "--probe-timeout", "6s", "--queue", "busy")
	for _, want := range []string{"FAIL     probe job ", "did not start within 6s: ", "hint: wait for the queue"} {
		if e.code != 1 || !strings.Contains(e.out, want) {
			s.Errorf("no %q, exit code %d\n%s%s", want, e.code, e.out, e.err)
		}
	}
	if !strings.Contains(e.err, "waiting: job ") || !strings.Contains(e.err, " is queued: ") {
		s.Errorf("while it waits:\n%s", e.err)
	}
	s.noProbe()
}

// An interrupt leaves nothing, and while the probe is there it gives nothing away.
func doctorInterrupted(s *site) {
	s.occupy()
	cmd := s.command(program, "doctor", "--probe", "--queue", "busy", "--job-name", "mine")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	var name, job string
	s.until("the probe is queued", func() bool {
		dirs, _ := filepath.Glob(s.state("default", "doctor-*"))
		if len(dirs) == 0 {
			return false
		}
		name = "ewoks-hpc-" + filepath.Base(dirs[0])
		list, err := s.slurm.Command("squeue", "-h", "-o", "%F", "-n", name).Output()
		job = strings.TrimSpace(string(list))
		return err == nil && job != ""
	})
	s.noSecrets(job)
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		s.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 || !strings.Contains(errs.String(), "interrupted") || strings.Contains(out.String(), "FAIL") {
		s.Errorf("exit code %d\n%s%s", code, out.String(), errs.String())
	}
	list, err := s.slurm.Command("squeue", "-h", "-o", "%T", "-n", name).Output()
	if err != nil || len(list) > 0 {
		s.Errorf("left in the queue: %s %v", list, err)
	}
	if _, err := os.Stat(s.state()); err == nil {
		s.Error("the state directory is left")
	}
	s.noProbe()
}

// noSecrets looks for the keys of the probe's broker where others can look.
func (s *site) noSecrets(job string) {
	s.Helper()
	var known [][]byte
	for _, name := range []string{"keys/*.json", "access-client.json", "broker.json"} {
		files, _ := filepath.Glob(s.state("default", "doctor-*", name))
		if len(files) != 1 {
			s.Fatalf("%s: %v", name, files)
		}
		info, err := os.Stat(files[0])
		if err != nil || info.Mode().Perm() != 0o600 {
			s.Errorf("%s: %v %v", files[0], info.Mode(), err)
		}
		text, _ := os.ReadFile(files[0])
		known = append(known, seedPattern.FindAll(text, -1)...)
	}
	if len(known) < 3 {
		s.Fatalf("only %d keys", len(known))
	}
	look := func(where string, text []byte) {
		for _, secret := range known {
			if bytes.Contains(text, secret) {
				s.Errorf("a secret is in %s", where)
			}
		}
	}
	for _, p := range ewokstest.Processes(s.dir) {
		look("the arguments of "+p.String(), p.Args)
		look("the environment of "+p.String(), p.Environ)
	}
	script, err := s.slurm.Command("scontrol", "write", "batch_script", job, "-").Output()
	if err != nil || !strings.Contains(string(script), "doctor-probe") {
		s.Errorf("script: %v\n%s", err, script)
	}
	look("the script", script)
	saved, _ := filepath.Glob(filepath.Join(s.slurm.Dir, "state", "*", "job."+job+"*", "*"))
	for _, file := range saved {
		text, err := os.ReadFile(file)
		if err != nil {
			s.Error(err)
		}
		look(file, text)
	}
	if len(saved) == 0 {
		s.Errorf("nothing of job %s is in the state of slurmctld", job)
	}
}

// A cluster that is up is looked at and left alone.
func doctorUp(s *site) {
	s.ok("up", "--jobs", "1", "--queue", "short", "--detach", poll)
	address := s.status("default").Address
	all := s.doctor(doctorOptions...)
	if f := all["broker"]; f.Result != "ok" || !strings.Contains(f.Found, "is up here, at "+address) {
		s.Errorf("%+v", f)
	}
	if f := all["node broker"]; f.Result != "ok" {
		s.Errorf("%+v", f)
	}
	s.until("the worker is there", func() bool { return len(s.status("default").Workers) == 1 })
	s.down("default")
}

// Without munge no command of Slurm works; one line says so.
func TestDoctorWithoutMunge(t *testing.T) {
	t.Parallel()
	s := newSite(t, slurmtest.Start(t, slurmtest.Options{Nodes: 1}))
	s.slurm.KillMunge()
	all := s.doctor("--probe")
	s.want(all, "munge", "munge says: munge: Error: ", "systemctl status munge")
	for _, check := range []string{"controller", "queue", "submission", "probe job"} {
		if f := all[check]; f.Result != "skipped" || f.Found != "not checked: see munge first" {
			t.Errorf("%s: %+v", check, f)
		}
	}
}

// A controller that is away.
func TestDoctorWithoutController(t *testing.T) {
	t.Parallel()
	s := newSite(t, slurmtest.Start(t, slurmtest.Options{Nodes: 1}))
	s.slurm.KillController()
	s.want(s.doctor("--probe"), "controller", "is DOWN", "scontrol ping")
}
