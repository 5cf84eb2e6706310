package templates_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/templates"
)

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOverlay(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "README", "not a template")
	fsys, err := templates.Overlay(dir)
	if err != nil {
		t.Fatal(err)
	}
	want, err := fs.ReadFile(templates.FS(), templates.Job)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := fs.ReadFile(fsys, templates.Job); err != nil || string(got) != string(want) {
		t.Fatalf("an empty overlay gives %q, %v", got, err)
	}
	if _, err := fs.ReadFile(fsys, "README"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("reading a file that is no template: %v", err)
	}
	write(t, dir, templates.Job, "mine")
	if got, err := fs.ReadFile(fsys, templates.Job); err != nil || string(got) != "mine" {
		t.Fatalf("the file of the folder does not win: %q, %v", got, err)
	}
}

func TestOverlayRefuses(t *testing.T) {
	unknown, large, folder := t.TempDir(), t.TempDir(), t.TempDir()
	write(t, unknown, "jobs.sh.tmpl", "x")
	write(t, large, templates.Job, string(make([]byte, templates.MaxSize+1)))
	if err := os.Mkdir(filepath.Join(folder, templates.Job), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{unknown, large, folder, filepath.Join(unknown, "absent")} {
		if _, err := templates.Overlay(dir); err == nil {
			t.Errorf("%s was accepted", dir)
		}
	}
	_, err := templates.Overlay(unknown)
	var hinted interface{ Hint() string }
	if !errors.As(err, &hinted) || !strings.Contains(hinted.Hint(), templates.Job) {
		t.Errorf("no hint in %v", err)
	}
}
