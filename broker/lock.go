package broker

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// Launcher is the process that runs a broker.
type Launcher struct {
	Host string `json:"host"`
	PID  int    `json:"pid"`
}

func thisLauncher() Launcher {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return Launcher{Host: host, PID: os.Getpid()}
}

// lockDir makes sure that one launcher at a time uses a state folder. The lock
// ends with the process, however it ends; the file itself stays, because
// removing it would let two launchers lock two different files.
func lockDir(dir string) (*os.File, error) {
	path := filepath.Join(dir, "broker.lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, lockedBy(f, dir)
		}
		return nil, hinted{fmt.Errorf("lock %s: %w", path, err), "put the state folder on a file system with locks, for example a local disk"}
	}
	if err := writeHolder(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func writeHolder(f *os.File) error {
	data, err := json.Marshal(thisLauncher())
	if err != nil {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt(data, 0)
	return err
}

func lockedBy(f *os.File, dir string) error {
	holder := "another launcher"
	var l Launcher
	buf := make([]byte, 1024)
	n, _ := f.ReadAt(buf, 0) // a short file ends in io.EOF, an empty one has no name yet
	if json.Unmarshal(buf[:n], &l) == nil && l.Host != "" {
		holder = fmt.Sprintf("the launcher on %s, process %d,", l.Host, l.PID)
	}
	return hinted{fmt.Errorf("%s already uses %s", holder, dir), "end it with ewoks-hpc down, or choose another name for this one"}
}
