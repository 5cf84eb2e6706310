package jobscript_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/jobscript"
)

// The script runs with modules, a virtual environment and conda, in this order, before
// the prologue and the worker; what is missing is named, and then no worker starts.
func TestEnvironment(t *testing.T) {
	dir := t.TempDir()
	venv := filepath.Join(dir, "my env")
	if err := os.MkdirAll(filepath.Join(venv, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	programs := map[string]string{
		filepath.Join(venv, "bin", "activate"): "export SEEN=\"$SEEN venv\"\n",
		filepath.Join(dir, "conda"):            "#!/bin/bash\n[ \"$*\" = \"shell.bash hook\" ] && echo 'conda() { SEEN=\"$SEEN conda $*\"; [ \"$2\" = good ]; }'\n",
		filepath.Join(dir, "worker"):           "#!/bin/bash\necho \"worker:$SEEN\"\n",
	}
	for path, text := range programs {
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	module := `BASH_FUNC_module%%=() { SEEN="$SEEN $*"; export SEEN; [ "$2" != bad ]; }`
	w := jobscript.Worker{Binary: filepath.Join(dir, "worker"), AccessFile: "/a", LaunchKey: "k"}
	for _, test := range []struct {
		pool jobscript.Pool
		env  string
		want string // printed, or in the error
		ok   bool
	}{
		{jobscript.Pool{Modules: []string{"cuda/12", "python"}, Venv: venv, Conda: "good", JobScriptPrologue: []string{`SEEN="$SEEN prologue"`}}, module,
			"worker: load cuda/12 load python venv conda activate good prologue", true},
		{jobscript.Pool{Modules: []string{"good", "bad", "never"}}, module, "ewoks-hpc: modules: bad: not set up on ", false},
		{jobscript.Pool{Conda: "missing"}, module, "ewoks-hpc: conda: missing: not set up on ", false},
		{jobscript.Pool{Venv: dir + "/none"}, module, "ewoks-hpc: venv: " + dir + "/none: not set up on ", false},
	} {
		cmd := exec.Command("bash")
		cmd.Stdin = strings.NewReader(render(t, test.pool, w).Text)
		cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), test.env}
		out, err := cmd.CombinedOutput()
		if (err == nil) != test.ok || !strings.Contains(string(out), test.want) || !test.ok && strings.Contains(string(out), "worker:") {
			t.Errorf("%+v: %v\n%s", test.pool, err, out)
		}
	}
	for _, bad := range []jobscript.Pool{{Modules: []string{"a; b"}}, {Modules: []string{"$(x)"}}, {Venv: "relative"}, {Conda: "-n x"}, {Conda: "a;b"}} {
		if err := bad.Validate(); err == nil {
			t.Errorf("%s is accepted", fmt.Sprint(bad))
		}
	}
}

// What a worker of a pool has follows from whatever option asks for it.
func TestCapacity(t *testing.T) {
	for _, test := range []struct {
		pool jobscript.Pool
		want string
	}{
		{jobscript.Pool{}, "1 slot, 1 core"},
		{jobscript.Pool{Cores: 8, Processes: 4, Memory: "16GB"}, "8 slots, 8 cores, 16GB of memory"},
		{jobscript.Pool{Cores: 8, Gres: "gpu:a100:2", JobMem: "100G"}, "2 slots, 8 cores, 100GiB of memory, 2 GPUs"},
		{jobscript.Pool{Cores: 4, MemPerCPU: "2GiB"}, "4 slots, 4 cores, 8GiB of memory"},
		{jobscript.Pool{Cores: 2, Memory: "1GB", JobExtraDirectives: []string{"--mem=512", "--gpus=1"}}, "1 slot, 2 cores, 512MiB of memory, 1 GPU"},
		{jobscript.Pool{Cores: 2, JobExtraDirectives: []string{"--mem 0"}}, "2 slots, 2 cores"},
	} {
		if got := test.pool.Capacity().String(); got != test.want {
			t.Errorf("%+v: %s, want %s", test.pool, got, test.want)
		}
	}
}
