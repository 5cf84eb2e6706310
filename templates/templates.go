// Package templates holds the texts that ewoks-hpc fills in. They are embedded
// in the binary; a user may lay a folder over them to change some.
package templates

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// Job is the name of the template of the sbatch script.
const Job = "job.sh.tmpl"

// MaxSize is the largest template that is accepted, in bytes.
const MaxSize = 1 << 20

//go:embed *.tmpl
var embedded embed.FS

// FS returns the embedded templates.
func FS() fs.FS { return embedded }

// Names lists the embedded templates.
func Names() []string {
	names, err := fs.Glob(embedded, "*.tmpl")
	if err != nil { // only a bad pattern can fail
		panic(err)
	}
	return names
}

// Overlay returns the embedded templates with those of the folder dir in front:
// a file of dir wins over the embedded one of the same name. It fails when dir
// is not a folder, or holds a *.tmpl file that replaces nothing, because such a
// file is a typing error that would never be noticed.
func Overlay(dir string) (fs.FS, error) {
	upper := os.DirFS(dir)
	entries, err := fs.ReadDir(upper, ".")
	if err != nil {
		return nil, fmt.Errorf("templates folder: %w", err)
	}
	for _, entry := range entries {
		if path.Ext(entry.Name()) != ".tmpl" {
			continue
		}
		if err := check(upper, entry.Name()); err != nil {
			return nil, fmt.Errorf("templates folder %s: %w", dir, err)
		}
	}
	return overlay{upper: upper, lower: embedded}, nil
}

func check(upper fs.FS, name string) error {
	if !slices.Contains(Names(), name) {
		return unknownError{name: name}
	}
	info, err := fs.Stat(upper, name)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file", name)
	case info.Size() > MaxSize:
		return fmt.Errorf("%s has %d bytes, more than %d", name, info.Size(), MaxSize)
	}
	return nil
}

type unknownError struct{ name string }

func (e unknownError) Error() string { return fmt.Sprintf("%s replaces no template", e.name) }

// Hint lists the templates that can be replaced.
func (e unknownError) Hint() string { return "templates are " + strings.Join(Names(), ", ") }

type overlay struct{ upper, lower fs.FS }

// Open serves templates only: other files of the user's folder stay invisible.
func (o overlay) Open(name string) (fs.File, error) {
	if path.Ext(name) != ".tmpl" {
		return o.lower.Open(name)
	}
	file, err := o.upper.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return o.lower.Open(name)
	}
	return file, err
}
