package jobscript_test

import (
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/jobscript"
	"github.com/ewoks-hpc/ewoks-hpc/templates"
)

// What is likely to break out of a directive, a comment or a shell word.
var nasty = []string{
	"\n", "\r", "\r\n", "\x00", "\v", "\f", "\u0085", "\u2028", "#SBATCH --uid=0", "#", " ", "\t", "'", `"`, "`", "$(touch x)", "${x@P}", "$HOME", "${HOME}",
	"$", "{", "}", "\\", ";", "&", "|", ">", "<", "(", ")", "-", "--", "--gres=gpu:8", "-p", "=", ",", ":", "/", "%", "%x", "!", "*", "~", "a", "B", "7", "é", "\xff",
	"GB", "gpu", "#!/bin/bash", "bash", "/usr/bin/env", "1", "00:10:00", "--mem", "mem", "EOF", "<<",
}

func nastyText(r *rand.Rand) string {
	var text strings.Builder
	for range r.IntN(6) + 1 {
		text.WriteString(nasty[r.IntN(len(nasty))])
	}
	return text.String()
}

// Every directive line of the script has to be one that Args tells too, and all
// lines of the head have to be directives, comments or blank.
func checkDirectives(t *testing.T, pool jobscript.Pool, script jobscript.Script) {
	t.Helper()
	var args []string
	for i, line := range strings.Split(script.Text, "\n") {
		if strings.ContainsRune(line, '\r') {
			t.Fatalf("carriage return in line %d of %q", i+1, script.Text)
		}
		if text, ok := strings.CutPrefix(line, "#SBATCH"); ok {
			words, err := jobscript.SbatchWords(text)
			if err != nil {
				t.Fatalf("%v in %q, pool %#v", err, line, pool)
			}
			args = append(args, words...)
		}
	}
	if !slices.Equal(args, script.Args) {
		t.Fatalf("sbatch reads %q, want %q; pool %#v", args, script.Args, pool)
	}
	extras := strings.Join(pool.JobExtraDirectives, "\n")
	for _, arg := range script.Args {
		if name, _, _ := strings.Cut(arg, "="); !slices.Contains(jobscript.GeneratedNames, strings.TrimPrefix(name, "--")) && extras == "" {
			t.Fatalf("option %q was smuggled in by %#v", arg, pool)
		}
	}
}

func TestNoValueAddsADirective(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	accepted := map[string]int{}
	for range 30_000 {
		option := jobscript.Options()[r.IntN(len(jobscript.Options()))]
		pool := jobscript.Pool{}
		text := nastyText(r)
		if err := option.Set(&pool, text); err != nil {
			continue
		}
		script, err := jobscript.Render(pool, worker, templates.FS())
		if err != nil {
			t.Fatalf("%s=%q passed Set and failed Render: %v", option.Key, text, err)
		}
		accepted[option.Key]++
		checkDirectives(t, pool, script)
	}
	t.Logf("accepted: %v", accepted)
	if accepted["worker_extra_args"] == 0 || accepted["local_directory"] == 0 {
		t.Error("nothing nasty was ever accepted: the test says nothing")
	}
}

// Free text reaches the worker as it is, through a real bash, and nothing else
// is run on the way.
func TestNoValueLeavesItsWord(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	w := jobscript.Worker{Binary: program(t, dir, "worker", printArguments), AccessFile: "/a", LaunchKey: "k"}
	tried := 0
	for tried < 60 {
		pool := jobscript.Pool{}
		for _, option := range jobscript.Options() {
			switch option.Key {
			case "worker_extra_args", "python", "interface", "queue", "memory":
				_ = option.Set(&pool, nastyText(r)) // refused ones stay unset
			}
		}
		if len(pool.WorkerExtraArgs) == 0 {
			continue
		}
		tried++
		got := arguments(t, render(t, pool, w))
		if got[len(got)-1] != pool.WorkerExtraArgs[0] || after(got, "--python") != pool.Python {
			t.Fatalf("worker got %q of %#v", got, pool)
		}
	}
}

func TestLocalDirectoryRunsNothing(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	w := worker
	w.Binary = program(t, t.TempDir(), "worker", printArguments)
	for tried := 0; tried < 60; {
		pool := jobscript.Pool{LocalDirectory: "/" + nastyText(r)}
		if pool.Validate() != nil {
			continue
		}
		tried++
		var env []string
		want := os.Expand(pool.LocalDirectory, func(name string) string {
			env = append(env, name+"=/h`id`")
			return "/h`id`"
		})
		if got := after(arguments(t, render(t, pool, w), env...), "--local-directory"); got != want {
			t.Fatalf("%q became %q, want %q", pool.LocalDirectory, got, want)
		}
	}
}

func FuzzPool(f *testing.F) {
	f.Add("queue", "gpu --gres=gpu:8")
	f.Add("job_extra_directives", "--comment=\"a\nb\"")
	f.Add("memory", "1GB\n#SBATCH --uid=0")
	f.Add("job_script_prologue", "true\n#SBATCH --uid=0")
	f.Add("local_directory", "/$(id)")
	f.Fuzz(func(t *testing.T, key, text string) {
		for _, option := range jobscript.Options() {
			pool := jobscript.Pool{}
			if option.Key != key || option.Set(&pool, text) != nil {
				continue
			}
			checkDirectives(t, pool, render(t, pool, worker))
		}
	})
}
