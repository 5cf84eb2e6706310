package jobscript_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/jobscript"
	"github.com/ewoks-hpc/ewoks-hpc/templates"
)

func TestMemory(t *testing.T) {
	for text, want := range map[string]string{
		"256GB": "244141M", "256GiB": "256G", "256G": "256G", "256g": "256G", "64GB": "61036M", "1GB": "954M", "500MiB": "500M", "500M": "500M",
		"2TiB": "2048G", "2T": "2048G", "1.5TB": "1430512M", "0.5G": "512M", "1500K": "2M", "1KB": "1M", "1024M": "1G", "1 GiB": "1G", "1gb": "954M",
		"": "", "256": "", "256B": "", "GB": "", "-1GB": "", "0GB": "", "1e3GB": "", "1GB ": "", "1GBs": "", "1iB": "", "999999999PB": "", "1.2.3GB": "", "1GB\n": "",
	} {
		bytes, err := jobscript.ParseMemory(text)
		if (err != nil) != (want == "") {
			t.Errorf("%q: %v", text, err)
		} else if err == nil && bytes.Slurm() != want {
			t.Errorf("%q is %s for Slurm, want %s", text, bytes.Slurm(), want)
		}
	}
	_, err := jobscript.ParseMemory("256")
	if hint := hintOf(err); !strings.Contains(hint, "256GB") || !strings.Contains(hint, "256GiB") {
		t.Errorf("the hint for a bare number is %q", hint)
	}
}

func hintOf(err error) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return hinted.Hint()
	}
	return ""
}

func TestWalltime(t *testing.T) {
	for text, want := range map[string]string{
		"20": "00:20:00", "90": "01:30:00", "1440": "1-00:00:00", "5:30": "00:05:30", "00:20:00": "00:20:00", "36:00:00": "1-12:00:00", "100:61:61": "4-05:02:01",
		"1-12": "1-12:00:00", "2-0:30": "2-00:30:00", "1-02:03:04": "1-02:03:04", "1h30m": "01:30:00", "90s": "00:01:30", "48h": "2-00:00:00", "0:30": "00:00:30",
		"": "", "0": "", "00:00:00": "", "0-0": "", "-5": "", "-1h": "", "1.5s": "", "1:2:3:4": "", "1-": "", "1-2:3:4:5": "", "UNLIMITED": "", "1d": "", "10 ": "", "10\n": "",
		"999999999": "", "999999999-0": "", "99999999999999999999": "", "300000h": "", "0-999999999:0:0": "",
	} {
		walltime, err := jobscript.ParseWalltime(text)
		if (err != nil) != (want == "") {
			t.Errorf("%q: %v %v", text, walltime, err)
		} else if err == nil && jobscript.FormatWalltime(walltime) != want {
			t.Errorf("%q is %s, want %s", text, jobscript.FormatWalltime(walltime), want)
		}
	}
	for seconds := time.Duration(1); seconds < 400_000; seconds += 997 {
		want := seconds * time.Second
		if got, err := jobscript.ParseWalltime(jobscript.FormatWalltime(want)); err != nil || got != want {
			t.Fatalf("%v is read back as %v, %v", want, got, err)
		}
	}
}

