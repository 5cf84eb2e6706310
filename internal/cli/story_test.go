package cli_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ewoks-hpc/ewoks-hpc/internal/cli"
	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
)

// The test binary is the program itself, and the helpers that stories use.
func TestMain(m *testing.M) {
	// Stories mostly wait, so more of them than there are CPUs run at a time.
	_ = flag.Set("test.parallel", "4") // -parallel beats it
	testscript.Main(m, map[string]func(){
		"ewoks-hpc":  func() { os.Exit(cli.Main(os.Args, "test")) },
		"await":      func() { os.Exit(await(os.Args[1:])) },
		"eventually": func() { os.Exit(eventually(os.Args[1:])) },
		"interrupt":  func() { os.Exit(interrupt(os.Args[1:])) },
		"within":     func() { os.Exit(within(os.Args[1:])) },
		"kill9":      func() { os.Exit(kill9(os.Args[1:])) },
	})
}

// Each story of testdata/stories is a shell session of a user. What stories may
// use beyond the commands of testscript:
//
//	exits CODE COMMAND...         run a command that must end with this exit code
//	await FILE...                 wait for files
//	eventually PATTERN COMMAND... repeat a command until its output matches
//	interrupt FILE COMMAND...     run a command, and send it SIGINT once FILE exists
//	within DURATION COMMAND...    run a command that must not take longer
//	kill9 launcher|worker NAME    SIGKILL for the launcher, or a busy worker, of a cluster
//	noprocess                     nothing that this story has started runs any more
//	[venv]                        whether the repository's .venv is there; $VENV is its path
func TestStories(t *testing.T) {
	bare := filepath.Join(t.TempDir(), "bare")
	ewokstest.BareVenv(t, bare)
	_, noVenv := ewokstest.FindVenv()
	if noVenv != nil && os.Getenv(ewokstest.RequireEnv) == "require" {
		t.Fatal(noVenv)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/stories",
		RequireExplicitExec: true,
		Deadline:            time.Now().Add(storyTime),
		Setup:               func(env *testscript.Env) error { return setup(env, bare) },
		Condition: func(name string) (bool, error) {
			return name == "venv" && noVenv == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"noprocess": noProcess,
		},
	})
}

// storyTime bounds all stories together: one that hangs says where.
const storyTime = 10 * time.Minute

// setup gives a story a home of its own and a Python without any package.
func setup(env *testscript.Env, bare string) error {
	root, err := ewokstest.Root()
	if err != nil {
		return err
	}
	state, home := filepath.Join(env.WorkDir, "state"), filepath.Join(env.WorkDir, "home")
	env.Vars = append(env.Vars,
		"HOME="+home, "XDG_STATE_HOME="+state, "XDG_CONFIG_HOME="+filepath.Join(home, "config"),
		"PATH="+filepath.Join(bare, "bin")+":"+env.Getenv("PATH"),
		"BARE="+bare, "VENV="+filepath.Join(root, ".venv"), "EXAMPLES="+filepath.Join(root, "examples"),
		"STATE="+filepath.Join(state, "ewoks-hpc"), "PYTHONDONTWRITEBYTECODE=1",
	)
	env.Defer(func() {
		if left := ewokstest.Left(env.WorkDir); len(left) > 0 {
			env.T().Fatal("processes are left: ", left)
		}
	})
	program, err := exec.LookPath("ewoks-hpc")
	if err != nil {
		return err
	}
	env.Setenv("PROGRAM", program)
	return os.MkdirAll(home, 0o700)
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if e, ok := err.(interface{ ExitCode() int }); ok {
		code = e.ExitCode()
	} else if err != nil {
		ts.Fatalf("%s: %v", args[1], err)
	}
	if want, err := strconv.Atoi(args[0]); err != nil || code != want {
		ts.Fatalf("%s ended with exit code %d, want %s", strings.Join(args[1:], " "), code, args[0])
	}
}

func noProcess(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: noprocess")
	}
	if left := ewokstest.Left(ts.Getenv("WORK")); len(left) > 0 {
		ts.Fatalf("processes are left: %v", left)
	}
}
