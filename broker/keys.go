package broker

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"golang.org/x/sync/errgroup"
)

// KeysDir is the folder of a state folder that holds the access files of jobs.
// These files are the record of which keys are valid: a launcher that restarts
// admits the jobs whose files it finds, and a key is revoked by removing its file.
func KeysDir(dir string) string { return filepath.Join(dir, "keys") }

// JobAccess is the path of a job's access file, given the folder of them.
func JobAccess(keysDir, job string) string { return filepath.Join(keysDir, job+accessSuffix) }

const accessSuffix = ".json"

// Grant makes a key for each job of a launch, numbered from 0, and writes their
// access files, all or none. A key is valid until Revoke, also for a launcher
// that restarts.
func (s *Server) Grant(launch string, count int) error {
	granted := make([]string, count)
	var all errgroup.Group
	all.SetLimit(grantsAtATime)
	for i := range count {
		all.Go(func() error {
			job := JobName(launch, i)
			if err := s.grant(job); err != nil {
				return err
			}
			granted[i] = job
			return nil
		})
	}
	err := all.Wait()
	if err == nil {
		err = syncDir(KeysDir(s.options.Dir))
	}
	if err != nil {
		granted = slices.DeleteFunc(granted, func(job string) bool { return job == "" })
		return errors.Join(fmt.Errorf("keys for launch %s: %w", launch, err), s.Revoke(granted...))
	}
	return nil
}

// grantsAtATime are written to the disk together: one after the other they would
// cost seconds for a large job array.
const grantsAtATime = 16

func (s *Server) grant(job string) error {
	if err := CheckToken(job); err != nil {
		return err
	}
	seed, err := newSeed()
	if err != nil {
		return err
	}
	defer seed.Wipe()
	if err := writeFile(JobAccess(KeysDir(s.options.Dir), job), s.access(RoleWorker, job, seed)); err != nil {
		return err
	}
	return s.keys.add(seed, holder{RoleWorker, job})
}

// Revoke ends the access of jobs: their connections are closed and refused from
// then on, and their access files removed. Jobs without a key are none to it.
func (s *Server) Revoke(jobs ...string) error {
	if len(jobs) == 0 {
		return nil
	}
	revoked := make(map[string]bool, len(jobs))
	for _, job := range jobs {
		revoked[job] = true
	}
	// The files go first: a launcher that is killed here must not come back to
	// keys that somebody was told are revoked.
	var failed []error
	for job := range revoked {
		if err := os.Remove(JobAccess(KeysDir(s.options.Dir), job)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, err)
		}
	}
	failed = append(failed, syncDir(KeysDir(s.options.Dir)))
	failed = append(failed, s.disconnect(s.keys.remove(revoked)))
	return errors.Join(failed...)
}

// disconnect ends the connections that were made with these keys.
func (s *Server) disconnect(keys map[string]bool) error {
	list, err := s.nats.Connz(&server.ConnzOptions{Username: true, Limit: server.DEFAULT_MAX_CONNECTIONS})
	if err != nil {
		return fmt.Errorf("list connections: %w", err)
	}
	for _, conn := range list.Conns {
		if keys[conn.AuthorizedUser] { // the server names the key here
			_ = s.nats.DisconnectClientByID(conn.Cid) // fails if it is gone by itself
		}
	}
	return nil
}

// Jobs lists the jobs that have a key, sorted.
func (s *Server) Jobs() []string {
	jobs := s.keys.jobs()
	slices.Sort(jobs)
	return jobs
}

// loadKeys admits the jobs of an earlier launcher, and brings their access files
// up to date if the broker's addresses have changed. A file that cannot be read
// costs its job the access, not others theirs.
func (s *Server) loadKeys() error {
	dir := KeysDir(s.options.Dir)
	if err := privateDir(dir); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		job, ok := strings.CutSuffix(e.Name(), accessSuffix)
		if !ok || CheckToken(job) != nil {
			continue // left by a launcher that was killed while it wrote
		}
		if err := s.loadKey(dir, job); err != nil {
			s.options.Logger.Warn("a job's key is not valid any more", "job", job, "error", err)
		}
	}
	return nil
}

func (s *Server) loadKey(dir, job string) error {
	path := JobAccess(dir, job)
	a, err := ReadAccess(path)
	if err != nil {
		return err
	}
	defer a.NKeySeed.Wipe()
	if a.Role != RoleWorker || a.Job != job || a.ClusterID != s.state.ClusterID {
		return fmt.Errorf("%s belongs to %s %q of cluster %s", path, a.Role, a.Job, a.ClusterID)
	}
	if err := s.keys.add(a.NKeySeed, holder{RoleWorker, job}); err != nil {
		return err
	}
	if slices.Equal(a.URLs, s.URLs()) && a.Launcher.Host == thisLauncher().Host {
		return nil
	}
	return replaceFile(path, s.access(RoleWorker, job, a.NKeySeed))
}

// access is what an access file holds.
func (s *Server) access(role Role, job string, seed Secret) Access {
	return Access{
		Version:   accessVersion,
		ClusterID: s.state.ClusterID,
		Name:      s.options.Name,
		Role:      role,
		Job:       job,
		URLs:      s.URLs(),
		CAPEM:     s.state.CAPEM,
		NKeySeed:  seed,
		Created:   time.Now().UTC(),
		Launcher:  thisLauncher(),
	}
}

// DiscardKeys removes the keys of all jobs of a launcher that has ended.
func DiscardKeys(dir string) error { return os.RemoveAll(KeysDir(dir)) }

// writeFile writes a new private file that nobody reads yet. The caller syncs its
// folder.
func writeFile(path string, content any) error {
	data, err := json.MarshalIndent(content, "", "  ")
	if err != nil {
		return err
	}
	defer clear(data)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(data, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}
