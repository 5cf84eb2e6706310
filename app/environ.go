package app

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// essential variables are kept even when a user wants none: without them
// hardly any program works.
var essential = []string{"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TMPDIR", "SLURM_CONF"}

// Environ is the environment that tasks have: choice is "all", "none" or a list
// of names, NAME,NAME..., of variables of env to take over.
func Environ(env []string, choice string) ([]string, error) {
	env = slices.DeleteFunc(slices.Clone(env), func(v string) bool { return strings.HasPrefix(v, "EWOKS_HPC_") })
	if choice == "" || choice == "all" {
		return env, nil
	}
	keep := slices.Clone(essential)
	if choice != "none" {
		for _, name := range strings.Split(choice, ",") {
			if !validName(name) {
				return nil, &InvalidError{Cause: fmt.Errorf("%q is not the name of an environment variable", name), Advice: "write --env all, --env none or --env NAME,NAME"}
			}
			keep = append(keep, name)
		}
	}
	return slices.DeleteFunc(env, func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return !slices.Contains(keep, name)
	}), nil
}

// CheckVariables validates NAME=VALUE settings.
func CheckVariables(settings []string) error {
	for _, s := range settings {
		if name, _, ok := strings.Cut(s, "="); !ok || !validName(name) || strings.ContainsRune(s, 0) {
			return &InvalidError{Cause: fmt.Errorf("%q does not set an environment variable", s), Advice: "write --setenv NAME=VALUE"}
		}
	}
	return nil
}

func validName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(c rune) bool {
		return c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	}) && (name[0] < '0' || name[0] > '9')
}

// WorkingDir is the directory that tasks run in: dir, or where this process is.
func WorkingDir(dir string) (string, error) {
	if dir == "" {
		return os.Getwd()
	}
	return dir, nil
}
