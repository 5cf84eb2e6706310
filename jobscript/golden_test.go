package jobscript_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/jobscript"
	"github.com/ewoks-hpc/ewoks-hpc/templates"
)

var update = flag.Bool("update", false, "write the golden files")

var worker = jobscript.Worker{
	Binary:     "/opt/ewoks-hpc/bin/ewoks-hpc",
	AccessFile: "/home/me/.ewoks-hpc/beamline/worker.access",
	LaunchKey:  "01JD0000000000000000000000",
	Dir:        "/data/me/run",
}

// example is the pool that documentation of dask-jobqueue users know.
var example = jobscript.Pool{
	Name: "gpu", Queue: "gpu", Walltime: 20 * time.Minute, Memory: "256GB", Cores: 16,
	JobExtraDirectives: []string{"--gres=gpu:1"},
}

var everything = jobscript.Pool{
	Name: "all", Queue: "gpu,gpu-long", Account: "proj_1", QOS: "high", Walltime: 36 * time.Hour, Memory: "1.5TB",
	Cores: 32, Processes: 4, GPUs: 2, Gres: "gpu:a100:2,shard:1", Constraint: "[rack1|rack2]&ib", Reservation: "beamtime",
	Nodes: 1, JobName: "my-job", LogDirectory: "/data/me/my logs", LocalDirectory: "${SCRATCH}/x y/$SLURM_JOB_ID",
	Shebang: "#!/bin/bash -l", Python: "/data/me/my env/bin/python", JobScriptPrologue: []string{"module load cuda\nexport A='b c'", "ulimit -c 0"},
	JobScriptEpilogue: []string{"echo done"}, JobExtraDirectives: []string{"--comment=\"a b\"", "-C ib --licenses=matlab:1"},
	JobDirectivesSkip: []string{"--no-requeue", "-n"}, WorkerExtraArgs: []string{"--label", "it's $HOME `x`"}, Interface: "ib0",
	DeathTimeout: 2 * time.Minute, JobCPU: 36, Exclusive: true, Modules: []string{"cuda/12.4", "python"}, Venv: "/data/me/my env", Conda: "ewoks",
}

var goldens = map[string]jobscript.Pool{
	"defaults":   {},
	"example":    example,
	"everything": everything,
	"nodes":      {Nodes: 2, Cores: 8, GPUs: 4, MemPerCPU: "4GiB", Walltime: time.Hour},
	"job":        {Nodes: 2, WorkerPer: jobscript.WorkerPerJob, Cores: 8, Processes: 4, Memory: "16GiB", Walltime: time.Hour},
	"jobgpus":    {Nodes: 3, WorkerPer: jobscript.WorkerPerJob, Cores: 8, GPUs: 2, JobCPU: 16, JobExtraDirectives: []string{"--ntasks=5"}},
	"epilogue":   {Cores: 2, JobScriptEpilogue: []string{"rm -rf \"$TMPDIR/x\"", "echo $ewoks_hpc_status"}},
	"prologue":   {JobMem: "100G", JobScriptPrologue: []string{"module load python", "cd /data"}},
}

func render(t *testing.T, p jobscript.Pool, w jobscript.Worker) jobscript.Script {
	t.Helper()
	script, err := jobscript.Render(p, w, templates.FS())
	if err != nil {
		t.Fatal(err)
	}
	return script
}

func TestGolden(t *testing.T) {
	for name, pool := range goldens {
		t.Run(name, func(t *testing.T) {
			script := render(t, pool, worker)
			got := script.Text + "\n# sbatch arguments:\n# " + strings.Join(script.Args, "\n# ") + "\n"
			file := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("script differs from %s:\n%s", file, got)
			}
			check := exec.Command("bash", "-n")
			check.Stdin = strings.NewReader(script.Text)
			if out, err := check.CombinedOutput(); err != nil {
				t.Errorf("bash -n: %v\n%s", err, out)
			}
		})
	}
}

func TestOverlayIsUsed(t *testing.T) {
	dir := t.TempDir()
	text := "{{.Shebang}}\n{{range .Directives}}#SBATCH {{.}}\n{{end}}# of my site\nexec {{.Command}}\n"
	if err := os.WriteFile(filepath.Join(dir, templates.Job), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	fsys, err := templates.Overlay(dir)
	if err != nil {
		t.Fatal(err)
	}
	script, err := jobscript.Render(example, worker, fsys)
	if err != nil || !strings.Contains(script.Text, "#SBATCH --partition=gpu\n") || !strings.Contains(script.Text, "# of my site\nexec /opt") {
		t.Errorf("%v\n%s", err, script.Text)
	}
	if err := os.WriteFile(filepath.Join(dir, templates.Job), []byte("{{.Nonsense}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := jobscript.Render(example, worker, fsys); err == nil || !strings.Contains(err.Error(), templates.Job) {
		t.Errorf("a broken template gives %v", err)
	}
}
