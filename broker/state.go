package broker

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"
)

// stateVersion is the format of the state file.
const stateVersion = 1

// state is what makes a restarted broker the same one, besides the keys of jobs
// (KeysDir).
type state struct {
	Version    int    `json:"version"`
	ClusterID  string `json:"cluster_id"`
	Port       int    `json:"port"`
	CAPEM      string `json:"ca_pem"`
	CAKeyPEM   Secret `json:"ca_key_pem"`
	ClientSeed Secret `json:"client_seed"`
}

func stateFile(dir string) string { return filepath.Join(dir, "broker.json") }

// loadState reads the state file, or makes the keys of a new cluster; these are
// not on disk before save.
func loadState(dir string, now time.Time) (*state, error) {
	path := stateFile(dir)
	data, err := readPrivate(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newState(now)
	}
	if err != nil {
		return nil, err
	}
	defer clear(data)
	s := &state{}
	if err := json.Unmarshal(data, s); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if s.Version != stateVersion {
		return nil, fmt.Errorf("%s has version %d, this program reads %d", path, s.Version, stateVersion)
	}
	if err := s.check(now); err != nil {
		return nil, hinted{fmt.Errorf("%s: %w", path, err), "move the file away to get new keys; clients then need the new access file, and jobs of the old keys are refused"}
	}
	return s, nil
}

func newState(now time.Time) (*state, error) {
	s := &state{Version: stateVersion, ClusterID: strings.ToLower(rand.Text())}
	caCert, caKey, err := newAuthority(s.ClusterID, now)
	if err != nil {
		return nil, fmt.Errorf("make certificate authority: %w", err)
	}
	s.CAPEM, s.CAKeyPEM = caCert, Secret(caKey)
	s.ClientSeed, err = newSeed()
	return s, err
}

func (s *state) check(now time.Time) error {
	if err := CheckToken(s.ClusterID); err != nil {
		return fmt.Errorf("cluster_id: %w", err)
	}
	if s.Port < 0 || s.Port > maxPort {
		return fmt.Errorf("port %d out of range", s.Port)
	}
	ca, err := loadAuthority(s.CAPEM, string(s.CAKeyPEM))
	if err != nil {
		return err
	}
	if now.After(ca.cert.NotAfter.Add(-certificateLife)) {
		return fmt.Errorf("certificate authority expires %s", ca.cert.NotAfter.Format(time.DateOnly))
	}
	_, err = publicKey(s.ClientSeed)
	return err
}

func (s *state) save(dir string) error { return replaceFile(stateFile(dir), s) }

// wipe forgets the keys that are not needed once they are on disk and the broker
// runs.
func (s *state) wipe() {
	s.CAKeyPEM.Wipe()
	s.ClientSeed.Wipe()
}
