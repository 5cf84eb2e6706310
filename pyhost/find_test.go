package pyhost

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A command is several words, unless it is the path of a program as a whole.
func TestFindCommand(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "my env")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	python, apptainer := filepath.Join(dir, "python3"), filepath.Join(filepath.Dir(dir), "apptainer")
	for _, path := range []string{python, apptainer} {
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	env := []string{"PATH=" + filepath.Dir(dir)}
	for command, want := range map[string][]string{
		python:                               {python},
		"apptainer exec image.sif python3":   {apptainer, "exec", "image.sif", "python3"},
		apptainer + " exec i.sif python3 -u": {apptainer, "exec", "i.sif", "python3", "-u"},
	} {
		if got, err := Find(command, env); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v", command, got, err)
		}
	}
	if _, err := Find(python+" -u", env); err == nil {
		t.Error("a path with blanks and an argument is ambiguous")
	}
}
