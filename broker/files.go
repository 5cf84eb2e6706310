package broker

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// maxFile bounds the state and access files, in bytes.
const maxFile = 64 << 10

// replaceFile writes a private file so that a reader sees the old content or
// the new, whatever happens in between.
func replaceFile(path string, content any) error {
	data, err := json.MarshalIndent(content, "", "  ")
	if err != nil {
		return err
	}
	defer clear(data)
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*") // created with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(append(data, '\n'))
	if err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// readPrivate reads a bounded regular file that belongs to the effective user
// and that nobody else can open, from a folder that nobody else can change. The
// open file is checked, not its path, so that it cannot be exchanged in between.
func readPrivate(path string) ([]byte, error) {
	if err := checkFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	// Not blocking: a named pipe must not hang the reader.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	if err := checkPrivate(path, info, "chmod 600 "+path); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, maxFile)
	}
	return data, nil
}

// checkPrivate refuses what belongs to another user or is open to others.
func checkPrivate(path string, info fs.FileInfo, remedy string) error {
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && int(owner.Uid) != os.Geteuid() {
		return hinted{
			fmt.Errorf("%s belongs to user id %d, you are %d", path, owner.Uid, os.Geteuid()),
			"use the file or folder of a cluster you started yourself",
		}
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return hinted{fmt.Errorf("%s has mode %04o and is open to others", path, mode), "type: " + remedy}
	}
	return nil
}

// checkFolder refuses a folder where others could put a file of theirs: one
// that they can write, or that belongs to neither the user nor root.
func checkFolder(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && int(owner.Uid) != os.Geteuid() && owner.Uid != 0 {
		return hinted{
			fmt.Errorf("folder %s belongs to user id %d, you are %d", dir, owner.Uid, os.Geteuid()),
			"use the file or folder of a cluster you started yourself",
		}
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return hinted{fmt.Errorf("folder %s has mode %04o and others can write in it", dir, mode), "type: chmod go-w " + dir}
	}
	return nil
}

// privateDir creates the state folder, or refuses one that others can enter.
func privateDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	return checkPrivate(dir, info, "chmod 700 "+dir)
}