func TestSlots(t *testing.T) {
	for _, test := range []struct {
		pool               jobscript.Pool
		processes, threads int
	}{
		{jobscript.Pool{}, 1, 1},
		{jobscript.Pool{Cores: 16}, 16, 1},
		{jobscript.Pool{Cores: 16, Processes: 4}, 4, 4},
		{jobscript.Pool{Cores: 16, Processes: 1}, 1, 16},
		{jobscript.Pool{Processes: 3}, 3, 1},
		{jobscript.Pool{Cores: 16, GPUs: 2}, 2, 1},
		{jobscript.Pool{Cores: 16, GPUs: 2, Processes: 8}, 8, 2},
		{jobscript.Pool{Cores: 16, Gres: "gpu"}, 1, 1},
		{jobscript.Pool{Cores: 16, Gres: "gpu:a100"}, 1, 1},
		{jobscript.Pool{Cores: 16, Gres: "shard:4,gpu:a100:2(S:0-1),gpu:3"}, 5, 1},
		{jobscript.Pool{Cores: 16, Gres: "lustre:1"}, 16, 1},
		{jobscript.Pool{Cores: 16, Gres: "lustre:1", GPUs: 2}, 2, 1},
		{example, 1, 1},
		{jobscript.Pool{Cores: 16, JobExtraDirectives: []string{"-G a100:2,h100:1"}}, 3, 1},
		{jobscript.Pool{Cores: 16, Nodes: 2, JobExtraDirectives: []string{"--gpus=4"}}, 2, 1},
		{jobscript.Pool{Cores: 16, GPUs: 8, JobExtraDirectives: []string{"--gpus-per-node=2"}}, 2, 1},
		{jobscript.Pool{Cores: 16, Gres: "gpu:8", JobExtraDirectives: []string{"--gres gpu:2"}}, 2, 1},
	} {
		if processes, threads := test.pool.Slots(); processes != test.processes || threads != test.threads {
			t.Errorf("%+v has %d x %d slots, want %d x %d", test.pool, processes, threads, test.processes, test.threads)
		}
	}
}

// The directives of cores=10, queue=gpu-t, walltime=1h and memory=4G but for
// what the test changes.
func TestSkipAndReplace(t *testing.T) {
	base := jobscript.Pool{Queue: "gpu-t", Cores: 10, Walltime: time.Hour, Memory: "4G"}
	all := render(t, base, worker).Args
	for _, test := range []struct {
		skip, extra []string
		gone        []string // of all
		added       []string
	}{
		{skip: []string{"-t"}, gone: []string{"--time=01:00:00"}},
		{skip: []string{"--mem"}, gone: []string{"--mem=4G"}},
		{skip: []string{"mem", "t"}, gone: []string{"--mem=4G", "--time=01:00:00"}},
		{skip: []string{"-n 1"}, gone: []string{"--ntasks=1"}},
		{skip: []string{"#SBATCH --nodes=1"}, gone: []string{"--nodes=1"}},
		{skip: []string{"--cpus-per-task=1", "--mem=4"}},
		{skip: []string{"--mem"}, extra: []string{"--mem=8G"}, gone: []string{"--mem=4G"}, added: []string{"--mem=8G"}},
		{extra: []string{"--mem=8G"}, gone: []string{"--mem=4G"}, added: []string{"--mem=8G"}},
		{extra: []string{"--mem-per-gpu=8G"}, gone: []string{"--mem=4G"}, added: []string{"--mem-per-gpu=8G"}},
		{extra: []string{"-p other"}, gone: []string{"--partition=gpu-t"}, added: []string{"-p", "other"}},
		{extra: []string{"-pother --requeue"}, gone: []string{"--partition=gpu-t", "--no-requeue"}, added: []string{"-pother", "--requeue"}},
		{extra: []string{"-t 20"}, gone: []string{"--time=01:00:00"}, added: []string{"-t", "20"}},
		{extra: []string{"-t 10"}, gone: []string{"--time=01:00:00", "--signal=B:USR1@60"}, added: []string{"-t", "10"}},
		{extra: []string{`--comment="-p \"x\" #y"`}, added: []string{`--comment=-p "x" #y`}},
	} {
		pool := base
		pool.JobDirectivesSkip, pool.JobExtraDirectives = test.skip, test.extra
		want := slices.DeleteFunc(slices.Clone(all), func(arg string) bool { return slices.Contains(test.gone, arg) })
		want = append(want, test.added...)
		if got := render(t, pool, worker).Args; !slices.Equal(got, want) {
			t.Errorf("skip %q, extra %q give\n%q, want\n%q", test.skip, test.extra, got, want)
		}
	}
}

func TestReplacedTimeMovesTheEnd(t *testing.T) {
	script := render(t, jobscript.Pool{Walltime: time.Hour, JobExtraDirectives: []string{"--time=15"}}, worker)
	if !strings.Contains(script.Text, "+ 900 ))") || !slices.Contains(script.Args, "--signal=B:USR1@30") {
		t.Errorf("the worker is told another end than Slurm:\n%s", script.Text)
	}
}

