package pyhost_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
	"github.com/ewoks-hpc/ewoks-hpc/pyhost"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// stepping starts what behaves like srun: it has a child that watches it, and needs some
// time after SIGTERM to end what runs elsewhere. Behind it the script would go on.
const stepping = `
import subprocess
def step():
    subprocess.run(["sh", "-c", "./srun; touch next"])
`

const likeSrun = `#!/bin/sh
trap 'sleep 0.3; echo ended >> told; kill -9 $child; exit 1' TERM
(trap 'echo child >> told' TERM; while :; do sleep 0.05; done) & child=$!
echo $child $$ > pids
touch begun
while :; do wait; done
`

// Before a task is killed, srun is told to end its step, and gets the time for it; the
// task starts nothing more meanwhile.
func TestStepsEndWithTheirTask(t *testing.T) {
	for name, end := range map[string]func(*pool){
		"stopped":      func(p *pool) { p.Stop([]task.ID{{Run: "r", Seq: 1}}) },
		"over time":    func(*pool) {},
		"end of all":   (*pool).Close,
		"no job, none": (*pool).Close,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for file, text := range map[string]string{"t.py": stepping, "srun": likeSrun} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			t.Cleanup(func() {
				for _, process := range ewokstest.Left(dir) {
					t.Errorf("left behind: %s", process)
				}
			})
			env := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "SLURM_JOB_ID=") })
			o, want := pyhost.Options{Dir: dir, Env: append(env, "SLURM_JOB_ID=1")}, "ended\n"
			r := method(1, "t.step")
			switch name {
			case "over time":
				r.Limit = 2 * time.Second
			case "no job, none":
				o.Env, want = env, ""
			}
			p := start(t, o)
			p.Submit([]*task.Request{r})
			if err := ewokstest.Wait("srun", func() error {
				_, err := os.Stat(filepath.Join(dir, "begun"))
				return err
			}); err != nil {
				t.Fatal(err)
			}
			end(p)
			if err := ewokstest.Wait("the end of srun", func() error {
				if len(running(t, dir)) > 0 {
					return errors.New("it runs")
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if told, _ := os.ReadFile(filepath.Join(dir, "told")); string(told) != want {
				t.Errorf("told %q, want %q", told, want)
			}
			if _, err := os.Stat(filepath.Join(dir, "next")); err == nil {
				t.Error("the script went on")
			}
		})
	}
}
