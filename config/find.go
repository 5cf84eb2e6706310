package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// FileName is the name of the user's file and of a project's file.
const FileName = "ewoks-hpc.toml"

// UserFile returns the path of the user's file, "" when there is none. It is
// searched in $XDG_CONFIG_HOME/ewoks-hpc, by default ~/.config/ewoks-hpc.
func UserFile(getenv func(string) string) (string, error) {
	base := getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(base) { // the XDG specification says to ignore relative paths
		home := getenv("HOME")
		if home == "" {
			return "", nil
		}
		base = filepath.Join(home, ".config")
	}
	return existing(filepath.Join(base, "ewoks-hpc", FileName))
}

// FindProjectFile searches ewoks-hpc.toml in dir and in the folders above it, up
// to home or the root, and returns "" when there is none. A file that another
// user could have planted is an error: it names programs that will be run.
func FindProjectFile(dir, home string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for {
		path, err := existing(filepath.Join(dir, FileName))
		if err != nil {
			return "", err
		}
		if path != "" {
			return path, checkOwner(path)
		}
		parent := filepath.Dir(dir)
		if parent == dir || home != "" && dir == filepath.Clean(home) {
			return "", nil
		}
		dir = parent
	}
}

// existing returns path, or "" when there is nothing, or nothing to look at.
func existing(path string) (string, error) {
	_, err := os.Stat(path)
	switch {
	case err == nil:
		return path, nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.ENOTDIR):
		return "", nil
	}
	return "", err
}

const othersWrite = 0o002

// checkOwner refuses a file that everybody can write, and one of another user
// in a folder where everybody can put files, as in /tmp.
func checkOwner(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	folder, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return err
	}
	open := folder.Mode().Perm()&othersWrite != 0
	if info.Mode().Perm()&othersWrite != 0 || open && !trusted(info) {
		return untrustedError{path: path}
	}
	return nil
}

func trusted(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && (stat.Uid == 0 || int(stat.Uid) == os.Getuid())
}

type untrustedError struct{ path string }

func (e untrustedError) Error() string {
	return fmt.Sprintf("%s could have been written by anybody, so it is not used", e.path)
}

// Hint says how to make the file acceptable.
func (e untrustedError) Hint() string {
	return "look at it, then: chmod o-w " + e.path + ", or copy it to a folder that only you can write"
}
