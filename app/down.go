package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
)

// Down ends the cluster whose state directory this is, and returns when nothing
// of it is left. It says what it did.
func Down(ctx context.Context, dir string) (string, error) {
	info, err := ReadInfo(dir)
	if err != nil {
		return "", err
	}
	running, known := info.Running()
	if known && !running {
		return cleanUp(ctx, dir, info)
	}
	client, err := Connect(ctx, dir)
	if err != nil {
		return "", err
	}
	err = client.Call(ctx, "down", nil, nil)
	client.Close()
	// A launcher with nothing to wait for may be gone before its answer is out.
	if err != nil && !errors.Is(err, broker.ErrDisconnected) {
		return "", fmt.Errorf("cluster %s: %w", info.Name, err)
	}
	if err := waitGone(ctx, dir); err != nil {
		return "", err
	}
	return fmt.Sprintf("cluster %s is down", info.Name), nil
}

// waitGone waits until the launcher has taken its information away, which is
// the last thing it does, and has ended.
func waitGone(ctx context.Context, dir string) error {
	info, err := ReadInfo(dir)
	deadline := time.Now().Add(stopTime + 10*time.Second)
	for ; err == nil; _, err = ReadInfo(dir) {
		if running, known := info.Running(); known && !running {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("launcher %d of cluster %s has not ended within %s; see %s", info.PID, info.Name, stopTime, LogFile(dir))
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
	for {
		running, known := info.Running()
		if !known || !running || time.Now().After(deadline) {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// cleanUp removes what a launcher that was killed has left behind.
func cleanUp(ctx context.Context, dir string, info Info) (string, error) {
	left, err := cancelLaunches(ctx, dir)
	if err != nil {
		return "", fmt.Errorf("jobs of cluster %s: %w", info.Name, err)
	}
	for _, name := range []string{infoFile, pidFile, launchesFile} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
	}
	if err := broker.DiscardKeys(dir); err != nil {
		return "", err
	}
	runs, err := giveUpRuns(ctx, info)
	if err != nil {
		return "", err
	}
	what := fmt.Sprintf("the launcher of cluster %s had ended (process %d)", info.Name, info.PID)
	if left > 0 {
		what += fmt.Sprintf("; %d of its jobs were cancelled", left)
	}
	if runs > 0 {
		what += fmt.Sprintf("; %d runs that had not ended were given up", runs)
	}
	return what, nil
}
