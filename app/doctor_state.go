package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
)

// Free space of the state directory, in bytes, below which a cluster cannot work,
// or not for long: logs of jobs and large values are kept there.
const (
	leastSpace  = 16 << 20
	littleSpace = 1 << 30
)

// stateDirectory finds out whether a launcher could keep its state where it should,
// and whether the nodes may see it: workers read the access file there.
func (d *doctor) stateDirectory(context.Context) Finding {
	dir, there := d.o.StateDir, ""
	base, err := existing(dir)
	if err != nil {
		return broken(err, "choose another place with --state-dir")
	}
	if base != dir {
		there = " (will be made)"
	} else if f, bad := private(dir); bad {
		return f
	}
	if err := usable(base); err != nil {
		return broken(fmt.Errorf("%s: %w", base, err), "choose a place that you can write to, and that has locks, with --state-dir")
	}
	system, err := broker.StatFileSystem(base)
	if err != nil {
		return broken(err, "choose another place with --state-dir")
	}
	text := fmt.Sprintf("%s%s, on %s, %s free", dir, there, system.Kind, bytesText(system.Free))
	switch {
	case system.Free < leastSpace:
		return failed("free some space, or choose another place with --state-dir", "%s", text)
	case system.Free < littleSpace:
		return warning("logs and large values are kept there; choose a larger place with --state-dir", "%s", text)
	case d.o.Local && system.Reach == broker.ReachShared:
		return warning("a local disk is faster and has sound locks: choose one with --state-dir", "%s: a network file system, which a cluster of this machine does not need", text)
	case !d.o.Local && system.Reach == broker.ReachLocal && !d.o.Probe:
		return warning("nodes must see it: choose a shared file system with --state-dir, or look from a node with --probe", "%s: usually seen by this machine only", text)
	}
	return found("%s", text)
}

// existing is the part of a path that is there: a folder.
func existing(dir string) (string, error) {
	for {
		info, err := os.Stat(dir)
		switch {
		case err == nil && info.IsDir():
			return dir, nil
		case err == nil:
			return "", fmt.Errorf("%s is a file, not a folder", dir)
		case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.ENOTDIR), dir == filepath.Dir(dir):
			return "", err
		}
		dir = filepath.Dir(dir)
	}
}

// private holds the directory to what the broker will hold it to.
func private(dir string) (f Finding, bad bool) {
	var stat unix.Stat_t
	if err := unix.Stat(dir, &stat); err != nil {
		return broken(&fs.PathError{Op: "stat", Path: dir, Err: err}, "choose another place with --state-dir"), true
	}
	if int(stat.Uid) != os.Geteuid() {
		return failed("choose a place of your own with --state-dir", "%s belongs to user id %d, you are %d", dir, stat.Uid, os.Geteuid()), true
	}
	if mode := stat.Mode & 0o7777; mode&0o077 != 0 {
		return failed("type: chmod 700 "+dir, "%s has mode %04o and is open to others", dir, mode), true
	}
	return f, false
}

// usable makes a file in a folder, locks it as the broker does, and removes it.
func usable(folder string) error {
	f, err := os.CreateTemp(folder, ".ewoks-hpc-doctor-")
	if err != nil {
		return errors.Unwrap(err) // without the made-up name
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("files cannot be locked: %w", err)
	}
	if _, err := f.Write([]byte("ewoks-hpc doctor\n")); err != nil {
		return err
	}
	return f.Sync()
}

func bytesText(n int64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%d MiB", n>>20)
}
