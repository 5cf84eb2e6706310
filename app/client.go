package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
	"github.com/ewoks-hpc/ewoks-hpc/coordinator"
)

// NotUpError says that a cluster is not up.
type NotUpError struct {
	Name  string
	Cause error
}

func (e *NotUpError) Error() string {
	if e.Cause == nil {
		return fmt.Sprintf("cluster %q is not up", e.Name)
	}
	return fmt.Sprintf("cluster %q does not answer: %v", e.Name, e.Cause)
}

func (e *NotUpError) Unwrap() error { return e.Cause }

// Hint tells how to bring it up.
func (e *NotUpError) Hint() string {
	if e.Cause != nil {
		return fmt.Sprintf("see ewoks-hpc logs --cluster %s; ewoks-hpc up --cluster %s goes on with its runs, ewoks-hpc down --cluster %s gives them up", e.Name, e.Name, e.Name)
	}
	return fmt.Sprintf("ewoks-hpc up --cluster %s --detach brings it up", e.Name)
}

// FindCluster returns the state directory of the cluster that is meant by its
// name, or by the address that up printed.
func FindCluster(root, nameOrAddress string) (dir string, err error) {
	if !strings.Contains(nameOrAddress, "://") {
		return StateDir(root, nameOrAddress)
	}
	if root, err = StateRoot(root); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	for _, e := range entries {
		dir := filepath.Join(root, e.Name())
		access, err := broker.ReadAccess(broker.ClientAccess(dir))
		if err == nil && slices.Contains(access.URLs, nameOrAddress) {
			return dir, nil
		}
	}
	return "", &InvalidError{Cause: fmt.Errorf("no cluster with the address %s", nameOrAddress), Advice: "name the cluster, or run this where its state directory can be read"}
}

// ReadInfo tells about the launcher of a cluster that is up, or was when it
// was killed.
func ReadInfo(dir string) (info Info, err error) {
	data, err := os.ReadFile(filepath.Join(dir, infoFile))
	if errors.Is(err, fs.ErrNotExist) {
		return info, &NotUpError{Name: filepath.Base(dir)}
	}
	if err == nil {
		err = json.Unmarshal(data, &info)
	}
	return info, err
}

// Running tells whether the launcher is a process of this machine. On another
// machine that cannot be known.
func (i Info) Running() (running, known bool) {
	if host, _ := os.Hostname(); host != i.Host {
		return false, false
	}
	birth := processBirth(i.PID)
	return birth != "" && birth == i.Born, true
}

// Client is a connection to a cluster that is up.
type Client struct {
	*coordinator.Client
	conn *broker.Conn
}

// connectTime bounds the dialling of a cluster.
const connectTime = 10 * time.Second

// Connect dials the cluster whose state directory this is.
func Connect(ctx context.Context, dir string) (*Client, error) {
	info, err := ReadInfo(dir)
	if err != nil {
		return nil, err
	}
	if running, known := info.Running(); known && !running {
		return nil, &NotUpError{Name: info.Name, Cause: fmt.Errorf("its launcher, process %d, has ended", info.PID)}
	}
	access, err := broker.ReadAccess(broker.ClientAccess(dir))
	if err != nil {
		return nil, err
	}
	defer access.NKeySeed.Wipe()
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	conn, err := broker.Connect(ctx, access, broker.ConnectOptions{Name: "client"})
	if err != nil {
		return nil, &NotUpError{Name: info.Name, Cause: err}
	}
	return &Client{coordinator.NewClient(conn), conn}, nil
}

// Close ends the connection.
func (c *Client) Close() { c.conn.Close() }
