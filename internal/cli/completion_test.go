package cli_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// bashProbe prints what bash would offer for a line.
const bashProbe = `
source <(ewoks-hpc completion bash)
line=$1
COMP_LINE=$line COMP_POINT=${#line}
# as readline takes a line apart: at blanks, and = is a word
words=${line//=/ = }
read -ra COMP_WORDS <<< "$words"
[[ $line == *' ' || $line == *'=' ]] && COMP_WORDS+=('')
[[ $line == *'=' ]] && unset 'COMP_WORDS[-1]'
COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
compopt() { :; } # there is no readline here
_ewoks_hpc
printf '%s\n' "${COMPREPLY[@]}"
`

func TestCompletionScripts(t *testing.T) {
	home, bin := t.TempDir(), filepath.Dir(program(t))
	state := filepath.Join(home, "state")
	env := append(os.Environ(), "HOME="+home, "EWOKS_HPC_STATE_DIR="+state, "PATH="+bin+":"+os.Getenv("PATH"), "TERM=dumb")
	for _, name := range []string{"default", "beamline"} {
		write(t, filepath.Join(state, name, "launcher.log"), "")
	}
	work := filepath.Join(home, "work")
	for _, name := range []string{"graph.json", "graph.yaml", "notes.txt", "sub/x.yml"} {
		write(t, filepath.Join(work, name), "")
	}
	shells := map[string][]string{
		"bash": {"bash", "--norc", "-c", bashProbe, "probe"},
		"fish": {"fish", "--no-config", "-c", "ewoks-hpc completion fish | source; complete -C $argv[1]"},
		"zsh":  {"zsh", "-f", "-c", zshWords, "probe"},
	}
	for shell, command := range shells {
		t.Run(shell, func(t *testing.T) {
			if _, err := exec.LookPath(shell); err != nil {
				t.Skipf("SKIPPED: %s is not installed", shell)
			}
			for _, c := range completionCases {
				if shell == "zsh" && c.files {
					continue // zsh itself finds them, in its line editor only
				}
				cmd := exec.Command(command[0], append(slices.Clone(command[1:]), c.line)...)
				cmd.Env, cmd.Dir = env, work
				begun := time.Now()
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("%s: %v\n%s", c.line, err, out)
				}
				t.Logf("%q took %s", c.line, time.Since(begun))
				got := words(string(out))
				for _, want := range c.want {
					if !slices.Contains(got, want) {
						t.Errorf("%q offers %q, not %q", c.line, got, want)
					}
				}
				for _, bad := range c.not {
					if slices.Contains(got, bad) {
						t.Errorf("%q offers %q", c.line, bad)
					}
				}
			}
		})
	}
}

var completionCases = []struct {
	line      string
	want, not []string
	files     bool
}{
	{line: "ewoks-hpc ", want: []string{"run", "up", "explain", "config"}, not: []string{"complete", "bridge", "doctor-probe"}},
	{line: "ewoks-hpc exp", want: []string{"explain"}, not: []string{"run"}},
	{line: "ewoks-hpc config ", want: []string{"show"}},
	{line: "ewoks-hpc logs --", want: []string{"--follow", "--cluster", "--output"}, not: []string{"--jobs"}},
	{line: "ewoks-hpc logs --output ", want: []string{"text", "json"}},
	{line: "ewoks-hpc status --cluster ", want: []string{"default", "beamline"}},
	{line: "ewoks-hpc status --cluster b", want: []string{"beamline"}, not: []string{"default"}},
	{line: "ewoks-hpc run --scheduler m", want: []string{"multithreading", "multiprocessing"}, not: []string{"sequential"}},
	{line: "ewoks-hpc completion ", want: []string{"bash", "zsh", "fish"}},
	{line: "ewoks-hpc explain ", not: []string{"run", "words"}}, // no cluster is up
	{line: "ewoks-hpc run ", want: []string{"graph.json", "graph.yaml"}, not: []string{"notes.txt"}, files: true},
}

// words are the first of each line, without what fish and zsh add.
func words(out string) (list []string) {
	for line := range strings.Lines(out) {
		word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
		list = append(list, strings.TrimSuffix(word, "/"))
	}
	return list
}

// zshWords calls the function of the script where _describe only prints.
const zshWords = `
compdef() { : }
source <(ewoks-hpc completion zsh)
_describe() { local n; for n in "${(@P)3}"; print -r -- "${n%%:*}" }
_files() { print -r -- "files $*" }
line=$1
words=(${(z)line}) CURRENT=$#words
[[ $line == *' ' ]] && words+=('') && CURRENT=$#words
_ewoks_hpc || true # nothing to offer is no error
`

// With = the whole word is offered, but for bash, which makes three words of it.
func TestCompletionOfEquals(t *testing.T) {
	for shell, want := range map[string]string{"bash": "json\t", "zsh": "--output=json\t", "fish": "--output=json\t"} {
		args := []string{"complete", shell, "--", "logs", "--output=j"}
		if shell == "bash" {
			args = []string{"complete", shell, "--", "logs", "--output", "=", "j"}
		}
		out, err := exec.Command(program(t), args...).CombinedOutput()
		if err != nil || !strings.HasPrefix(string(out), "words\n"+want) {
			t.Errorf("%s: %q, %v", shell, out, err)
		}
	}
}

func program(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("ewoks-hpc")
	if err == nil {
		return path
	}
	// Outside of stories the test binary is not on the path under its other name.
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if path = filepath.Join(dir, "ewoks-hpc"); err == nil {
		err = os.Symlink(self, path)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func write(t *testing.T, path, text string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o600)
	}
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", path, err))
	}
}