func TestExclusiveTakesAllMemory(t *testing.T) {
	for _, test := range []struct {
		pool jobscript.Pool
		want string
	}{
		{jobscript.Pool{Exclusive: true}, "--mem=0"},
		{jobscript.Pool{Exclusive: true, Memory: "4G"}, "--mem=4G"},
		{jobscript.Pool{Exclusive: true, JobExtraDirectives: []string{"--mem-per-cpu=1G"}}, "--mem-per-cpu=1G"},
	} {
		args := render(t, test.pool, worker).Args
		memory := slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return !strings.HasPrefix(arg, "--mem") })
		if !slices.Contains(args, "--exclusive") || !slices.Equal(memory, []string{test.want}) {
			t.Errorf("%+v gives %q", test.pool, args)
		}
	}
}

func TestLogDirectory(t *testing.T) {
	for _, test := range []struct {
		pool jobscript.Pool
		dir  string
		want string
	}{
		{jobscript.Pool{LogDirectory: "/logs"}, "/run", "/logs"},
		{jobscript.Pool{}, "/run", "/run"},
		{jobscript.Pool{}, "", ""},
		{jobscript.Pool{LogDirectory: "/logs", JobExtraDirectives: []string{"-o /tmp/x"}}, "/run", ""},
	} {
		w := worker
		w.Dir = test.dir
		if got := render(t, test.pool, w).LogDirectory; got != test.want {
			t.Errorf("%+v in %q logs to %q, want %q", test.pool, test.dir, got, test.want)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, test := range []struct {
		option string
		pool   jobscript.Pool
	}{
		{"queue", jobscript.Pool{Queue: "gpu --gres=gpu:8"}},
		{"queue", jobscript.Pool{Queue: "-x"}},
		{"account", jobscript.Pool{Account: "a\n#SBATCH --uid=0"}},
		{"qos", jobscript.Pool{QOS: "$(id)"}},
		{"reservation", jobscript.Pool{Reservation: "a b"}},
		{"constraint", jobscript.Pool{Constraint: "ib #"}},
		{"gres", jobscript.Pool{Gres: "gpu:1 --mem=0"}},
		{"job_name", jobscript.Pool{JobName: "a|b"}},
		{"job_name", jobscript.Pool{JobName: strings.Repeat("a", 65)}},
		{"pool", jobscript.Pool{Name: "a\nb"}},
		{"memory", jobscript.Pool{Memory: "256"}},
		{"job_mem", jobscript.Pool{JobMem: "100GiB"}},
		{"job_mem", jobscript.Pool{JobMem: "100G", Memory: "100G"}},
		{"mem_per_cpu", jobscript.Pool{JobMem: "100G", MemPerCPU: "1G"}},
		{"mem_per_cpu", jobscript.Pool{Memory: "100G", MemPerCPU: "1G"}},
		{"processes", jobscript.Pool{Cores: 16, Processes: 3}},
		{"processes", jobscript.Pool{Cores: 2, Processes: 4}},
		{"cores", jobscript.Pool{Cores: -1}},
		{"gpus", jobscript.Pool{GPUs: 2, Gres: "gpu:4"}},
		{"walltime", jobscript.Pool{Walltime: time.Millisecond}},
		{"walltime", jobscript.Pool{Walltime: -time.Hour}},
		{"death_timeout", jobscript.Pool{DeathTimeout: 1500 * time.Millisecond}},
		{"log_directory", jobscript.Pool{LogDirectory: "logs"}},
		{"log_directory", jobscript.Pool{LogDirectory: "/logs/%j"}},
		{"log_directory", jobscript.Pool{LogDirectory: `/a" --mem=0 "`}},
		{"local_directory", jobscript.Pool{LocalDirectory: "/$(id)"}},
		{"local_directory", jobscript.Pool{LocalDirectory: "/`id`"}},
		{"local_directory", jobscript.Pool{LocalDirectory: "/${x@P}"}},
		{"local_directory", jobscript.Pool{LocalDirectory: "~/x"}},
		{"shebang", jobscript.Pool{Shebang: "#!/bin/sh"}},
		{"shebang", jobscript.Pool{Shebang: "bash"}},
		{"shebang", jobscript.Pool{Shebang: "#!/bin/bash\n#SBATCH --uid=0"}},
		{"python", jobscript.Pool{Python: "-c"}},
		{"interface", jobscript.Pool{Interface: "ib0 --access"}},
		{"job_script_prologue", jobscript.Pool{JobScriptPrologue: []string{"true\n#SBATCH --uid=0"}}},
		{"job_script_epilogue", jobscript.Pool{JobScriptEpilogue: []string{"a\rb"}}},
		{"job_extra_directives", jobscript.Pool{JobExtraDirectives: []string{"gres=gpu:1"}}},
		{"job_extra_directives", jobscript.Pool{JobExtraDirectives: []string{"#SBATCH --gres=gpu:1"}}},
		{"job_extra_directives", jobscript.Pool{JobExtraDirectives: []string{"--comment=a\n#SBATCH --uid=0"}}},
		{"job_extra_directives", jobscript.Pool{JobExtraDirectives: []string{`--comment="a`}}},
		{"job_extra_directives", jobscript.Pool{JobExtraDirectives: []string{`--comment=a\ b`}}},
		{"job_extra_directives", jobscript.Pool{JobExtraDirectives: []string{`--comment=a\`}}},
		{"job_extra_directives", jobscript.Pool{JobExtraDirectives: []string{"--comment=a #b"}}},
		{"job_extra_directives", jobscript.Pool{JobExtraDirectives: []string{"--mem=1G --array=1-100"}}},
		{"job_extra_directives", jobscript.Pool{JobExtraDirectives: []string{"-a1-100"}}},
		{"job_extra_directives", jobscript.Pool{JobExtraDirectives: []string{""}}},
		{"job_directives_skip", jobscript.Pool{JobDirectivesSkip: []string{"--mem_per_cpu"}}},
		{"job_directives_skip", jobscript.Pool{JobDirectivesSkip: []string{""}}},
		{"worker_extra_args", jobscript.Pool{WorkerExtraArgs: []string{"--resources GPU=1"}}},
		{"worker_extra_args", jobscript.Pool{WorkerExtraArgs: []string{"a\nb"}}},
	} {
		_, err := jobscript.Render(test.pool, worker, templates.FS())
		var option *jobscript.OptionError
		if !errors.As(err, &option) || option.Option != test.option {
			t.Errorf("%+v: %v, want an error about %s", test.pool, err, test.option)
		}
	}
	for _, change := range []func(*jobscript.Worker){
		func(w *jobscript.Worker) { w.Binary = "ewoks-hpc" },
		func(w *jobscript.Worker) { w.AccessFile = "/a\nb" },
		func(w *jobscript.Worker) { w.LaunchKey = "" },
		func(w *jobscript.Worker) { w.LaunchKey = "-k" },
		func(w *jobscript.Worker) { w.Dir = "here" },
	} {
		w := worker
		change(&w)
		if _, err := jobscript.Render(jobscript.Pool{}, w, templates.FS()); err == nil {
			t.Errorf("%+v was accepted", w)
		}
	}
}

// What sbatch 22.05 made of these lines, seen in the output of sbatch -vv.
func TestSbatchWords(t *testing.T) {
	for line, want := range map[string][]string{
		`--comment=a\b`:                      {"--comment=ab"},
		`--comment="a\"b"`:                   {`--comment=a"b`},
		`--comment="a\b\\c"`:                 {`--comment=ab\c`},
		`--comment='a"b' --job-name=x'y z'w`: {`--comment=a"b`, "--job-name=xy zw"},
		`--comment="a # b" --qos=q`:          {"--comment=a # b", "--qos=q"},
		"-pgpu  --qos q\t--mem 5G":           {"-pgpu", "--qos", "q", "--mem", "5G"},
		`--comment="" --qos=q`:               {"--comment=", "--qos=q"},
		`--output="/data/my logs/%x.log"`:    {"--output=/data/my logs/%x.log"},
		`--constraint=[a|b]*2&c`:             {"--constraint=[a|b]*2&c"},
	} {
		if got, err := jobscript.SbatchWords(line); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s is %q, %v, want %q", line, got, err, want)
		}
	}
}
