package pyhost

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// NotFoundError says that there is no Python to run tasks with.
type NotFoundError struct {
	Command string
	Cause   error
}

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("python interpreter %q cannot be started: %v", e.Command, e.Cause)
}

func (e *NotFoundError) Unwrap() error { return e.Cause }

// Hint tells what to do about it.
func (e *NotFoundError) Hint() string {
	return "activate an environment that has Python 3.8 or newer, or name one with --python"
}

// StartError says that a program did not start as a Python interpreter.
type StartError struct {
	Command []string
	Cause   error
}

func (e *StartError) Error() string {
	return fmt.Sprintf("python interpreter %q: %v", strings.Join(e.Command, " "), e.Cause)
}

func (e *StartError) Unwrap() error { return e.Cause }

// Hint tells what to check.
func (e *StartError) Hint() string {
	return fmt.Sprintf("is it Python 3.8 or newer? try: %s --version", strings.Join(e.Command, " "))
}

// Find returns the command of the interpreter to use: the words of command or,
// when it is empty, the python3 of the active virtual environment, of the
// active conda environment, or of PATH, in this order. env is the environment
// to look in, NAME=VALUE.
func Find(command string, env []string) ([]string, error) {
	words := strings.Fields(command)
	if strings.Contains(command, "/") && executable(command) { // a path with blanks in it
		words = []string{command}
	}
	if len(words) == 0 {
		for _, name := range []string{"VIRTUAL_ENV", "CONDA_PREFIX"} {
			if prefix := lookup(env, name); prefix != "" {
				if path := filepath.Join(prefix, "bin", "python3"); executable(path) {
					return []string{path}, nil
				}
			}
		}
		words = []string{"python3"}
	}
	path, err := lookPath(words[0], lookup(env, "PATH"))
	if err != nil {
		return nil, &NotFoundError{strings.Join(words, " "), err}
	}
	words[0] = path
	return words, nil
}

func lookPath(name, path string) (string, error) {
	if strings.Contains(name, "/") {
		if !executable(name) {
			return "", fmt.Errorf("no executable file of that name")
		}
		return filepath.Abs(name)
	}
	for _, dir := range filepath.SplitList(path) {
		if dir == "" {
			dir = "."
		}
		if file := filepath.Join(dir, name); executable(file) {
			return filepath.Abs(file)
		}
	}
	return "", fmt.Errorf("not found in PATH")
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

func lookup(env []string, name string) string {
	for i := len(env) - 1; i >= 0; i-- { // the last one counts
		if value, ok := strings.CutPrefix(env[i], name+"="); ok {
			return value
		}
	}
	return ""
}
